"""`hank` at one point: its steady state, its law of motion, its two regimes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hanknn.economy import Equations
from hanknn.economy.expectations import GaussHermite
from hanknn.economy.households import Grids, choose
from hanknn.economy.points import Point, join, like, pack, unpack
from hanknn.models import HANK
from hanknn.models.hank.model import BOUND_FROM, RATE_UNIT, SATURATION, Regime, log_notional_rate
from hanknn.models.hank.tables import shipped_tables
from hanknn.references import SteadyState
from hanknn.references.hank.summary_table import tables_near
from hanknn.training.recipes import calibration, households, households_quick, suited

GRIDS, VALUE_MODES = shipped_tables().grids, shipped_tables().summaries.modes
OUTPUTS = {"free": (4 + VALUE_MODES,), "turn": (4 + VALUE_MODES,)}


def but(point: Point, **values) -> Point:
    """The same point with some other values."""
    return Point({name: values.get(name, getattr(point, name)) for name in point}, "state")


class Resting:
    """`hank` away from the baseline, at its steady state, with outputs that may move every price from there."""

    def __init__(self) -> None:
        self.equations = Equations(HANK())
        values = {"sigma_s": 0.07, "borrowing_limit": -0.45}
        self.theta = jax.jit(self.equations.parameters)(jnp.asarray(self.equations.model.parameters.resolve(values)))
        self.units = jax.jit(self.equations.units)(self.theta)
        self.state = self.units.state_center

        # Compiled once for all outputs: every other way each question would compile the household block anew.
        def residuals(outputs, s, t):
            policy = lambda state, theta: self.equations.policies_from(state, outputs, theta)
            return self.equations.residuals(policy, s, t, GaussHermite(1), jax.random.key(0))

        def after(outputs, s, e, t, share):
            relaxed = self.equations.relaxed(share)
            return relaxed.transition(s, relaxed.policies_from(s, outputs, t), e, t)

        self._residuals, self._next = jax.jit(residuals), jax.jit(after)

    @staticmethod
    def outputs(free=(0.0, 0.0, 0.0), turn=(0.0, 0.0, 0.0)) -> Point:
        whole = lambda moves: jnp.concatenate([jnp.asarray(moves), jnp.zeros(VALUE_MODES + 1)])
        return Point({"free": whole(free), "turn": whole(turn)}, "output")

    def policy(self, state=None, **moves) -> Point:
        state = self.state if state is None else state
        return self.equations.policies_from(state, self.outputs(**moves), self.theta)

    def residuals(self, **moves) -> dict[str, float]:
        rows = self._residuals(self.outputs(**moves), self.state, self.theta)
        return dict(zip(self.equations.row_equations, np.asarray(rows).tolist(), strict=True))

    def next(self, shocks=(0.0, 0.0, 0.0), state=None, relaxation=0.0, **moves) -> Point:
        state = self.state if state is None else state
        return self._next(self.outputs(**moves), state, jnp.asarray(shocks), self.theta, BOUND_FROM * relaxation)


@pytest.fixture(scope="module", autouse=True)
def double():
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="module")
def resting():
    return Resting()


def test_the_steady_state_solves_the_equations(resting):
    """Zero outputs mean steady-state prices and values: what is left is the table's error, in relative units."""
    found = resting.residuals()
    del found["other_regime"]  # with the rate at its bound, prices are not the steady state's
    assert max(map(abs, found.values())) < 2e-5


def test_each_market_sees_its_own_price(resting):
    """Bonds, when output and with it the rate are too high; the budget, when the tax level is."""
    still = resting.residuals()
    more_output = resting.residuals(free=(0.0, 1e-3, 0.0))
    higher_level = resting.residuals(free=(0.0, 0.0, 1e-3))
    assert abs(more_output["bond_market"] - still["bond_market"]) > 5e-4
    assert higher_level["government_budget"] - still["government_budget"] < -5e-4


def test_goods_add_up_where_markets_clear(resting):
    """Walras: bonds, labour and the budget in balance leave consumption equal to output."""
    model, theta, state, now = resting.equations.model, resting.theta, resting.state, resting.policy()
    regime = Regime(jnp.zeros(3), 0.0, jnp.zeros(VALUE_MODES), theta.log_rate)
    quarter = model._quarter(join(state, now), regime, theta)
    consumed = float(jnp.sum(state.distribution * quarter.choices.consumption))
    assert abs(consumed / float(now.labor) - 1) < 2e-5


def test_the_law_of_motion_keeps_mass_and_clears_assets(resting):
    """Also at prices at which choices miss the debt, here by some per cent."""
    later = resting.next(shocks=(1.0, -0.5, 2.0), free=(0.001, 0.002, -0.002))
    mass = np.asarray(later.distribution)
    nodes = np.asarray(GRIDS.asset_nodes(resting.theta.borrowing_limit))
    assert mass.shape == GRIDS.shape
    np.testing.assert_allclose(mass.sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(mass.sum(axis=0), GRIDS.chain.stationary, atol=1e-6)
    np.testing.assert_allclose((mass.sum(axis=1) * nodes).sum(), 1.0, rtol=1e-9)
    sigma_zeta, sigma_m = (resting.equations.model.parameters[n].value for n in ("sigma_zeta", "sigma_m"))
    np.testing.assert_allclose(later.zeta, sigma_zeta, rtol=1e-12)
    np.testing.assert_allclose(later.mp, 2 * sigma_m, rtol=1e-12)


@pytest.mark.parametrize("relaxation", [0.0, 0.5, 1.0])
def test_the_rate_stops_at_zero_as_far_as_it_must(resting, relaxation):
    """With a large monetary shock the notional rate is negative; the prices of the bound's regime rule."""
    state, theta = but(resting.state, mp=jnp.asarray(-0.03)), resting.theta
    below = -(float(theta.log_rate) - 0.03)
    assert below > 0
    moves = np.array([0.001, 0.002, 0.003])
    turn = moves * RATE_UNIT / below
    later = resting.next(state=state, relaxation=relaxation, turn=turn)
    at_bound = -below + float(theta.theta_pi) * moves[0] + float(theta.theta_y) * moves[1]
    np.testing.assert_allclose(later.last_rate, relaxation * at_bound, atol=1e-12)
    now = resting.policy(state, turn=turn)
    np.testing.assert_allclose(now.labor, np.exp(float(theta.log_labor) + moves[1]), rtol=1e-12)


def test_the_regimes_meet_where_the_notional_rate_is_zero(resting):
    """Whatever is learned: prices and expectations are continuous there, and bend."""
    equations, state, theta = resting.equations, resting.state, resting.theta
    units = pack(resting.units.output_scale)
    outputs = like(0.5 * units * jax.random.normal(jax.random.key(0), units.shape), resting.units.output_scale)
    meeting = -float(log_notional_rate(outputs.free[:3], state, theta))
    policies = jax.jit(lambda mp: pack(equations.policies_from(but(state, mp=mp), outputs, theta)))
    slope = jax.jit(lambda mp: jax.jvp(policies, (mp,), (1.0,))[1])
    near = 1e-9
    np.testing.assert_allclose(policies(meeting + near), policies(meeting - near), atol=1e-8)
    bend = np.asarray(slope(meeting - near) - slope(meeting + near))
    ruling = slice(4 + VALUE_MODES)
    assert (np.abs(bend[ruling]) > 1e-6).all()


def test_the_view_of_the_distribution_levels_off(resting):
    """A policy that grows with the distribution for ever can hold up a path that leads away for ever."""
    state, own = resting.state, resting.state.distribution
    evened = jnp.zeros(GRIDS.shape).at[GRIDS.assets // 2].set(GRIDS.chain.stationary)
    mixed = lambda share: but(state, distribution=(1 - share) * own + share * evened)
    moved = lambda share: resting.equations.inputs(mixed(share), resting.theta)
    little, half, all_of_it = (np.abs(np.asarray(moved(share))[4:]) for share in (1e-4, 0.5, 1.0))
    assert all_of_it.max() <= SATURATION and (all_of_it >= half).all() and half.max() > 0.95 * SATURATION
    np.testing.assert_allclose(np.abs(np.asarray(moved(2e-4))[4:]), 2 * little, rtol=1e-3)


def test_training_starts_from_small_shocks_without_the_bound():
    start, half, end = (HANK().relaxed(share) for share in (1.0, 0.7, 0.0))
    np.testing.assert_allclose([start.relaxation, start.shock_share], [1, 0.1])
    np.testing.assert_allclose([half.relaxation, half.shock_share], [1, 1])
    np.testing.assert_allclose([end.relaxation, end.shock_share], [0, 1])


def test_outputs_have_their_declared_shapes(resting):
    named = unpack(OUTPUTS, jnp.arange(float(resting.equations.output_size)))
    assert named.free.shape == named.turn.shape == (4 + VALUE_MODES,)
    with pytest.raises(Exception, match=r"shape|type"):
        choose(GRIDS, resting.theta, None, jnp.ones((1, GRIDS.assets)))


@pytest.mark.slow
def test_other_grids_and_summaries_give_another_economy_of_the_same_equations():
    """Tables for one point, on a coarse grid with fewer modes and more projections: its steady state is one."""
    tables = tables_near(0.05, -0.5, SteadyState(Grids(30, 3), tolerance=1e-9), modes=5, ahead=(2, 8, 24))
    model = HANK(tables=tables).only()
    equations = Equations(model)
    assert equations.inputs_seen[-5:] == tuple(f"distribution_{i}" for i in range(1, 6))
    assert model.states["distribution"].shape == (30, 3) and model.policies["value"].shape == (5,)
    theta = equations.parameters(jnp.asarray(model.parameters.baseline))
    outputs = equations.outputs_from(jnp.zeros(equations.output_size))
    policy = lambda state, theta: equations.policies_from(state, outputs, theta)
    start = equations.units(theta).state_center
    residuals = jax.jit(lambda s: equations.residuals(policy, s, theta, GaussHermite(1), jax.random.key(0)))(start)
    rules = np.array(equations.row_equations) != "other_regime"
    np.testing.assert_allclose(np.asarray(residuals)[rules], 0, atol=2e-6)
    np.testing.assert_allclose(equations.inputs(start, theta), 0, atol=1e-9)


def test_the_fewer_parameters_are_free_the_smaller_the_network():
    assert suited(HANK()) == households()
    assert suited(HANK().only("sigma_s", theta_pi=(2.0, 2.5))) == households_quick()
    assert suited(HANK().only()) == calibration()
    assert households_quick().network.width < households().network.width
