"""Points that are new at every iteration: reproducible, and of the ergodic distribution whatever their weights undo."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from hanknn.economy import Economy, Equations
from hanknn.economy.split import SplitGaussHermite
from hanknn.models import RANK
from hanknn.training.sample import Renewed, Screen
from hanknn.training.sample.renewed import OFTEN

OPEN = Screen(ratio=1e12)


@pytest.fixture(scope="module")
def drawn():
    """How a sample's points of some iterations look, with their weights and linear solutions."""
    with jax.enable_x64(True):
        equations = Equations(RANK())
    begin = lambda state, theta: equations.policies_at(equations.about(state, theta)[0], state, theta)
    economy, rule = Economy(equations, begin), SplitGaussHermite(2)

    def points(sample, iterations=(0,), key=0):
        def one(iteration):
            turn = SimpleNamespace(iteration=iteration, equations=equations, economy=economy, expectation=rule)
            now, known, renewed = sample.moved(turn, start, jax.random.key(key))
            return now, known.linear, sample.weights(turn, now, known)[:, 0], renewed

        with jax.enable_x64(True):
            start = sample.init(equations, jax.random.key(key))
            found = jax.jit(lambda rows: jax.lax.map(one, rows))(jnp.asarray(iterations))
            return jax.tree.map(np.asarray, found)

    return points


def test_the_same_seed_gives_the_same_points_and_every_iteration_others(drawn):
    now, _, weights, renewed = drawn(Renewed(64), (0, 1, 0))
    other = drawn(Renewed(64), key=1)[0]
    assert renewed.all() and (weights > 0).all()
    for found in (now.theta, now.state.zeta):
        np.testing.assert_array_equal(found[0], found[2])
    assert not np.isclose(now.state.zeta[0], now.state.zeta[1]).any()
    assert not np.isclose(now.theta[0], now.theta[1]).all(axis=-1).any()
    assert not np.isclose(other.state.zeta[0], now.state.zeta[0]).any()


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_weights_undo_that_bounds_are_sought(drawn, share):
    """The state is normal: its weighted moments, and how often it breaks the bound, are known."""
    now, linear, weights, _ = drawn(Renewed(2048, bound_share=share, screen=OPEN), (0, 1, 2, 3))
    at = linear.bounds
    z = (now.state.zeta - linear.states[..., 0]) / linear.state_spread[..., 0]
    edge = (at.slack / at.spread)[..., 0]
    breaks = np.sign(at.slopes[..., 0, 0]) * z < -edge
    frequency = norm.cdf(-edge)
    np.testing.assert_allclose(breaks.mean(), share + (1 - share) * frequency.mean(), atol=0.02)
    own = weights * (1 + (frequency / OFTEN) ** 2) ** 2
    np.testing.assert_allclose(own.mean(), 1, atol=0.05)
    np.testing.assert_allclose([(own * z).mean(), (own * z**2).mean()], [0, 1], atol=0.08)
    np.testing.assert_allclose((own * breaks).mean(), frequency.mean(), rtol=0.12)


def test_an_economy_that_meets_its_bound_often_counts_little(drawn):
    _, linear, weights, _ = drawn(Renewed(1024, bound_share=0.0, screen=OPEN))
    at, weight = linear.bounds, weights[0]
    frequency = norm.cdf(-at.slack / at.spread)[0, :, 0]
    order = np.argsort(frequency)
    assert (np.diff(weight[order]) <= 0).all()
    near = np.abs(frequency - OFTEN) < 0.1 * OFTEN
    np.testing.assert_allclose(weight[near], 0.25, atol=0.06)
    assert near.any()


def test_what_cannot_be_solved_counts_little(drawn):
    """Beside the same draws with an open screen: the largest residuals lose most."""
    closed, even = drawn(Renewed(256, screen=Screen(floor=1e-6, ratio=2.0))), drawn(Renewed(256, screen=OPEN))
    np.testing.assert_array_equal(closed[0].state.zeta, even[0].state.zeta)
    share = closed[2][0] / even[2][0]
    assert share.max() > 0.6 and share.min() < 0.1 and (share > 0.3).mean() > 0.5
    at = even[1].bounds
    broken = at.slack[0, :, 0] + at.slopes[0, :, 0, 0] * (even[0].state.zeta[0] - even[1].states[0, :, 0]) < 0
    assert share[broken].mean() < 0.5 * share[~broken].mean()
