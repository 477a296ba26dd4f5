"""`hank` without aggregate risk: markets, grids, limits, an independent answer, and the table that ships."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

from hanknn.economy.households import Grids
from hanknn.economy.households.chebyshev import table_nodes
from hanknn.machine.errors import NotSolvedError, OutOfRangeError, SettingError, SolutionFileError, UnknownNameError
from hanknn.models.hank.steady_map import SteadyMap, shipped_map, steady_state
from hanknn.references import SteadyState
from hanknn.references.hank.simulated_households import simulate_households
from hanknn.references.hank.steady_table import tabulate

SMALL = Grids(30, 3)


@pytest.fixture(scope="module")
def steady():
    return SteadyState().solve()


@pytest.fixture(scope="module")
def small():
    return SteadyState(SMALL).solve()


def representative_labor():
    """One household with the same taxes: χ N^{1+η} = (1 − γ)(W N − (1/β − 1) D), written out again."""
    after_taxes = lambda n: (1 - 0.18) * (10 / 11 * n - (1 / 0.9975 - 1))
    return brentq(lambda n: 0.74 * n**1.72 * n - after_taxes(n), 0.5, 1.5)


def test_all_markets_clear(steady):
    assert list(steady.residuals().index) == ["bonds", "labour", "government budget", "goods"]
    assert np.abs(steady.residuals()).max() < 1e-8
    assert steady.distribution.sum() == pytest.approx(1, abs=1e-12) and steady.distribution.min() > -1e-15


@pytest.mark.slow
def test_doubling_both_grids_moves_little_and_less_each_time(steady, small):
    """Errors fall with both grids: 30 × 3 to 60 × 7 moves more than 60 × 7 to 120 × 7."""
    finer = SteadyState(Grids(120, 7)).solve()
    coarse, fine = abs(steady.rate - small.rate), abs(finer.rate - steady.rate)
    assert 4e4 * fine < 0.5 and abs(finer.output - steady.output) < 1e-5
    assert fine < coarse / 2


def test_without_risk_the_representative_household_comes_out():
    """The return goes to 1/β like σ_s², output to the representative household's."""
    far, near = (SteadyState(SMALL, tolerance=1e-8).solve(sigma_s) for sigma_s in (0.02, 0.005))
    assert near.shortfall < far.shortfall / 10 and near.shortfall < 1e-5
    off_far, off_near = (abs(found.output - representative_labor()) for found in (far, near))
    assert off_near < off_far / 3 and off_near < 2e-4


@pytest.mark.slow
def test_simulated_households_agree():
    """On a coarse grid the lottery adds risk of its own: the comparison is on a fine one."""
    fine = SteadyState(Grids(200, 3)).solve()
    table = simulate_households(fine, households=10_000, quarters=1_000, burn_in=200)
    distance = (table["simulated"] - table["histogram"]).abs() / table["standard_error"]
    assert distance[["assets", "labour", "consumption"]].max() < 4
    assert table.loc["assets", "standard_error"] < 0.03


def test_inequality_and_propensities_to_consume(steady):
    by_assets = steady.by_assets()
    assert by_assets["cumulative_share"].iloc[-1] == pytest.approx(1)
    share, held = steady.distribution.sum(axis=1), steady.nodes
    brute = np.abs(held[:, None] - held[None, :]) @ share @ share / 2 / (share @ held)
    assert steady.gini == pytest.approx(brute, abs=1e-12)
    assert (steady.mpc > 0).all() and (steady.mpc < 1).all()
    assert by_assets["mpc"].iloc[0] > 0.4 and by_assets["mpc"].iloc[-1] < 0.01
    table = steady.table()
    assert (table["unit"] != "").all() and np.isfinite(table["value"]).all()


def test_what_makes_no_sense_is_refused_and_what_fails_says_so():
    with pytest.raises(SettingError, match="limit < debt < top"):
        SteadyState(SMALL).solve(borrowing_limit=2.0)
    with pytest.raises(UnknownNameError, match="rho_s"):  # a setting of the grids
        SteadyState(SMALL).solve(others={"rho_s": 0.95})
    with pytest.raises(UnknownNameError, match="did you mean 'gamma'"):
        SteadyState(SMALL).solve(others={"gama": 0.1})
    with pytest.raises(NotSolvedError, match="policies did not converge"):
        SteadyState(SMALL, policy_iterations=3).solve()


@pytest.mark.parametrize("at", [(0.031, -0.62), pytest.param((0.083, -0.41), marks=pytest.mark.slow)])
def test_the_shipped_map_agrees_with_direct_solution(at):
    direct, found = SteadyState(shipped_map().grids, tolerance=1e-9).solve(*at), shipped_map().at(*at)
    assert 4e4 * abs(float(found["rate"]) - direct.rate) < 0.1
    assert abs(float(found["output"]) - direct.output) < 1e-5
    assert 0.5 * np.abs(found["distribution"].to_numpy() - direct.distribution).sum() < 1e-4
    assert np.abs(found["consumption"] / direct.choices.consumption - 1).max() < 1e-4


def test_the_map_is_a_distribution_holding_the_debt_at_the_edges_too_and_differentiates():
    with jax.enable_x64(True):
        one = lambda at: (steady_state(*at), jax.jacfwd(lambda at: steady_state(*at))(at))
        both = jax.jit(one)
        for risk, limit in ((0.025, -0.65), (0.10, -0.35), (0.06, -0.5)):
            at = jnp.asarray([risk, limit])
            found, slopes = both(at)
            nodes = shipped_map().grids.asset_nodes(at[1])
            assert found.distribution.min() >= 0 and found.distribution.sum() == pytest.approx(1, abs=1e-12)
            assert nodes @ found.distribution.sum(axis=1) == pytest.approx(1, abs=1e-10)
            assert slopes.log_rate[0] < 0 and all(np.isfinite(a).all() for a in slopes)


def test_tables_are_built_saved_and_read_back_and_refuse(tmp_path):
    steps = []
    ranges = (0.04, 0.06), (-0.55, -0.45)
    built = tabulate(SteadyState(SMALL, tolerance=1e-8), (3, 2), ranges, steps.append)
    assert [s.done for s in steps] == list(range(1, 7)) and steps[-1].total == 6
    built.save(tmp_path / "map.npz")
    again = SteadyMap.load(tmp_path / "map.npz")
    assert again.grids == SMALL and again.ranges == ranges and again.parameters == built.parameters
    at = tuple(float(nodes[0]) for nodes in table_nodes(ranges, 3, 2))
    direct = SteadyState(SMALL, tolerance=1e-8).solve(*at)
    assert float(again.at(*at)["rate"]) == pytest.approx(direct.rate, abs=1e-8), "a node's own values come back"
    with pytest.raises(OutOfRangeError, match=r"sigma_s = .* lies outside"):
        again.at(0.5, -0.5)
    with pytest.raises(SolutionFileError, match="no file"):
        SteadyMap.load(tmp_path / "none.npz")
