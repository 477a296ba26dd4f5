"""The representative twin of `hank`, and where its intended and its deflationary equilibrium meet."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from hanknn.economy import Equations
from hanknn.front.cli.command import main
from hanknn.machine.errors import NotSolvedError, SettingError, ShapeError
from hanknn.models import HANK, RANK
from hanknn.models.hank.frontier import Frontier, shipped_frontier
from hanknn.references import SteadyState, TimeIteration, equilibrium_branch, representative_twin, twin_frontier
from hanknn.references.hank import frontier_table
from hanknn.references.hank.twin import BESIDE_THE_FRONTIER

COARSE = TimeIteration(nodes=24, width=4.0, quadrature=32)
SIGMA_ZETA = RANK.parameters.names.index("sigma_zeta")


@pytest.fixture(scope="module")
def branch():
    return equilibrium_branch(representative_twin(), upto=0.2, settings=COARSE)


@pytest.fixture(scope="module")
def fold(branch):
    """The largest s.d. and the share at the bound there, by a parabola through the three highest points."""
    top = int(branch["sigma_zeta"].idxmax())
    near = branch.iloc[top - 1 : top + 2]
    a, b, c = np.polyfit(norm.ppf(near["zlb"]), near["sigma_zeta"], 2)
    return c - b**2 / (4 * a), norm.cdf(-b / (2 * a))


@pytest.mark.parametrize("values", [{}, {"sigma_s": 0.09, "borrowing_limit": -0.4}])
def test_the_twin_rests_where_households_do(values):
    """With next to no shocks: hank's own steady-state rate by root-finding, inflation on target, labour one."""
    row = representative_twin(values)
    row[:, SIGMA_ZETA] = 1e-6
    rest = {name: float(found[0, 0]) for name, found in TimeIteration().solve(row).policy(np.zeros((1, 1))).items()}
    household = SteadyState().solve(**values)
    target = row[0, RANK.parameters.names.index("target")]
    assert abs(rest["interest_rate"] - household.rate) < 2e-7
    assert abs(rest["inflation"] - target) < 1e-9 and abs(rest["labor"] - 1) < 1e-7


def test_time_iteration_stops_where_the_two_equilibria_meet(fold):
    """By bisection of where time iteration converges, and by Newton's method along the curve: no step in common."""
    assert abs(twin_frontier(settings=COARSE)[0] - fold[0]) < 4e-5


def test_the_frontier_hardly_depends_on_the_grid(fold):
    finer = representative_twin(np.tile(HANK.parameters.baseline, (2, 1)))
    finer[:, SIGMA_ZETA] = fold[0] - 1e-4, fold[0] + 1e-4
    settings = TimeIteration(nodes=48, width=6.0, quadrature=64, tolerance=1e-9)
    np.testing.assert_array_equal(settings.solve(finer).converged, [True, False])


def test_the_shipped_frontier_is_where_time_iteration_stops():
    """At parameters that it was not fitted to: an equilibrium 1.5 % below it, none 1.5 % above."""
    thetas = HANK.parameters.sample(3, seed=101)
    sigma_zeta = thetas[:, HANK.parameters.names.index("sigma_zeta")]
    frontier = sigma_zeta / [_strain(HANK(), theta) for theta in thetas]
    rows = representative_twin(np.repeat(thetas, 2, axis=0))
    rows[:, SIGMA_ZETA] = np.outer(frontier, [0.985, 1.015]).ravel()
    np.testing.assert_array_equal(BESIDE_THE_FRONTIER.solve(rows).converged, [True, False] * 3)
    assert shipped_frontier().error < 0.01


def test_a_frontier_is_fitted_saved_and_read_again(tmp_path):
    """To a quadratic function exactly; the rows held back tell where it is not one."""
    thetas = HANK.parameters.sample(60, seed=1)
    column = lambda name: thetas[:, HANK.parameters.names.index(name)]
    found = np.exp(-4 + 30 * column("sigma_s") ** 2 - column("borrowing_limit") * column("theta_pi"))
    fitted = Frontier.fit(thetas, found, 20)
    assert fitted.error < 1e-10
    fitted.save(tmp_path / "frontier.npz")
    again = Frontier.load(tmp_path / "frontier.npz")
    np.testing.assert_array_equal(again.coefficients, fitted.coefficients)
    assert again.error == fitted.error
    assert Frontier.fit(thetas, np.append(found[:40], 1.1 * found[40:]), 20).error == pytest.approx(0.1 / 1.1)


def test_the_command_finds_every_frontier_and_writes_the_fit(tmp_path, monkeypatch):
    """A stand-in for half an hour of time iteration, quadratic in what the fit knows."""
    place, batches = HANK.parameters.names.index("theta_y"), []

    def frontier(thetas):
        batches.append(thetas)
        return np.exp(-4 + thetas[:, place] ** 2)

    monkeypatch.setattr(frontier_table, "twin_frontier", frontier)
    assert main(["steady-states", "--frontier", str(tmp_path / "frontier.npz"), "--quiet"]) == 0
    assert Frontier.load(tmp_path / "frontier.npz").error < 1e-10
    seen = np.concatenate(batches)
    assert len(seen) == 320 == len(np.unique(seen, axis=0))
    assert main(["steady-states", "--frontier", str(tmp_path / "frontier.npz")]) == 2, "not overwritten"


def _strain(model, theta):
    with jax.enable_x64(True):
        equations = Equations(model)
        return float(equations.strain(equations.given(jnp.asarray(theta))))


def test_without_the_bound_nothing_strains():
    theta = HANK.parameters.baseline
    assert _strain(HANK(), theta) == pytest.approx(0.015 / 0.0139, rel=0.01)
    assert _strain(HANK(relaxation=1.0), theta) == 0.0


def test_a_step_of_time_iteration_turns_unstable_at_the_fold(branch, fold):
    share = np.interp(1.0, branch["radius"], branch["zlb"])
    assert abs(share - fold[1]) < 0.003 and np.all(np.diff(branch["radius"]) > 0)


def test_before_the_fold_the_curve_is_what_time_iteration_finds(branch):
    row = branch[branch["radius"] < 0.95].iloc[-1]
    theta = representative_twin()
    theta[:, SIGMA_ZETA] = row["sigma_zeta"]
    found = COARSE.solve(theta)
    assert found.converged[0]
    np.testing.assert_allclose(norm.cdf(found.found.kink[0]), row["zlb"], atol=1e-6)
    # Mean inflation by other weights: draws of ζ on a midpoint rule in probability.
    zeta = norm.ppf((np.arange(20_000) + 0.5) / 20_000) * row["sigma_zeta"] / np.sqrt(1 - 0.7**2)
    inflation = found.policy(zeta[None, :])["inflation"].mean()
    target = theta[0, RANK.parameters.names.index("target")]
    np.testing.assert_allclose(400 * (inflation - target), row["inflation_gap"], atol=1e-4)


def test_what_cannot_be_followed_is_refused():
    with pytest.raises(SettingError, match="share of quarters"):
        equilibrium_branch(upto=1.5)
    with pytest.raises(ShapeError, match=r"\(2, "):
        equilibrium_branch({"theta_pi": np.array([1.8, 2.2])})
    # A rate that does not answer inflation leaves no stable equilibrium at any size of shocks.
    with pytest.raises(NotSolvedError, match="no equilibrium at any"):
        equilibrium_branch({"theta_pi": 0.5, "theta_y": 0.0}, settings=COARSE)
