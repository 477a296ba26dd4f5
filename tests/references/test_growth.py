"""Time iteration for the growth economy against a closed form, the equations written out, and finer grids."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hanknn.economy import Equations
from hanknn.machine.errors import NotSolvedError, SettingError, ShapeError, UnknownNameError
from hanknn.models import RBC
from hanknn.references import GrowthTimeIteration
from hanknn.references.growth.surface import Axis

FLOOR = 0.975
VOLATILE = {"rho": 0.98, "sigma": 0.015, "eta": 0.5, "delta": 0.015, "alpha": 0.42, "beta": 0.995}


@pytest.fixture(scope="module")
def solutions():
    return {floor: GrowthTimeIteration().solve(floor=floor) for floor in (None, FLOOR)}


def visited(solution, periods=200, paths=20):
    return solution.simulate(np.random.default_rng(0).normal(size=(periods, paths)))


def test_it_is_the_closed_form_where_capital_lasts_a_period():
    """Log utility and full depreciation: saved is the share αβ of output, and hours do not move."""
    alpha, beta, eta, chi = 0.3, 0.95, 1.5, 7.8
    given = {"alpha": alpha, "beta": beta, "eta": eta, "delta": 1.0, "sigma": 0.03, "rho": 0.9}
    solution = GrowthTimeIteration().solve(given)
    rest = solution.expected.economy.rest.capital
    capital, z = rest * np.exp(np.linspace(-0.3, 0.3, 7))[:, None], np.linspace(-0.3, 0.3, 9)
    found = solution.policy(capital, z)
    labor = ((1 - alpha) / (chi * (1 - alpha * beta))) ** (1 / (1 + eta))
    output = np.exp(z) * capital**alpha * labor ** (1 - alpha)
    np.testing.assert_allclose(found.labor, np.full((7, 9), labor), rtol=1e-7)
    np.testing.assert_allclose(found.consumption, (1 - alpha * beta) * output, rtol=1e-7)
    np.testing.assert_allclose(found.investment, alpha * beta * output, rtol=1e-7)


@pytest.mark.parametrize("given", [{}, VOLATILE | {"gamma": 2.0}], ids=["baseline", "volatile"])
def test_with_tiny_shocks_it_is_the_linear_solution(given):
    """The library's own linearisation: slopes of log policies in log capital and productivity, and capital's s.d."""
    with jax.enable_x64(True):
        vector = RBC.parameters.resolve(given | {"sigma": 1e-4})
        theta = Equations(RBC()).parameters(jnp.asarray(vector))
        slopes, spread = np.asarray(theta.linear.slopes), np.linalg.norm(theta.linear.root, axis=1)
        rest = [float(x) for x in (theta.steady.consumption, theta.steady.labor, theta.steady.capital)]
    solution = GrowthTimeIteration(tolerance=1e-11).solve(given | {"sigma": 1e-4})
    np.testing.assert_allclose(solution.linear.capital_sd, spread[0], rtol=1e-6)
    step = spread[:, None] * np.array([-1.0, 1.0])
    steps = np.concatenate([step[:1] * [[1], [0]], step[1:] * [[0], [1]]], axis=1)  # capital, capital, z, z
    at = solution.policy(rest[2] * np.exp(steps[0]), steps[1])
    found = np.log([at.consumption, at.labor]).reshape(2, 2, 2)
    np.testing.assert_allclose(np.diff(found)[..., 0] / np.diff(step)[:, 0], slopes, rtol=1e-5)
    np.testing.assert_allclose(np.exp(found.mean(axis=(1, 2))), rest[:2], rtol=1e-5)


@pytest.mark.parametrize("floor", [None, FLOOR])
def test_the_equations_hold_under_another_quadrature(solutions, floor):
    """Written out anew, at states that a simulation visits: a mean over a fine grid of shocks, which knows no kink."""
    solution, p = solutions[floor], {name: RBC.parameters[name].value for name in RBC.parameters}
    path = visited(solution)
    k, z = path.capital[100::25, ::4].ravel(), path.z[100::25, ::4].ravel()
    now = solution.policy(k, z)
    output = np.exp(z) * k ** p["alpha"] * now.labor ** (1 - p["alpha"])
    np.testing.assert_allclose(now.consumption + now.investment, output, rtol=1e-12)
    wage = (1 - p["alpha"]) * output / now.labor
    np.testing.assert_allclose(p["chi"] * now.labor ** p["eta"] * now.consumption, wage, rtol=1e-12)
    shocks = np.linspace(-7, 7, 2001)
    weights = np.exp(-(shocks**2) / 2) / np.exp(-(shocks**2) / 2).sum()
    kept = ((1 - p["delta"]) * k + now.investment)[:, None]
    later_z = p["rho"] * z[:, None] + p["sigma"] * shocks
    later = solution.policy(kept, later_z)
    product = p["alpha"] * np.exp(later_z) * (later.labor / kept) ** (1 - p["alpha"])
    worth = (product + 1 - p["delta"]) / later.consumption - (1 - p["delta"]) * later.multiplier
    euler = now.consumption * (p["beta"] * worth @ weights + now.multiplier) - 1
    assert np.abs(euler).max() < (1e-8 if floor is None else 2e-7), np.abs(euler).max()


def test_a_surface_is_the_polynomial_and_goes_on_linearly():
    axis, rows = Axis(2.0, 0.5, 9), np.random.default_rng(1).normal(size=(9, 3))
    exact = [np.polynomial.Chebyshev(row, [1.5, 2.5]) for row in rows.T]
    value, slope = axis.value_and_slope(rows, np.array([1.6, 2.1, 2.8]))
    inside, end = [exact[0](1.6), exact[1](2.1)], exact[2](2.5) + 0.3 * exact[2].deriv()(2.5)
    np.testing.assert_allclose(value, [*inside, end], rtol=1e-12)
    places = zip(exact, (1.6, 2.1, 2.5), strict=True)
    np.testing.assert_allclose(slope, [series.deriv()(at) for series, at in places], rtol=1e-11)
    np.testing.assert_allclose(axis.basis(np.array([1.6, 2.1, 2.8]))[2] @ rows[:, 2], end, rtol=1e-12)
    np.testing.assert_allclose(axis.to_series @ exact[0](axis.nodes), rows[:, 0], atol=1e-12)


def test_investment_is_at_the_floor_where_the_multiplier_is_positive(solutions):
    solution = solutions[FLOOR]
    least = FLOOR * 0.022 * solution.expected.economy.rest.capital
    path = visited(solution)
    investment, multiplier = path.policies.investment, path.policies.multiplier
    np.testing.assert_allclose(investment[path.binds], least, rtol=1e-9)
    assert (investment[~path.binds] > least).all() and (multiplier >= 0).all()
    assert 0.3 < path.binds.mean() < 0.6
    np.testing.assert_array_equal(path.binds, multiplier > 0)
    # Policies do not jump where it starts to bind.
    z = np.linspace(-0.03, 0.03, 20_001)
    across = solution.policy(np.full(z.shape, solution.expected.economy.rest.capital), z)
    assert 0 < (across.multiplier > 0).mean() < 1 and np.abs(np.diff(np.log(across.consumption))).max() < 1e-5


@pytest.mark.parametrize(
    ("given", "floor"),
    [
        (VOLATILE, FLOOR),
        pytest.param({}, None, marks=pytest.mark.slow),
        pytest.param({}, FLOOR, marks=pytest.mark.slow),
        pytest.param(VOLATILE, None, marks=pytest.mark.slow),
    ],
)
def test_finer_and_wider_grids_change_nothing(given, floor):
    usual = GrowthTimeIteration().solve(given, floor)
    finer = GrowthTimeIteration(26, 96, width=7.0, quadrature=96).solve(given, floor)
    path = visited(usual, periods=100)
    found = finer.policy(path.capital, path.z)
    for name in ("consumption", "labor"):
        np.testing.assert_allclose(getattr(found, name), getattr(path.policies, name), rtol=1e-6)


def test_a_path_begins_where_it_is_told_and_keeps_its_books(solutions):
    solution = solutions[None]
    path = solution.simulate(np.ones((3, 2)), capital=12.0, z=0.01)
    np.testing.assert_allclose(path.capital[0], 12.0)
    np.testing.assert_allclose(path.z[:2, 0], [0.95 * 0.01 + 0.007, 0.95 * (0.95 * 0.01 + 0.007) + 0.007])
    np.testing.assert_allclose(path.capital[1:], (1 - 0.022) * path.capital[:-1] + path.policies.investment[:-1])
    assert not path.binds.any()
    assert np.shape(solution.policy(12.0, 0.0).labor) == ()


def test_what_makes_no_sense_is_refused(solutions):
    with pytest.raises(SettingError, match="at least 8 nodes"):
        GrowthTimeIteration(capital_nodes=4)
    with pytest.raises(SettingError, match="positive"):
        GrowthTimeIteration(tolerance=0.0)
    for floor in (1.0, -0.5, np.nan):
        with pytest.raises(SettingError, match="share of steady-state investment"):
            GrowthTimeIteration().solve(floor=floor)
    with pytest.raises(UnknownNameError, match="did you mean 'alpha'"):
        GrowthTimeIteration().solve({"alfa": 0.3})
    with pytest.raises(ShapeError, match="not a column"):
        GrowthTimeIteration().solve({"alpha": [0.3, 0.35]})
    with pytest.raises(ShapeError, match=r"\(periods, paths\)"):
        solutions[None].simulate(np.ones(5))
    with pytest.raises(NotSolvedError, match="max_iterations"):
        GrowthTimeIteration(max_iterations=3).solve()
