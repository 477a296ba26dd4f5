"""States by simulation: paths move as the law of motion says, and lost ones are counted, not hidden."""

import dataclasses
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hanknn.economy import Economy, Equations
from hanknn.economy.draws import SURE
from hanknn.economy.expectations import GaussHermite
from hanknn.economy.model import Model, Variable
from hanknn.economy.networks import PolicyNetwork, SmoothNetwork, network_policy
from hanknn.economy.points import Point
from hanknn.machine.errors import SettingError
from hanknn.models import RANK, LinearNK
from hanknn.models.rank import log_notional_rate
from hanknn.training.gauss_newton import Curvature, GaussNewton
from hanknn.training.sample import Screen, Walked
from hanknn.training.sample.sample import Turn
from hanknn.training.sample.walked import LOST, Walking, walk
from hanknn.training.weighting import EquationWeights, PolicyUnits


class Constant(PolicyNetwork):
    """The same policies everywhere."""

    level: jax.Array = eqx.field(converter=jnp.asarray)

    def __call__(self, state, theta, center, scale):
        return jnp.full_like(center, self.level)


def constant(model, level: float) -> Economy:
    """The model under the same policies everywhere."""
    equations = Equations(model)
    return Economy(equations, network_policy(Constant(level), equations))


def baselines(economy: Economy, count: int) -> Point:
    """So many rows of the baseline parameters."""
    theta = economy.parameters(jnp.asarray(economy.equations.model.parameters.baseline))
    return jax.tree.map(lambda value: jnp.broadcast_to(value, (count, *value.shape)), theta)


def moved(level: float, start: float, steps: int = 3):
    with jax.enable_x64(True):
        economy = constant(LinearNK(), level)
        thetas, states = baselines(economy, 4), Point({"zeta": jnp.full(4, start)}, "state")
        move = lambda s: walk(economy, thetas, s, steps, jnp.ones(4), jax.random.key(0), GaussHermite(3))
        found = jax.jit(move)(states)
        return np.asarray(found.states.zeta), np.asarray(found.sizes), np.asarray(found.lost)


def test_paths_follow_the_law_of_motion_with_shocks_of_their_own():
    zeta, sizes, lost = moved(level=0.0, start=0.01)
    again, _, _ = moved(level=0.0, start=0.01)
    np.testing.assert_array_equal(zeta, again)
    assert not lost.any() and len(np.unique(zeta)) == 4
    # With no policies the Euler equation is off by ζ/σ: what is left at each state is known.
    rho, steps = 0.875, 3
    expected = rho**steps * 0.01
    assert np.abs(zeta.mean() - expected) < 0.03
    np.testing.assert_allclose(sizes, np.abs(zeta) / 2 / 2**0.5, rtol=1e-9)


@pytest.mark.parametrize(("level", "start"), [(np.nan, 0.0), (0.0, 10.0), (1.0, 0.0)])
def test_a_lost_path_starts_anew_and_is_counted(level, start):
    """Not finite, far out, or where residuals are large."""
    zeta, sizes, lost = moved(level, start)
    assert lost.all()
    np.testing.assert_array_equal(zeta, np.zeros(4))
    np.testing.assert_array_equal(sizes, np.full(4, LOST))


class Drifting(RANK):
    """`rank` with a second state, capital, that the policies move at a given rate a quarter."""

    rate = 1.0
    states = {**RANK.states, "capital": Variable("$k$", "capital", "log", (2,))}
    policies = {name: dataclasses.replace(variable, positive=False) for name, variable in RANK.policies.items()}
    bounds = Model.bounds

    def transition(self, now, shock, theta):
        return {**super().transition(now, shock, theta), "capital": self.rate * now.capital}

    def residuals(self, now, expected, theta):
        notional = log_notional_rate(now, theta)
        return {**super().residuals(now, expected, theta), "rule": now.log_rate - jnp.maximum(notional, 0)}

    def slackness(self, now, theta):
        return {"zlb": log_notional_rate(now, theta)}

    def inputs(self, state, theta):
        first, second = state.capital
        return {"zeta": state.zeta / RANK.state_scale(self, theta)["zeta"], "first": first, "second": second}

    def state_center(self, theta):
        return {**super().state_center(theta), "capital": jnp.zeros(2)}

    def state_scale(self, theta):
        return {**super().state_scale(theta), "capital": jnp.ones(2)}

    def ergodic_state(self, normal, theta):
        return {**super().ergodic_state(normal, theta), "capital": jnp.zeros(2)}


@pytest.mark.parametrize(
    ("rate", "capital", "expected"),
    [
        (0.98, 3.0, 0.0),  # comes back
        (1.05, 3.0, 0.02 * 0.05 * 3 * 2**0.5),  # explosive: by how much farther, in ergodic s.d.
        (1.05, 0.1, 0.0),  # near the centre anything may move
        (-1.05, 3.0, 0.02 * 0.05 * 3 * 2**0.5),  # in whatever direction
    ],
)
def test_an_economy_that_leaves_without_shocks_is_told_by_its_wandering(rate, capital, expected):
    model = Drifting()
    model.rate = rate
    with jax.enable_x64(True):
        economy = constant(model, 0.0)
        theta = economy.parameters(jnp.asarray(model.parameters.baseline))
        # The preference shock counts for nothing: the calm economy is asked.
        state = Point({"zeta": jnp.asarray(0.05), "capital": jnp.full(2, capital)}, "state")
        found = jax.jit(lambda s: Walked(4).besides(economy, s, theta))(state)
        np.testing.assert_allclose(found, [expected], atol=1e-9)


def test_some_economies_are_hit_by_larger_shocks_for_so_many_iterations():
    points = 4096
    with jax.enable_x64(True):
        economy = constant(LinearNK(), 0.0)
        theta = jnp.tile(jnp.asarray(LinearNK.parameters.baseline), (points, 1))
        now = Walking(theta, Point({"zeta": jnp.zeros(points)}, "state"), jnp.zeros(points))

        def run(share, iteration):
            sample = Walked(points, 1, 0.0, share, 2.0, widened=5)
            turn = Turn(jnp.asarray(iteration), economy.equations, economy, GaussHermite(3), jnp.asarray(True))
            return np.asarray(jax.jit(lambda: sample.moved(turn, now, jax.random.key(0))[0].state.zeta)())

        ratio = run(0.3, 4) / run(0.0, 4)
        np.testing.assert_array_equal(run(0.3, 5), run(0.0, 5))
    np.testing.assert_allclose(np.unique(ratio.round(12)), [1.0, 2.0])
    assert abs(np.mean(ratio > 1.5) - 0.3) < 0.03


def states_of_training(model=None, weighting=PolicyUnits(), **settings):
    """What Gauss-Newton carries after each of four iterations on `nk`, or a model like it."""
    equations = Equations(model or LinearNK())
    with jax.enable_x64(True):
        curvature = Curvature(float32_until=1.0, bend=False)
        method = GaussNewton(4, Walked(64, **settings), GaussHermite(3), weighting, curvature)
        sizes = len(equations.inputs_seen), len(equations.model.parameters.free), equations.output_size
        network = SmoothNetwork(4, 1, 4, 1).build(*sizes, jax.random.key(0), jnp.float64)
        found = [method.init(equations, network, jax.random.key(1))]
        step = jax.jit(lambda state: method.step(equations, network, state)[0])
        for _ in range(4):
            found.append(step(found[-1]))
    return found[1:]


def test_stability_is_asked_for_while_it_guards():
    """Not to the end: it is not quite zero at a solution, and what is asked for besides the equations bends them."""
    asked = [np.asarray(state.weighed.besides) for state in states_of_training(steps=3, stability=0.5, guarded=2)]
    assert [set(weights.ravel()) for weights in asked] == [{1.0}, {1.0}, {0.0}, {0.0}]


class Doubtful(LinearNK):
    """Strained beyond its frontier where shocks are large."""

    def strain(self, theta):
        return theta.sigma_shock / 0.05


def test_where_an_equilibrium_is_in_doubt_the_guard_stays_and_weights_are_small():
    walk = dict(steps=3, stability=0.5, guarded=2, anywhere=0.5)
    found = states_of_training(Doubtful(), EquationWeights(), screen=Screen(floor=1e9), doubtful=0.04, **walk)
    for iteration, state in enumerate(found):
        doubtful = np.asarray(state.sample.theta)[:, LinearNK.parameters.names.index("sigma_shock")] > SURE * 0.05
        assert 0 < doubtful.sum() < len(doubtful) / 2
        expected = np.where(doubtful, 0.2, 1.0 if iteration < 2 else 0.0)
        np.testing.assert_allclose(state.weighed.besides[:, 0], expected)
        np.testing.assert_allclose(state.weighed.matrices[:, 0, 0], np.where(doubtful, 0.2, 1.0))


def test_some_economies_give_way_to_new_ones():
    share = LinearNK.parameters.names.index("sigma_shock")
    found = states_of_training(Doubtful(), steps=1, stability=0.0, redrawn=0.25, anywhere=0.0)
    changed = [(a.sample.theta != b.sample.theta).any(axis=1) for a, b in pairwise(found)]
    assert 0.1 < np.mean(changed) < 0.4
    assert all((np.asarray(state.sample.theta)[:, share] <= SURE * 0.05).all() for state in found)
    still = states_of_training(Doubtful(), steps=1, stability=0.0)
    np.testing.assert_array_equal(still[0].sample.theta, still[-1].sample.theta)


class Still(Doubtful):
    """Without shocks: who starts at the centre stays there."""

    def transition(self, now, shock, theta):
        return {"zeta": theta.rho * now.zeta}


def test_new_economies_start_at_their_centre_and_the_others_go_on():
    found = states_of_training(Still(), steps=1, stability=0.0, redrawn=0.25)
    before, after = found[0].sample, found[1].sample
    new = np.asarray((before.theta != after.theta).any(axis=1))
    zeta, last = np.asarray(after.state.zeta), np.asarray(before.state.zeta)
    assert new.any() and (zeta[new] == 0).all()
    rho = np.asarray(before.theta)[:, LinearNK.parameters.names.index("rho")]
    went_on = ~new & (last != 0)
    np.testing.assert_allclose(zeta[went_on], (rho * last)[went_on])
    assert went_on.sum() >= 16, "some others were lost, and start anew as well"


@pytest.mark.parametrize(("guarded", "whole"), [(None, [0]), (8, [0, 8])])
def test_remembered_curvature_starts_anew_when_the_guard_goes(guarded, whole):
    """Short steps from the guarded solution would never reach the one without."""
    method = GaussNewton(sample=Walked(64, guarded=guarded), curvature=Curvature(memory=0.9))
    with jax.enable_x64(True):
        since = [method._since_changed(jnp.asarray(i, jnp.int32)) for i in range(12)]
        gains = [float(method.curvature.gain(s)) for s in since]
    assert [i for i, gain in enumerate(gains) if gain == 1] == whole


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"points": 100}, "power of two"),
        ({"steps": 0}, "at least 1"),
        ({"stability": -1.0}, "no negative weight"),
        ({"wide_scale": 0.0}, "wide_scale"),
        ({"doubtful": 0.0}, "doubtful"),
        ({"redrawn": 1.5}, "redrawn"),
        ({"guarded": -1}, "guarded"),
        ({"widened": -1}, "widened"),
    ],
)
def test_a_walk_that_makes_no_sense_is_refused(settings, told):
    with pytest.raises(SettingError, match=told):
        Walked(**{"points": 64, **settings})
