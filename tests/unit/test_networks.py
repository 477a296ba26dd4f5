"""Networks: counts, scaling, growth, activation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from hanknn.economy.networks import KMRNetwork, SmoothNetwork, celu, network_policy
from hanknn.economy.points import Point, pack
from hanknn.machine.errors import SettingError


def test_kmrs_network_has_its_weights():
    network = KMRNetwork(width=64, depth=5).build(1, 8, 2, jax.random.key(0), jnp.float32)
    assert ravel_pytree(network)[0].size == (9 * 64 + 64) + 4 * (64 * 64 + 64) + (64 * 2 + 2)


def test_kmrs_outputs_are_scaled():
    make = lambda scale: KMRNetwork(8, 2, scale).build(1, 8, 2, jax.random.key(0), jnp.float32)
    inputs = jnp.ones(1), jnp.zeros(8), jnp.zeros(2), jnp.ones(2)
    np.testing.assert_allclose(make(0.01)(*inputs), 0.01 * make(1.0)(*inputs), rtol=1e-6)


def test_hidden_layers_may_be_wider_than_the_last():
    count = lambda network: ravel_pytree(network.build(3, 10, 2, jax.random.key(0), jnp.float32))[0].size
    curved = (13 * 4 + 4) + (4 * 2 + 2)
    assert count(SmoothNetwork(6, 3, 4, 1)) == (10 * 6 + 6) + 2 * (6 * 6 + 6) + (6 * 8 + 8) + curved
    assert count(SmoothNetwork(6, 3, 4, 1, hidden_width=20)) == (
        (10 * 20 + 20) + (20 * 20 + 20) + (20 * 6 + 6) + (6 * 8 + 8) + curved
    )
    with pytest.raises(SettingError, match="hidden_width is 0"):
        SmoothNetwork(hidden_width=0)


def test_the_smooth_network_is_linear_far_out():
    with jax.enable_x64(True):
        network = SmoothNetwork().build(1, 8, 2, jax.random.key(0), jnp.float64)
        at = lambda s: network(jnp.asarray([s]), jnp.zeros(8), jnp.zeros(2), jnp.ones(2))
        first, second = at(2000.0) - at(1000.0), at(3000.0) - at(2000.0)
        np.testing.assert_allclose(first, second, rtol=1e-6)


def test_the_smooth_network_moves_in_the_models_units():
    with jax.enable_x64(True):
        network = SmoothNetwork().build(2, 3, 2, jax.random.key(0), jnp.float64)
        inputs = jnp.ones(2), jnp.zeros(3)
        center, scale = jnp.asarray([5.0, -1.0]), jnp.asarray([2.0, 0.1])
        plain = network(*inputs, jnp.zeros(2), jnp.ones(2))
        np.testing.assert_allclose(network(*inputs, center, scale), center + scale * plain, rtol=1e-12)


def test_states_reach_the_network_in_ergodic_standard_deviations(equations):
    with jax.enable_x64(True):
        network = SmoothNetwork().build(1, 8, 2, jax.random.key(0), jnp.float64)
        theta = equations.parameters(jnp.asarray(equations.model.parameters.baseline))
        omega = (1 + 1.125) / (2.0 + 1.125)
        sd = 0.06 * 2.0 * 0.125 * omega / np.sqrt(1 - 0.875**2)
        found = pack(network_policy(network, equations)(Point({"zeta": jnp.asarray(2 * sd)}, "state"), theta))
        scaled = equations.model.parameters.scaled(equations.vector(theta))
        by_hand = network(jnp.asarray([2.0]), scaled, jnp.zeros(2), jnp.full(2, sd))
        np.testing.assert_allclose(found, by_hand, rtol=1e-12)


def test_celu_and_its_slope_agree_with_jax():
    x = jnp.linspace(-6, 6, 101)
    np.testing.assert_allclose(celu(x), jax.nn.celu(x), atol=1e-6)
    slope = jax.vmap(jax.grad(celu))(x[x != 0])
    np.testing.assert_allclose(slope, jax.vmap(jax.grad(jax.nn.celu))(x[x != 0]), atol=1e-6)


@pytest.mark.parametrize("kind", [KMRNetwork, SmoothNetwork])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_have_the_type_asked_for(kind, dtype):
    with jax.enable_x64(True):
        leaves = jax.tree.leaves(kind().build(2, 3, 1, jax.random.key(0), jnp.dtype(dtype)))
        assert all(leaf.dtype == dtype and np.isfinite(leaf).all() for leaf in leaves)


@pytest.mark.parametrize("make", [lambda: KMRNetwork(width=0), lambda: SmoothNetwork(curved_depth=0)])
def test_sizes_below_one_are_refused(make):
    with pytest.raises(SettingError):
        make()
