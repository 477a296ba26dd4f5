"""Points that are new at every iteration: reproducible, and of the ergodic distribution whatever their weights undo."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hanknn.economy import Equations
from hanknn.models import RANK
from hanknn.training.sample import Renewed
from hanknn.training.sample.renewed import OFTEN


@pytest.fixture(scope="module")
def rank():
    with jax.enable_x64(True):
        return Equations(RANK())


@pytest.fixture(scope="module")
def drawn(rank):
    """How a sample's points of some iterations look, with their weights and linear solutions."""

    def points(sample, iterations=(0,), key=0, equations=rank):
        start = sample.init(equations, jax.random.key(key))

        def one(iteration):
            turn = SimpleNamespace(iteration=iteration, equations=equations)
            now, known, renewed = sample.moved(turn, start, jax.random.key(key))
            return now, known.linear, sample.weights(turn, now, known)[:, 0], renewed

        with jax.enable_x64(True):
            return jax.tree.map(np.asarray, jax.jit(jax.vmap(one))(jnp.asarray(iterations)))

    return points


def test_the_same_seed_gives_the_same_points_and_every_iteration_others(drawn):
    now, _, weights, renewed = drawn(Renewed(64), (0, 1, 0))
    again, other = drawn(Renewed(64))[0], drawn(Renewed(64), key=1)[0]
    assert renewed.all() and (weights > 0).all()
    for found in (now.theta, now.state.zeta):
        np.testing.assert_array_equal(found[0], found[2])
        assert not np.isclose(found[0], found[1]).any(axis=-1).all()
    np.testing.assert_array_equal(again.state.zeta[0], now.state.zeta[0])
    assert not np.isclose(other.state.zeta[0], now.state.zeta[0]).any()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_weights_undo_that_bounds_are_sought(drawn, share):
    """The state is normal: its weighted moments, and how often it breaks the bound, are known."""
    now, linear, weights, _ = drawn(Renewed(2048, bound_share=share), (0, 1, 2, 3))
    at = linear.bounds
    z = (now.state.zeta - linear.states[..., 0]) / linear.state_spread[..., 0]
    edge = np.abs(at.slack / at.spread)[..., 0]
    breaks = np.sign(at.slopes[..., 0, 0]) * z < -edge
    frequency = at.frequency[..., 0]
    np.testing.assert_allclose(breaks.mean(), share + (1 - share) * frequency.mean(), atol=0.02)
    own = weights * (1 + (frequency / OFTEN) ** 2) ** 2
    np.testing.assert_allclose(own.mean(), 1, atol=0.05)
    np.testing.assert_allclose([(own * z).mean(), (own * z**2).mean()], [0, 1], atol=0.08)
    np.testing.assert_allclose((own * breaks).mean(), frequency.mean(), rtol=0.12)


def test_an_economy_that_meets_its_bound_often_counts_little(drawn):
    _, linear, weights, _ = drawn(Renewed(1024, bound_share=0.0))
    frequency, weight = linear.bounds.frequency[0, :, 0], weights[0]
    order = np.argsort(frequency)
    assert (np.diff(weight[order]) <= 0).all()
    near = np.abs(frequency - OFTEN) < 0.1 * OFTEN
    np.testing.assert_allclose(weight[near], 0.25, atol=0.05)
    assert near.any()
