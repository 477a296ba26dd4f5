"""Foreseen paths of `hank`: equations written out anew, derivatives by brute force, a representative agent's limit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hanknn.economy.households import Grids
from hanknn.machine.errors import NotSolvedError, SettingError, ShapeError, UnknownNameError
from hanknn.models.hank.parameters import PARAMETERS
from hanknn.references import ForeseenEconomy, PerfectForesight
from hanknn.references.hank.foreseen_equations import prices
from hanknn.references.hank.foreseen_markets import SteadyHouseholds
from hanknn.references.hank.household_path import PricePath, choices_along, totals_along

GRIDS = Grids(30, 3)
HORIZON = 150
RESPONSES = ("output", "consumption", "inflation", "interest_rate", "notional_rate", "real_wage", "tax_level")
P = {name: PARAMETERS[name].value for name in PARAMETERS.names}


@pytest.fixture(scope="module")
def economy():
    return PerfectForesight(GRIDS, HORIZON).at()


@pytest.fixture(scope="module")
def exact(economy):
    """The same economy with a tolerance for tiny shocks."""
    return ForeseenEconomy(PerfectForesight(GRIDS, HORIZON, tolerance=2e-13), economy.steady)


@pytest.fixture(scope="module")
def recession(economy):
    return economy.path({"zeta": -0.05})


def share_of_peak(found, known):
    return float(np.abs(found - known).max() / np.abs(known).max())


def levels(path):
    """Gross inflation, rate, wage, labour, tax level and the return on assets, by quarter."""
    a, steady = path.aggregates, path.steady
    inflation, rate = P["target"] * np.exp(a.inflation), np.exp(a.rate)
    last_rate = np.append(steady.rate, rate[:-1])
    growth = P["growth"] * np.exp(path.processes[1])
    labor = steady.labor * np.exp(a.labor)
    return inflation, rate, a.wage, labor, steady.tax_level * np.exp(a.tax_level), last_rate / inflation / growth[:-1]


def test_aggregate_equations_hold_in_levels(economy):
    """Equations (71) to (81) written out from the paper, on a path with all three shocks and the bound."""
    path = economy.path({"zeta": -0.04, "z": -0.004, "mp": 0.001})
    steady, (zeta, _, mp) = path.steady, path.processes
    inflation, rate, wage, labor, tax, real_return = levels(path)
    gap = inflation / P["target"]
    ahead = lambda x, last: np.append(x[1:], last)
    kernel = np.exp(np.diff(zeta)) * (ahead(labor, steady.labor) / labor) ** (1 - P["sigma"])
    costs = P["varphi"] * (gap - 1) * gap - P["beta"] * P["varphi"] * kernel * ahead((gap - 1) * gap, 0)
    np.testing.assert_allclose(costs, 1 - P["epsilon"] + P["epsilon"] * wage, atol=1e-12)
    notional = steady.rate * gap ** P["theta_pi"] * (labor / steady.labor) ** P["theta_y"] * np.exp(mp[:-1])
    np.testing.assert_allclose(rate, np.maximum(notional, 1), rtol=1e-13)
    assert path.binds.any()
    totals = path.totals
    np.testing.assert_allclose(totals.labor, labor, rtol=1e-9)
    np.testing.assert_allclose(totals.assets, P["debt"], rtol=1e-9)
    taxes = wage * totals.labor - tax * wage ** (1 - P["gamma"]) * totals.tax_power
    np.testing.assert_allclose(taxes, (real_return - 1) * P["debt"], atol=1e-9)


def test_goods_market_clears_by_walras_law(recession):
    """It is not among the equations solved; the grid's top, where asset choices are cut, leaves a little."""
    assert np.abs(recession.goods).max() < 1e-8


def test_households_satisfy_their_euler_equation_along_the_path(recession):
    """Consumption read off next quarter's choices at next quarter's prices: equation (69) off the limit."""
    steady, (zeta, z, _) = recession.steady, recession.processes
    inflation, rate, wage, labor, tax, real_return = levels(recession)
    discount = P["beta"] * np.exp(np.diff(zeta))[:-1] * rate[:-1] / (inflation[1:] * P["growth"] * np.exp(z[1:-1]))
    with jax.enable_x64(True):
        to_the_end = np.append(discount, np.nan)
        to_the_end[-1] = P["beta"] * np.exp(zeta[-1] - zeta[-2]) * rate[-1] / P["target"] / P["growth"] / np.exp(z[-1])
        log = lambda x: jnp.log(jnp.asarray(x))
        foreseen = PricePath(log(wage), log(tax), jnp.asarray(labor * (1 - wage)), log(real_return), log(to_the_end))
        theta, consumption = steady.theta, jnp.asarray(steady.choices.consumption)
        path = jax.jit(lambda p: choices_along(GRIDS, theta, p, consumption))(foreseen)
        totals = jax.jit(lambda p: totals_along(GRIDS, theta, p, jnp.asarray(steady.distribution)))(path)
    path = jax.tree.map(np.asarray, path)
    np.testing.assert_allclose(np.asarray(totals.consumption), recession.totals.consumption, rtol=1e-10)
    chain, nodes = GRIDS.chain.transition, steady.nodes
    slack = path.assets > nodes[0] + 1e-9
    inside = path.assets < nodes[-1]
    for t in (0, 1, 2, 10):
        later = [np.interp(path.assets[t], nodes, path.consumption[t + 1][:, s]) for s in range(3)]
        expected = np.einsum("kas,sk->as", np.stack(later) ** -P["sigma"], chain)
        euler = (discount[t] * expected) ** (-1 / P["sigma"]) / path.consumption[t] - 1
        assert np.abs(euler[slack[t] & inside[t]]).max() < 2e-3
        assert (euler[~slack[t]] > -2e-3).all()
        budget = path.assets[t] + path.consumption[t] - real_return[t] * nodes[:, None]
        budget = budget - labor[t] * (1 - wage[t]) * steady.productivity
        kept = tax[t] * (wage[t] * path.effective_labor[t]) ** (1 - P["gamma"])
        np.testing.assert_allclose(budget[inside[t]], kept[inside[t]], rtol=1e-9)


def test_fake_news_agrees_with_central_differences_of_the_path(economy):
    """Every total's derivative with respect to every price in two quarters, by moving the price on the whole path."""
    with jax.enable_x64(True):
        steady = SteadyHouseholds.of(economy.steady)
        still = jnp.zeros((3, HORIZON + 1))
        calm = jnp.stack(prices(steady.theta, steady.levels, still[:, 1:], still, False)[1])

        @jax.jit
        def totals(stacked):
            path = choices_along(GRIDS, steady.theta, PricePath(*stacked), steady.consumption)
            return jnp.stack(totals_along(GRIDS, steady.theta, path, steady.distribution))

        for price in range(5):
            for quarter in (0, 25):
                bump = jnp.zeros_like(calm).at[price, quarter].set(1e-5)
                slope = np.asarray(totals(calm + bump) - totals(calm - bump)) / 2e-5
                for total, found in zip(slope, economy.household_jacobian[:, :, price, quarter], strict=True):
                    assert share_of_peak(found, total) < 1e-7


@pytest.mark.parametrize("shock", ["zeta", "z", "mp"])
def test_linear_solution_is_the_limit_of_the_nonlinear_path(exact, shock):
    """A ten-thousandth of a standard deviation, from a path without shock that carries the steady state's own rounding;
    and two paths of opposite hundredths, whose squares cancel."""
    known = exact.linear(shock, size=1.0, periods=20)
    sd = P[{"zeta": "sigma_zeta", "z": "sigma_z", "mp": "sigma_m"}[shock]]
    run = lambda size: exact.path({shock: size * sd}).to_dataset().isel(horizon=slice(20))
    calm, tiny, up, down = run(0.0), run(1e-4), run(1e-2), run(-1e-2)
    for name in RESPONSES:
        assert share_of_peak((tiny[name] - calm[name]) / 1e-4, known[name]) < 1e-4
        assert share_of_peak((up[name] - down[name]) / 2e-2, known[name]) < 1e-4


def test_responses_are_proportional_to_size(economy):
    one, many = economy.linear("zeta"), economy.linear("zeta", size=-2.5)
    for name in RESPONSES:
        np.testing.assert_allclose(many[name], -2.5 * one[name], rtol=1e-9)


def representative(shock, rate, labor, periods=20, quarters=150):
    """Log-linear responses of output, inflation and tax level, where one household earns all and holds all debt.

    Stacked by quarter: consumption Euler equation, Phillips curve, labour supply, budget; zero beyond the end.
    """
    zeta, z, mp = (np.zeros(quarters + 1) for _ in range(3))
    rho, sd = {"zeta": ("rho_zeta", "sigma_zeta"), "z": ("rho_z", "sigma_z"), "mp": ("rho_m", "sigma_m")}[shock]
    {"zeta": zeta, "z": z, "mp": mp}[shock][:] = P[sd] * P[rho] ** np.arange(quarters + 1)
    now, ahead, before, none = (
        np.eye(quarters),
        np.eye(quarters, k=1),
        np.eye(quarters, k=-1),
        np.zeros((quarters,) * 2),
    )
    income = (1 - 1 / P["epsilon"]) * labor
    interest = rate / P["target"] / P["growth"] * P["debt"]
    taxed = income - (interest - P["debt"])
    kept = (income / taxed - (1 - P["gamma"])) * now
    rows = [
        (P["sigma"] * (ahead - now) - P["theta_y"] * now, ahead - P["theta_pi"] * now, none, none),
        (none, P["varphi"] * (now - P["beta"] * ahead), none, -(P["epsilon"] - 1) * now),
        ((P["eta"] + P["sigma"] + P["gamma"]) * now, none, -now, -(1 - P["gamma"]) * now),
        (
            kept - interest / taxed * P["theta_y"] * before,
            -interest / taxed * (P["theta_pi"] * before - now),
            -now,
            kept,
        ),
    ]
    right = [
        mp[:-1] + np.diff(zeta) - z[1:],
        np.zeros(2 * quarters),
        interest / taxed * (np.append(0, mp[:-2]) - z[:-1]),
    ]
    labour, inflation, tax, _ = np.linalg.solve(np.block([list(row) for row in rows]), np.concatenate(right)).reshape(
        4, -1
    )
    return {
        "output": 100 * labour[:periods],
        "inflation": 400 * P["target"] * inflation[:periods],
        "tax_level": 100 * tax[:periods],
    }


def test_linear_solution_approaches_a_representative_agents_as_risk_vanishes(economy):
    """Its log-linear equations, stacked by quarter and solved here; with less risk, households differ less."""
    calmer = PerfectForesight(GRIDS, HORIZON).at({"sigma_s": 0.015})
    for shock in ("zeta", "z", "mp"):
        known = representative(shock, calmer.steady.rate, calmer.steady.labor)
        far, near = economy.linear(shock), calmer.linear(shock)
        for name, values in known.items():
            distance = share_of_peak(near[name], values)
            assert distance < 0.1
            assert distance < 0.5 * share_of_peak(far[name], values)


def test_bound_binds_and_deepens_the_recession(economy, recession):
    free = economy.path({"zeta": -0.05}, bound=False)
    a, b = recession.to_dataset(), free.to_dataset()
    rate = a["interest_rate"] + 400 * (recession.steady.rate - 1)
    assert recession.binds[:2].all() and not recession.binds[5:].any() and not free.binds.any()
    assert np.abs(rate[recession.binds]).max() < 1e-10
    assert (rate[~recession.binds] > 0).all() and float((b["interest_rate"] + a.attrs["steady_rate"]).min()) < 0
    assert float(a["output"][0]) < 2 * float(b["output"][0]) < 0
    assert float(a["inflation"][0]) < float(b["inflation"][0]) < 0
    assert np.abs(recession.residuals).max() <= 1e-10


@pytest.mark.slow
def test_luck_moves_aggregates_as_the_nonlinear_path_from_other_households_does(economy):
    """Forty thousand households drawn from the steady state, their assets tilted until they add up to the debt."""
    steady = economy.steady.distribution
    drawn = (
        np.random.default_rng(1)
        .multinomial(40_000, np.maximum(steady, 0).ravel() / np.maximum(steady, 0).sum())
        .reshape(steady.shape)
        / 40_000
    )
    nodes = np.asarray(GRIDS.asset_nodes(jnp.asarray(P["borrowing_limit"])))[:, None]
    off, spread = np.sum((steady - drawn) * nodes), np.sum(drawn * (nodes - np.sum(drawn * nodes)) ** 2)
    drawn = drawn * (1 + off / spread * (nodes - np.sum(drawn * nodes)))
    exact = economy.path({}, bound=False, distribution=drawn).to_dataset()
    assert float(np.abs(exact["output"]).max()) > 0.001
    for name, responses in economy.luck.items():
        found = (responses * (drawn - steady)).sum(("assets", "productivity"))
        assert share_of_peak(found, exact[name]) < 0.01
    with pytest.raises(ShapeError, match="add up to one"):
        economy.path({}, distribution=2 * drawn)


@pytest.mark.slow
def test_the_horizons_end_is_felt_near_it_only(recession):
    """Twice the quarters: the end, where wealth is not quite back, moves the whole path little, its first half less."""
    longer = PerfectForesight(GRIDS, 2 * HORIZON).at().path({"zeta": -0.05}).to_dataset()
    for name in RESPONSES:
        path, known = recession.to_dataset()[name], longer[name][:HORIZON]
        assert share_of_peak(path, known) < 1e-5
        assert share_of_peak(path[: HORIZON // 2], known[: HORIZON // 2]) < 1e-6


def test_no_shock_leaves_the_steady_state(economy):
    calm = economy.path({})
    assert calm.iterations == 0
    assert max(float(np.abs(calm.to_dataset()[name]).max()) for name in RESPONSES) < 1e-7


def test_given_quarters_and_decay_are_one_process(economy):
    given = economy.path({"zeta": 0.02 * 0.7 ** np.arange(HORIZON)})
    np.testing.assert_allclose(given.processes, economy.path({"zeta": 0.02}).processes, atol=1e-15)
    news = economy.path({"zeta": np.array([0.0, 0.0, 0.01])})
    np.testing.assert_allclose(news.processes[0, :5], [0, 0, 0.01, 0.007, 0.0049], atol=1e-15)


def test_table_says_units_in_double_precision(recession):
    table = recession.to_dataset()
    assert set(RESPONSES) | {"binds", "zeta", "z", "mp"} == set(table)
    assert all(table[name].dtype == np.float64 and table[name].attrs["units"] for name in RESPONSES)


def test_refusals_say_what_to_do(economy):
    with pytest.raises(UnknownNameError, match="did you mean 'zeta'"):
        economy.path({"zta": 0.1})
    with pytest.raises(UnknownNameError, match="unknown shock"):
        economy.linear("eps")
    with pytest.raises(UnknownNameError, match="did you mean 'theta_pi'"):
        PerfectForesight(GRIDS).at({"theta_p": 2.0})
    with pytest.raises(ShapeError, match="shape"):
        economy.path({"zeta": np.zeros((2, 2))})
    with pytest.raises(SettingError, match="1 to 150"):
        economy.linear("zeta", periods=0)
    with pytest.raises(SettingError, match="at least 20"):
        PerfectForesight(GRIDS, horizon=5)


def test_a_path_that_does_not_exist_is_not_returned(economy):
    impatient = ForeseenEconomy(PerfectForesight(GRIDS, HORIZON, max_iterations=8), economy.steady)
    with pytest.raises(NotSolvedError, match="smaller or less persistent"):
        impatient.path({"zeta": -1.5})
