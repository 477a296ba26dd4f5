"""Laws of the household block, each checked from the equations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hanknn.economy.households import Grids, Prices, advance, choose
from hanknn.economy.households.productivity import rouwenhorst
from hanknn.economy.points import Point
from hanknn.machine.errors import SettingError
from hanknn.models.hank.parameters import PARAMETERS

GRIDS = Grids(40, 5)
BETA, ETA, CHI, GAMMA = 0.9975, 0.72, 0.74, 0.18


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def setting(sigma_s=0.06, limit=-0.4, real_return=1.0005):
    values = {name: jnp.asarray(PARAMETERS[name].value) for name in PARAMETERS}
    theta = Point({**values, "sigma_s": jnp.asarray(sigma_s), "borrowing_limit": jnp.asarray(limit)}, "parameter")
    return theta, Prices(*(jnp.asarray(x) for x in (0.9, 0.98, 0.1, real_return)))


def euler_consumption(theta, prices, steps=1500):
    chain = jnp.asarray(GRIDS.chain.transition)

    def step(_, policy):
        return 1 / (BETA * prices.real_return * (1 / choose(GRIDS, theta, prices, policy).consumption) @ chain.T)

    nodes = GRIDS.asset_nodes(theta.borrowing_limit)
    start = jnp.broadcast_to(0.95 + 0.02 * jnp.maximum(nodes, 0)[:, None], GRIDS.shape)
    return jax.jit(lambda s: jax.lax.fori_loop(0, steps, step, s))(start)


@pytest.fixture(scope="module")
def solved():
    with jax.enable_x64(True):
        theta, prices = setting()
        policy = euler_consumption(theta, prices)
        return theta, prices, policy, jax.jit(lambda p: choose(GRIDS, theta, prices, p))(policy)


def levels(theta):
    return np.asarray(GRIDS.asset_nodes(theta.borrowing_limit)), np.asarray(GRIDS.productivity(theta.sigma_s))


def test_budgets_and_labour_supply_hold_at_every_node(solved):
    """Equations (68) and (70), where the limit binds too."""
    theta, prices, _, found = solved
    nodes, productivity = levels(theta)
    consumption, hours, assets = (np.asarray(a) for a in found)
    wage, tax, dividend, real_return = (float(p) for p in prices)
    resources = tax * (wage * productivity * hours) ** (1 - GAMMA) + real_return * nodes[:, None]
    inside = assets < nodes[-1]
    assert inside.mean() > 0.9
    assert np.abs(resources + dividend * productivity - consumption - assets)[inside].max() < 1e-12
    supplied = tax * (1 - GAMMA) * productivity * wage * (wage * productivity * hours) ** -GAMMA / consumption
    assert np.abs(CHI * hours**ETA / supplied - 1).max() < 1e-12


def test_the_euler_equation_holds_and_is_slack_where_the_limit_binds(solved):
    """Equation (69): equality between nodes up to interpolation, marginal utility above the return at the limit."""
    theta, prices, _, found = solved
    nodes, _ = levels(theta)
    consumption, _, assets = (np.asarray(a) for a in found)
    binds = assets <= nodes[0] + 1e-12
    assert 0 < binds.sum() < 30 and (assets >= nodes[0]).all()
    for k in range(GRIDS.productivities):
        later = np.stack([np.interp(assets[:, k], nodes, consumption[:, j]) for j in range(GRIDS.productivities)])
        wanted = 1 / (BETA * float(prices.real_return) * (GRIDS.chain.transition[k] @ (1 / later)))
        off = consumption[:, k] / wanted - 1
        free = ~binds[:, k] & (assets[:, k] < nodes[-1])
        assert np.abs(off[free]).max() < 2e-3
        assert (off[binds[:, k]] < 1e-9).all()


def test_endogenous_nodes_return_the_consumption_that_was_given(solved):
    """At the wealth at which a node is chosen, interpolation gives the Euler equation's consumption itself."""
    theta, _, policy, found = solved
    nodes, _ = levels(theta)
    assets, consumption, policy = (np.asarray(a) for a in (found.assets, found.consumption, policy))
    for k in range(GRIDS.productivities):
        inside = (assets[:, k] > nodes[0] + 1e-9) & (assets[:, k] < nodes[-1])
        np.testing.assert_allclose(np.interp(assets[inside, k], nodes, policy[:, k]), consumption[inside, k], rtol=2e-3)


def test_choices_are_monotone(solved):
    consumption, hours, assets = (np.asarray(a) for a in solved[3])
    assert (np.diff(consumption, axis=0) > 0).all() and (np.diff(assets, axis=0) > -1e-14).all()
    assert (np.diff(hours, axis=0) < 0).all(), "wealthier households work less"
    assert (np.diff(consumption, axis=1) > 0).all()


def test_the_histogram_keeps_mass_and_mean_assets(solved):
    theta, _, _, found = solved
    nodes = GRIDS.asset_nodes(theta.borrowing_limit)
    distribution = jnp.asarray(np.random.default_rng(0).dirichlet(np.ones(200)).reshape(GRIDS.shape))
    later = advance(GRIDS, nodes, distribution, found.assets)
    assert later.sum() == pytest.approx(1, abs=1e-14) and later.min() >= 0
    assert jnp.sum(later * nodes[:, None]) == pytest.approx(float(jnp.sum(distribution * found.assets)), abs=1e-13)
    moved = np.asarray(distribution).sum(axis=0) @ GRIDS.chain.transition
    np.testing.assert_allclose(later.sum(axis=0), moved, atol=1e-14)


def test_gradients_are_finite_and_agree_with_differences(solved):
    theta, prices, policy, _ = solved

    def total(limit, tax):
        at = Point({**{name: getattr(theta, name) for name in theta}, "borrowing_limit": limit}, "parameter")
        found = choose(GRIDS, at, prices._replace(tax_level=tax), policy)
        return jnp.sum(found.consumption) + jnp.sum(found.hours)

    slopes = jax.jit(jax.grad(total, (0, 1)))(theta.borrowing_limit, prices.tax_level)
    assert np.isfinite(slopes).all()
    step = 1e-5
    up, down = (total(theta.borrowing_limit, prices.tax_level + d) for d in (step, -step))
    assert float(slopes[1]) == pytest.approx(float((up - down) / (2 * step)), rel=2e-3)
    everywhere = jax.jit(jax.jacfwd(lambda p: choose(GRIDS, theta, prices, p)))(policy)
    assert all(np.isfinite(a).all() for a in everywhere)


def test_a_row_where_a_matrix_is_expected_is_refused(solved):
    theta, prices, policy, found = solved
    nodes = GRIDS.asset_nodes(theta.borrowing_limit)
    with pytest.raises(Exception, match="Type-check error"):
        choose(GRIDS, theta, prices, policy.reshape(1, -1, 1))
    with pytest.raises(Exception, match="Type-check error"):
        advance(GRIDS, nodes[None, :], jnp.ones(GRIDS.shape), found.assets)
    with pytest.raises(Exception, match="Type-check error"):
        advance(GRIDS, nodes, jnp.ones((1, GRIDS.assets)), found.assets)


@pytest.mark.parametrize("states", [2, 3, 7, 14])
def test_the_productivity_chain_has_the_moments_of_the_autoregression(states):
    chain, rho = rouwenhorst(states, 0.9), 0.9
    np.testing.assert_allclose(chain.transition.sum(axis=1), 1, atol=1e-14)
    np.testing.assert_allclose(chain.stationary @ chain.transition, chain.stationary, atol=1e-14)
    assert chain.stationary @ chain.states == pytest.approx(0, abs=1e-13)
    assert chain.stationary @ chain.states**2 == pytest.approx(1 / (1 - rho**2), rel=1e-12)
    np.testing.assert_allclose(chain.transition @ chain.states, rho * chain.states, atol=1e-12)
    spread = chain.transition @ chain.states**2 - (rho * chain.states) ** 2
    assert chain.stationary @ spread == pytest.approx(1, rel=1e-12)


def test_productivity_has_mean_one_whatever_the_risk():
    for deviation in (0.025, 0.1):
        assert GRIDS.chain.stationary @ np.asarray(GRIDS.productivity(jnp.asarray(deviation))) == pytest.approx(1)


def test_grids_start_at_the_limit_and_refuse_what_makes_no_sense():
    nodes = GRIDS.asset_nodes(jnp.asarray(-0.4))
    assert nodes[0] == -0.4 and nodes[-1] == pytest.approx(20) and (jnp.diff(nodes) > 0).all()
    assert GRIDS.doubled().shape == (80, 10)
    with pytest.raises(SettingError, match="give at least 8"):
        Grids(assets=4)
    with pytest.raises(SettingError, match="inside"):
        rouwenhorst(3, 1.0)
