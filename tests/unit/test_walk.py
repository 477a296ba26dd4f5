"""States by simulation: paths move as the law of motion says, and lost ones are counted, not hidden."""

from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hanknn.economy import Economy, Equations
from hanknn.economy.draws import SURE
from hanknn.economy.expectations import GaussHermite
from hanknn.economy.model import Variable
from hanknn.economy.networks import PolicyNetwork, SmoothNetwork, network_policy
from hanknn.economy.points import Point
from hanknn.machine.errors import SettingError
from hanknn.models import RANK, LinearNK
from hanknn.training.gauss_newton import GaussNewton
from hanknn.training.screen import Screen
from hanknn.training.walk import LOST, Walk
from hanknn.training.weighting import EquationWeights


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
        move = lambda s: Walk(steps).move(economy, thetas, s, jax.random.key(0), GaussHermite(3))
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

    def transition(self, now, shock, theta):
        return {**super().transition(now, shock, theta), "capital": self.rate * now.capital}

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
        found = jax.jit(lambda s: Walk().wandering(economy, s, theta))(state)
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_some_economies_are_hit_by_larger_shocks():
    with jax.enable_x64(True):
        economy = constant(LinearNK(), 0.0)
        thetas, start = baselines(economy, 4000), Point({"zeta": jnp.zeros(4000)}, "state")
        move = lambda walk, states, i: (
            walk.move(economy, thetas, states, jax.random.key(0), GaussHermite(3), i).states.zeta
        )
        run = lambda share, i=0: jax.jit(lambda s: move(Walk(1, 0.0, share, 2.0, widened=5), s, i))(start)
        usual = np.asarray(run(0.0))
        ratio = np.asarray(run(0.3, 4)) / usual
        np.testing.assert_array_equal(run(0.3, 5), usual)
    np.testing.assert_allclose(np.unique(ratio.round(12)), [1.0, 2.0])
    assert abs(np.mean(ratio > 1.5) - 0.3) < 0.03


def states_of_training(walk: Walk, model=None, **settings):
    """What Gauss-Newton carries after each of four iterations on `nk`, or a model like it."""
    equations = Equations(model or LinearNK())
    with jax.enable_x64(True):
        usual = dict(expectation=GaussHermite(3), walk=walk, float32_until=1.0, bend=False)
        method = GaussNewton(4, 64, 64, **usual, **settings)
        sizes = len(equations.inputs_seen), len(equations.model.parameters.free), equations.output_size
        network = SmoothNetwork(4, 1, 4, 1).build(*sizes, jax.random.key(0), jnp.float64)
        found = [method.init(equations, network, jax.random.key(1))]
        step = jax.jit(lambda state: method.step(equations, network, state, None)[0])
        for _ in range(4):
            found.append(step(found[-1]))
    return found[1:]


def test_stability_is_asked_for_while_it_guards():
    """Not to the end: it is not quite zero at a solution, and what is asked for besides the equations bends them."""
    asked = [np.asarray(state.row_weights)[:, -1] for state in states_of_training(Walk(3, 0.5, guarded=2))]
    assert all((rows[:, -1] == 1).all() and (rows[:, :-1] == 0).all() for rows in asked[:2])
    assert all((rows == 0).all() for rows in asked[2:])


class Doubtful(LinearNK):
    """Strained beyond its frontier where shocks are large."""

    def strain(self, theta):
        return theta.sigma_shock / 0.05


def test_where_an_equilibrium_is_in_doubt_the_guard_stays_and_weights_are_small():
    walk = Walk(3, 0.5, guarded=2, anywhere=0.5)
    screen = Screen(every=1, floor=1e9, doubtful=0.04)
    found = states_of_training(walk, Doubtful(), screen=screen, weighting=EquationWeights())
    for iteration, state in enumerate(found):
        doubtful = np.asarray(state.thetas)[:, LinearNK.parameters.names.index("sigma_shock")] > SURE * 0.05
        assert 0 < doubtful.sum() < len(doubtful) / 2
        rows = np.asarray(state.row_weights)
        expected = np.where(doubtful, 0.2, 1.0 if iteration < 2 else 0.0)
        np.testing.assert_allclose(rows[:, -1, -1], expected)
        np.testing.assert_allclose(rows[:, 0, 0], np.where(doubtful, 0.2, 1.0))


def test_some_economies_give_way_to_new_ones():
    share = LinearNK.parameters.names.index("sigma_shock")
    found = states_of_training(Walk(1, 0.0, redrawn=0.25, anywhere=0.0), Doubtful())
    changed = [(a.thetas != b.thetas).any(axis=1) for a, b in pairwise(found)]
    assert 0.1 < np.mean(changed) < 0.4
    assert all((np.asarray(state.thetas)[:, share] <= SURE * 0.05).all() for state in found)
    still = states_of_training(Walk(1, 0.0, redrawn=0.0), Doubtful())
    np.testing.assert_array_equal(still[0].thetas, still[-1].thetas)


class Still(Doubtful):
    """Without shocks: who starts at the centre stays there."""

    def transition(self, now, shock, theta):
        return {"zeta": theta.rho * now.zeta}


def test_new_economies_start_at_their_centre_and_the_others_go_on():
    before, after = states_of_training(Walk(1, 0.0, redrawn=0.25), Still())[:2]
    new = np.asarray((before.thetas != after.thetas).any(axis=1))
    zeta, last = np.asarray(after.states.zeta), np.asarray(before.states.zeta)
    assert new.any() and (zeta[new] == 0).all()
    rho = np.asarray(before.thetas)[:, LinearNK.parameters.names.index("rho")]
    went_on = ~new & (last != 0)
    np.testing.assert_allclose(zeta[went_on], (rho * last)[went_on])
    assert went_on.sum() >= 16, "some others were lost, and start anew as well"


def test_training_meets_usual_shocks_only_once_they_are_no_longer_widened():
    always, briefly = (
        [np.asarray(s.states.zeta) for s in states_of_training(Walk(2, 0.0, 0.5, 3.0, widened=w))] for w in (None, 2)
    )
    same = [(a == b).all() for a, b in zip(always, briefly, strict=True)]
    assert same == [True, True, False, False]


@pytest.mark.parametrize(("guarded", "whole"), [(None, [0]), (8, [0, 8])])
def test_remembered_curvature_starts_anew_when_the_guard_goes(guarded, whole):
    """Short steps from the guarded solution would never reach the one without."""
    method = GaussNewton(walk=Walk(guarded=guarded), memory=0.9)
    with jax.enable_x64(True):
        gains = [float(method._gain(jnp.asarray(i, jnp.int32))) for i in range(12)]
    assert [i for i, gain in enumerate(gains) if gain == 1] == whole


def test_states_are_held_between_walks():
    """Of `nk`: the same states for three iterations, and a step lowers the loss of the sample that it was found on."""
    found = states_of_training(Walk(3, 0.0, every=3), damping=0.1)
    seen, losses = [np.asarray(state.states.zeta) for state in found], [float(state.loss) for state in found]
    assert np.array_equal(seen[0], seen[1]) and np.array_equal(seen[1], seen[2])
    assert not np.isclose(seen[2], seen[3]).any()
    assert losses[0] > losses[1] > losses[2]


@pytest.mark.parametrize("settings", [dict(steps=0), dict(every=0)])
def test_a_walk_takes_a_step(settings):
    with pytest.raises(SettingError, match="at least 1"):
        Walk(**settings)
    with pytest.raises(SettingError, match="no negative weight"):
        Walk(5, -1.0)
    with pytest.raises(SettingError, match="wide_scale"):
        Walk(5, wide_scale=0.0)
    with pytest.raises(SettingError, match="redrawn"):
        Walk(5, redrawn=1.5)
    with pytest.raises(SettingError, match="guarded"):
        Walk(5, guarded=-1)
    with pytest.raises(SettingError, match="widened"):
        Walk(5, widened=-1)
