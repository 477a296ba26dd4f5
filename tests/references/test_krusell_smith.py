"""The Krusell-Smith reference against published numbers, a closed form, and the equations written out."""

import numpy as np
import pytest

from hanknn.machine.errors import NotSolvedError, OutOfRangeError, SettingError, ShapeError, UnknownNameError
from hanknn.references import KrusellSmithReference, krusell_smith_accuracy
from hanknn.references.krusell_smith.curves import Curves
from hanknn.references.krusell_smith.economy import KrusellSmithEconomy
from hanknn.references.krusell_smith.histogram import Histogram, jobs_changed
from hanknn.references.krusell_smith.household import Household
from hanknn.references.krusell_smith.law import PerceivedLaw, fitted, through
from hanknn.references.krusell_smith.simulation import Walk, draw_times

SMALL = KrusellSmithReference(
    assets=160, capital=8, histogram=320, periods=1000, tolerance=5e-6, policy_tolerance=1e-10
)
SMALLEST = KrusellSmithReference(160, capital=6, histogram=160, periods=320, powers=2, tolerance=1e-5)
PUBLISHED = [
    [0.525, 0.35, 0.03125, 0.09375],
    [0.038889, 0.836111, 0.002083, 0.122917],
    [0.09375, 0.03125, 0.291667, 0.583333],
    [0.009115, 0.115885, 0.024306, 0.850694],
]
"""Den Haan, Judd and Juillard (2010, table 2): bad and unemployed, bad and employed, good and unemployed, ..."""

VALUES = {"unemployment_bad": 0.12, "unemployment_good": 0.07, "duration": 11.0, "spell_bad": 3.0, "spell_good": 2.2}


@pytest.fixture(scope="module")
def solution():
    return SMALL.solve()


def test_the_chain_is_the_published_one():
    np.testing.assert_allclose(KrusellSmithEconomy().transition.reshape(4, 4), PUBLISHED, atol=5e-7)


def test_the_chain_has_the_durations_and_rates_it_is_made_of():
    economy = KrusellSmithEconomy(**VALUES)
    chain, rates = economy.transition, economy.unemployment
    np.testing.assert_allclose(chain.sum(axis=(2, 3)), 1)
    for z in (0, 1):
        now = np.array([rates[z], 1 - rates[z]])
        for later in (0, 1):
            moved = now @ chain[z, :, later]
            np.testing.assert_allclose(moved[0] / moved.sum(), rates[later])  # whatever times were before
            np.testing.assert_allclose(chain[z, :, later].sum(axis=-1), 1 / 11 if z != later else 10 / 11)
    stays = chain[[0, 1], 0, [0, 1], 0] / (10 / 11)
    np.testing.assert_allclose(1 / (1 - stays), [3.0, 2.2])
    np.testing.assert_allclose(chain[1, 0, 0, 0], 1.25 * stays[0] / 11)
    np.testing.assert_allclose(chain[0, 0, 1, 0], 0.75 * stays[1] / 11)


def test_a_path_of_productivity_has_its_odds():
    times = np.array([[0.9, 0.1], [0.2, 0.8]])
    z = draw_times(times, 50_000, np.random.default_rng(0))
    moves = np.array([[np.mean(z[1:][z[:-1] == s] == v) for v in (0, 1)] for s in (0, 1)])
    np.testing.assert_allclose(moves, times, atol=0.01)


def test_incomes_add_up():
    """Output, and what is left of capital: benefits are what taxes yield."""
    economy, k = KrusellSmithEconomy(**VALUES, mu=0.4, l_bar=0.8), 23.0
    for z, productivity in enumerate((0.99, 1.01)):
        rate = economy.unemployment[z]
        cash = rate * economy.cash(k, 0, k, z) + (1 - rate) * economy.cash(k, 1, k, z)
        output = productivity * k**0.36 * (0.8 * (1 - rate)) ** 0.64
        np.testing.assert_allclose(cash, output + 0.975 * k)
        np.testing.assert_allclose(economy.income(0, k, z), 0.4 * 0.64 * output / (0.8 * (1 - rate)))


def test_curves_are_exact_for_parabolas_and_go_on_linearly():
    x = np.array([[0.0, 0.3, 1.0, 1.2, 2.0], [1.0, 1.5, 1.7, 3.0, 4.0]])
    parabola = lambda x: 1 + np.array([[2.0], [-1.0]]) * x + np.array([[-0.5], [0.25]]) * x**2
    curves, at = Curves.through(x, parabola(x)), np.array([[0.1, 0.9, 1.95], [1.1, 2.9, 3.5]])
    np.testing.assert_allclose(curves(at), parabola(at))
    beyond = parabola(x[:, -1:])[:, 0] + 0.5 * np.array([2 - 2.0, -1 + 0.5 * 4])
    np.testing.assert_allclose(curves(x[:, -1:] + 0.5)[:, 0], beyond)


def test_the_histogram_keeps_mass_capital_and_unemployment():
    rng, histogram, economy = np.random.default_rng(0), Histogram(-1.0, 50.0, 200), KrusellSmithEconomy()
    mass = rng.random((2, 200))
    mass *= np.array([[0.1], [0.9]]) / mass.sum(axis=1, keepdims=True)
    later = rng.uniform(-1, 50, (2, 200))
    later[:, :3] = [-1.0, 50.0, histogram.nodes[7]]
    moved = histogram.moved(mass, later)
    assert moved.min() >= 0
    np.testing.assert_allclose(moved.sum(axis=1), [0.1, 0.9], rtol=1e-12)
    np.testing.assert_allclose(histogram.mean(moved), (mass * later).sum(), rtol=1e-12)
    for z, rate in enumerate((0.1, 0.04)):
        changed = jobs_changed(moved, economy.job_chances[0, z])
        np.testing.assert_allclose(changed.sum(axis=1), [rate, 1 - rate])
        np.testing.assert_allclose(changed.sum(axis=0), moved.sum(axis=0))
    alone = np.zeros((2, 200))
    alone[1, 4] = 1
    np.testing.assert_allclose(histogram.moved(alone, np.full((2, 200), histogram.nodes[7]))[1, 7], 1)
    np.testing.assert_allclose(histogram.moved(alone, np.full((2, 200), 60.0))[1, -1], 1)


def test_a_law_is_its_values_and_is_fitted_to_what_follows_it():
    law = PerceivedLaw(np.array([[3.6, 0.9, 0.2], [3.7, 0.95, -0.1]]), 3.65)
    np.testing.assert_allclose(through(law.values, 3.65).coefficients, law.coefficients, atol=1e-12)
    z = draw_times(np.array([[0.8, 0.2], [0.2, 0.8]]), 200, np.random.default_rng(0))
    capital = law.forecast(40.0, z)
    np.testing.assert_allclose(fitted(capital, z, 3.65, 3).coefficients, law.coefficients, atol=1e-6)
    np.testing.assert_allclose(law.errors(capital, z), 0, atol=1e-12)
    away = np.log(40.0) - 3.65
    coefficients = law.coefficients[z[0]]
    np.testing.assert_allclose(np.log(capital[1]), coefficients @ [1, away, away**2])


def test_it_is_the_closed_form_where_capital_lasts_a_quarter_and_jobs_do_not_matter():
    """Log utility: the share αβ of output is saved, whoever holds the mean, and of everybody together."""
    alpha, beta, labor = 0.36, 0.96, 0.95
    economy = KrusellSmithEconomy(
        beta=beta, delta=1.0, l_bar=1.0, mu=labor, unemployment_bad=0.05, unemployment_good=0.05, spell_bad=1.5
    )
    rest = economy.complete_capital
    assets = rest * np.expm1(np.linspace(0, np.log(1000), 300)) / 40
    household = Household(economy, assets, np.log(rest) + np.linspace(-0.1, 0.1, 12))
    share = alpha * beta * economy.productivity * labor ** (1 - alpha)
    law = PerceivedLaw(np.column_stack([np.log(share) + alpha * np.log(rest), [alpha, alpha]]), np.log(rest))
    start = np.broadcast_to(0.5 * assets + rest, household.cash.shape)
    policy = np.exp(household.solved(start, law, 1e-11, 3000).values).reshape(start.shape)
    walk = Walk(household, policy, Histogram(0.0, 10 * rest, 3000))
    z = draw_times(economy.times, 30, np.random.default_rng(0))
    alike = walk.histogram.moved(np.array([[0.05], [0.95]]), np.full((2, 1), rest))
    path = walk(z, alike)
    np.testing.assert_allclose(path.capital, law.forecast(rest, z), rtol=1e-6)
    assert np.ptp(np.log(path.capital)) > 0.02


def test_the_euler_equation_holds_at_the_nodes(solution):
    """Written out anew: consumption at which the node's assets are kept, and all that may follow it."""
    e, household = solution.economy, solution.household
    nodes, capital = household.assets, np.exp(household.log_capital[2:6])
    chain = np.reshape(e.transition, (4, 4))
    for state in range(4):
        z, job = divmod(state, 2)
        for j, k in enumerate(capital, start=2):
            later = float(np.exp(solution.law(np.log(k), z)))
            ratio = later / (e.l_bar * np.array([0.9, 0.9, 0.96, 0.96]))
            rent = 0.36 * np.array([0.99, 0.99, 1.01, 1.01]) * ratio**-0.64 + 0.975
            consumed = [solution.consumption(nodes, v % 2, later, v // 2) for v in range(4)]
            asked = 1 / (0.99 * (chain[state] * rent) @ (1 / np.array(consumed)))
            np.testing.assert_allclose(solution.policy[z, job, j], asked, rtol=1e-8)
            # Who holds so much that this is kept consumes so much.
            held = (nodes + asked - e.income(job, k, z)) / e.gross_return(k, z)
            there = held >= 0
            np.testing.assert_allclose(solution.consumption(held[there], job, k, z), asked[there], rtol=1e-8)


def test_choices_are_what_there_is_and_the_limit_binds_for_the_poor(solution):
    assets, job, z = np.linspace(0, 90, 181)[:, None, None], np.array([[0], [1]]), np.array([0, 1])
    consumed, kept = (choose(assets, job, 38.0, z) for choose in (solution.consumption, solution.assets_ahead))
    np.testing.assert_allclose(consumed + kept, solution.economy.cash(assets, job, 38.0, z))
    assert (kept[0, 0] == 0).all() and (kept[0, 1] > 0).all() and (np.diff(consumed, axis=0) > 0).all()
    assert np.shape(solution.consumption(3.0, 1, 38.0, 0)) == ()
    # A path tables the same choices at the histogram's nodes.
    walk = Walk(solution.household, solution.policy, solution.histogram)
    expected = solution.assets_ahead(solution.histogram.nodes, job, 38.0, 1)
    np.testing.assert_allclose(walk.kept(38.0, 1), expected, rtol=1e-12, atol=1e-12)


def test_published_facts(solution):
    """The law that Maliar, Maliar and Valli publish (2010, section 4), fitted to 1,000 quarters of sampled households;
    mean capital of the comparison's participants (Den Haan 2010), within what 2,000 quarters' luck leaves open."""
    found = krusell_smith_accuracy(solution, 2000)
    published = PerceivedLaw(np.array([[0.123815, 0.965565], [0.137800, 0.963238]]), 0.0)
    for z in (0, 1):
        for capital in (38.0, 39.4, 41.0):
            np.testing.assert_allclose(solution.law(np.log(capital), z), published(np.log(capital), z), atol=1.5e-4)
    assert 39.0 < found.mean_capital < 39.8, found
    assert found.r_squared > 0.99999 and found.law_error < 0.005, found
    assert found.forecast_mean < 0.1 and found.forecast_max < 0.3, found
    assert found.euler_mean < -4.5 and found.euler_max < -2 and 0 < found.constrained < 1e-3, found


def test_patience_raises_capital(solution):
    patient, z = SMALLEST.solve({"beta": 0.992}), solution.times(300, seed=3)
    ratio = patient.simulate(z).capital / solution.simulate(z).capital
    complete = patient.economy.complete_capital / solution.economy.complete_capital
    assert (ratio > 1.05).all() and ratio.mean() == pytest.approx(complete, abs=0.01)


def test_a_path_goes_on_from_a_distribution(solution):
    z = solution.times(40, seed=5)
    whole = solution.simulate(z, quarters=[0, 25])
    rest = solution.simulate(z[25:], whole.distributions[1])
    np.testing.assert_allclose(rest.capital, whole.capital[25:])
    np.testing.assert_allclose(whole.distributions[0], solution.start[z[0]])
    np.testing.assert_allclose(whole.distributions.sum(axis=2)[:, 0], solution.economy.unemployment[z[[0, 25]]])
    np.testing.assert_allclose(solution.histogram.mean(whole.last), whole.capital[-1])


def test_what_makes_no_sense_is_refused(solution):
    with pytest.raises(UnknownNameError, match="did you mean 'beta'"):
        SMALL.solve({"betta": 0.9})
    with pytest.raises(SettingError, match="some probability would be negative"):
        SMALL.solve({"unemployment_good": 0.2})
    with pytest.raises(SettingError, match="a higher mu"):
        SMALL.solve({"mu": 0.0})
    with pytest.raises(SettingError, match="beta, alpha"):
        KrusellSmithEconomy(beta=1.0)
    with pytest.raises(SettingError, match="at least 160 assets"):
        KrusellSmithReference(assets=50)
    with pytest.raises(NotSolvedError, match="policy_iterations"):
        KrusellSmithReference(policy_iterations=3).solve()
    with pytest.raises(OutOfRangeError, match="capital_width"):
        solution.consumption(1.0, 1, 80.0, 0)
    with pytest.raises(SettingError, match="0 in bad times"):
        solution.simulate([0, 2])
    with pytest.raises(ShapeError, match="employment, assets"):
        solution.simulate([0, 1], np.ones(5))
    with pytest.raises(SettingError, match="masses of unemployed and employed"):
        solution.simulate([1, 1], solution.start[0])
