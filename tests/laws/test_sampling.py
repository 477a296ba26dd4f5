"""Every way of sampling keeps shapes, boxes and laws of motion."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hanknn.economy import Economy, Equations
from hanknn.economy.draws import SURE, ergodic_draw, ergodic_sample, plausible
from hanknn.economy.networks import SmoothNetwork, network_policy
from hanknn.models import LinearNK
from hanknn.training.sample import Drawn, Fixed, Simulated

RULES = {
    "fresh": Drawn(),
    "kept": Drawn(redraw_every=3),
    "simulated": Simulated(steps=4, redraw_every=1),
    "simulated-kept": Simulated(steps=4, redraw_every=3),
}


@pytest.fixture(scope="module")
def economy(equations):
    with jax.enable_x64(True):
        network = SmoothNetwork(4, 1, 4, 1).build(1, 8, 2, jax.random.key(0), jnp.float64)
    return Economy(equations, network_policy(network, equations))


def _advance(rule, economy, draw, iteration):
    key = jax.random.key(100 + iteration)
    return rule.advance(economy, draw, key, jnp.asarray(iteration, jnp.int32))


@pytest.mark.parametrize("name", RULES)
def test_a_moved_economy_has_the_shape_and_box_of_a_fresh_one(name, equations, economy):
    """A stepped state of another shape than a drawn one is what sank the Julia port."""
    with jax.enable_x64(True):
        rule = RULES[name]
        start = ergodic_draw(equations, jax.random.key(1), jnp.float64)
        later = start
        for i in range(4):
            later = _advance(rule, economy, later, i)
        assert jax.tree.structure(later) == jax.tree.structure(start) and list(start.state) == ["zeta"]
        shapes = lambda draw: [(a.shape, a.dtype) for a in jax.tree.leaves(draw)]
        assert shapes(later) == shapes(start) == [((8,), np.float64), *[((), np.float64)] * 9]
        assert not equations.model.parameters.outside(np.asarray(later.theta)).any()


def test_kept_redraws_only_every_third_iteration(equations, economy):
    with jax.enable_x64(True):
        rule = RULES["kept"]
        start = ergodic_draw(equations, jax.random.key(1), jnp.float64)
        second = _advance(rule, economy, _advance(rule, economy, start, 0), 1)
        third = _advance(rule, economy, second, 2)
        np.testing.assert_array_equal(second.state.zeta, start.state.zeta)
        assert not np.allclose(third.theta, start.theta)
        assert not np.allclose(third.state.zeta, start.state.zeta)


def test_simulated_states_follow_the_law_of_motion(equations, economy):
    with jax.enable_x64(True):
        rule = Simulated(steps=2, redraw_every=10)
        start = ergodic_draw(equations, jax.random.key(1), jnp.float64)
        key = jax.random.key(5)
        moved = rule.advance(economy, start, key, jnp.asarray(0, jnp.int32))
        np.testing.assert_array_equal(moved.theta, start.theta)
        theta = dict(zip(equations.model.parameters.names, np.asarray(start.theta), strict=True))
        shocks = np.asarray(jax.random.normal(jax.random.split(key)[1], (2, 1)))[:, 0]
        omega = (1 + theta["eta"]) / (theta["sigma"] + theta["eta"])
        step = theta["sigma_shock"] * theta["sigma"] * (theta["rho"] - 1) * omega
        zeta = float(start.state.zeta)
        for shock in shocks:
            zeta = theta["rho"] * zeta + step * shock
        np.testing.assert_allclose(float(moved.state.zeta), zeta, rtol=1e-12)


def _scales(equations, drawn):
    """Each draw's own ergodic s.d."""
    return jax.vmap(lambda vector: equations.units(equations.parameters(vector)).state_scale.zeta)(drawn.theta)


class Wide(LinearNK):
    """With wide states that nobody takes for others."""

    wide_scale = 100.0


def test_wide_draws_are_the_named_share_and_as_wide_as_said():
    with jax.enable_x64(True):
        equations = Equations(Wide())
        drawn = Fixed(4096, wide_share=0.25).init(equations, jax.random.key(1))
        normals = np.asarray(drawn.state.zeta / _scales(equations, drawn))
        # P(|z| > 5) is 6e-7 for an ergodic draw and 96 % for one 100 times as wide.
        assert abs(np.mean(np.abs(normals) > 5) - 0.25 * 0.96) < 0.01


def test_ergodic_sample_has_each_economys_own_spread(equations):
    with jax.enable_x64(True):
        drawn = ergodic_sample(equations, jax.random.key(0), 20_000, jnp.float64)
        scales = _scales(equations, drawn)
        normals = np.asarray(drawn.state.zeta / scales)
        assert abs(normals.mean()) < 0.03 and abs(normals.std() - 1) < 0.02
        wide = np.asarray(scales) > np.median(scales)
        assert abs(normals[wide].std() - normals[~wide].std()) < 0.03


class Strained(LinearNK):
    """No equilibrium beyond a frontier that depends on another parameter."""

    def strain(self, theta):
        return theta.sigma_shock / (0.02 + 0.06 * theta.phi)


def _plausible(model, anywhere=False):
    with jax.enable_x64(True):
        equations, keys = Equations(model), jax.random.split(jax.random.key(3), 4000)
        draw = lambda key: plausible(equations, key, jnp.float64, anywhere)
        thetas = jax.jit(jax.vmap(draw))(keys)
        strain = lambda vector: equations.strain(equations.given(vector))
        return np.asarray(thetas), np.asarray(jax.jit(jax.vmap(strain))(thetas))


def test_plausible_draws_are_uniform_below_the_frontier():
    """As if draws beyond had been thrown away: the same mean and spread of every parameter, within sampling error."""
    (found, strains), (all_draws, all_strains) = _plausible(Strained()), _plausible(Strained(), anywhere=True)
    assert strains.max() <= SURE and 0.2 < np.mean(all_strains > SURE) < 0.8
    kept = all_draws[all_strains <= SURE]
    noise = kept.std(axis=0) / np.sqrt(len(kept))
    assert (np.abs(found.mean(axis=0) - kept.mean(axis=0)) < 5 * noise + 1e-12).all()
    np.testing.assert_allclose(found.std(axis=0), kept.std(axis=0), rtol=0.08, atol=1e-12)


def test_beyond_the_frontier_plausible_draws_strain_least():
    """Of a box that lies beyond, the nearer part; the model itself then says that nothing is known there."""
    beyond = Strained().only("phi", sigma_shock=0.09)
    space, (_, strains) = beyond.parameters, _plausible(beyond)
    assert strains.min() > SURE
    nearest = 0.09 / (0.02 + 0.06 * space["phi"].bounds[1])
    assert np.median(strains) < 1.02 * nearest
