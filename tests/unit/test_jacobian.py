"""Jacobians in factors hold the same numbers as plain ones."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from hanknn.economy.networks import KMRNetwork, SmoothNetwork
from hanknn.training.gauss_newton.jacobian import Jacobian

POINTS, STATES, PARAMETERS = 6, 3, 4


def _rows(network, theta, state):
    """Three rows that ask the network twice, at two states of one economy, as equations do."""
    now = network(state, theta, jnp.zeros(2), jnp.ones(2))
    later = network(state + now[0], theta, jnp.zeros(2), jnp.ones(2))
    rows = jnp.stack([now[0] * later[1], jnp.sin(now[1]) - later[0], now[0]])
    return rows, rows**2


@pytest.mark.parametrize(
    "architecture",
    [SmoothNetwork(5, 3, 4, 2, hidden_width=7), SmoothNetwork(5, 1, 4, 1), KMRNetwork(6, 2, 1.0)],
    ids=["deep", "shallow", "without a part of parameters only"],
)
def test_factors_multiply_to_the_plain_jacobian(architecture):
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(0), 3)
        network = architecture.build(STATES, PARAMETERS, 2, keys[0], jnp.float64)
        thetas = jax.random.normal(keys[1], (POINTS, PARAMETERS))
        states = jax.random.normal(keys[2], (POINTS, STATES))
        one = lambda theta, state: Jacobian.of(lambda net: _rows(net, theta, state), network, theta)
        jacobian, rows, behind = jax.jit(jax.vmap(one))(thetas, states)
        weights, rebuild = ravel_pytree(network)
        at = lambda w: jax.vmap(lambda t, s: _rows(rebuild(w), t, s)[0])(thetas, states).reshape(-1)
        plain, flat = np.asarray(jax.jit(jax.jacfwd(at))(weights)), np.asarray(jax.jit(at)(weights))

        np.testing.assert_array_equal(behind, rows**2)
        np.testing.assert_allclose(rows.reshape(-1), flat, rtol=1e-12)
        dense, gradient, gram = jax.jit(lambda j: (j.dense(), j.transposed_times(rows), j.gram(j.products())))(jacobian)
        np.testing.assert_allclose(dense, plain, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(gradient, plain.T @ flat, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(gram, plain.T @ plain, rtol=1e-9, atol=1e-12)
