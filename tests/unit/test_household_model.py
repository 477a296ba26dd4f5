"""The household block: choices, steady states, modes and tables, each against what does not share its code."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

import hanknn
from hanknn.economy import Equations
from hanknn.economy.expectations import GaussHermite
from hanknn.economy.households import AssetGrid, Saving
from hanknn.economy.households.making import made_tables
from hanknn.economy.households.steady import SteadySearch
from hanknn.economy.households.steady_tables import SteadyTables, exponents, terms
from hanknn.economy.points import Point, replaced
from hanknn.machine.errors import ModelError, NotSolvedError, SettingError
from hanknn.models import Huggett, KrusellSmith
from hanknn.models.huggett import chances as endowment_chances, income as endowments
from hanknn.models.krusell_smith import chances, income
from hanknn.references.krusell_smith.economy import KrusellSmithEconomy


class SmallHuggett(Huggett):
    household = Saving(("unlucky", "lucky"), endowments, endowment_chances, AssetGrid(60, 16.0, 2.0), least="limit")
    modes = 8


class SmallKrusellSmith(KrusellSmith):
    household = Saving(("unemployed", "employed"), income, chances, AssetGrid(80, top=300.0, power=4.0))
    modes = 8


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="module")
def huggett():
    return SmallHuggett().only(rho=0.95).prepared()


def steady_state(model, **values):
    return SteadySearch(model).solve(np.asarray(model.parameters.resolve(values)))


def test_households_who_neither_risk_nor_wait_eat_what_their_assets_yield():
    """βR = 1 and one income: c = (R − 1) a + y for ever, far from the limit."""
    gross, pay = 1.02, 1.3
    block = Saving(
        ("one", "other"),
        lambda prices, theta: jnp.array([pay, pay]),
        lambda now, later, theta: jnp.array([[0.5, 0.5], [0.2, 0.8]]),
        AssetGrid(200, 30.0, 2.0),
        discount=1 / gross,
        risk_aversion=2.0,
    )
    theta, prices = Point({"x": jnp.zeros(())}), Point({"gross_return": jnp.asarray(gross)})
    consumption = (gross - 1) * block.nodes(theta)[:, None] + pay
    expected = gross * jnp.broadcast_to(consumption, block.shape) ** -2.0
    found = block.chosen(expected, prices, theta)
    inside = slice(0, 190)
    np.testing.assert_allclose(found.consumption[inside], jnp.broadcast_to(consumption, block.shape)[inside], rtol=1e-6)
    np.testing.assert_allclose(found.marginal_value[inside], expected[inside], rtol=1e-5)


def held_in_all(nodes, pay, risk, beta, gamma, price=1.0, gross=1.0, tolerance=1e-11):
    """Mean assets by plain NumPy: linear interpolation, the distribution by one dense system."""
    spent = np.maximum((gross - price) * nodes[:, None] + pay, 0.05)
    for _ in range(20_000):
        asked = (beta * gross / price * spent**-gamma @ risk.T) ** (-1 / gamma)
        new = np.empty_like(spent)
        for s in range(2):
            wealth = (asked[:, s] + price * nodes - pay[s]) / gross
            bound = gross * nodes + pay[s] - price * nodes[0]
            new[:, s] = np.where(nodes < wealth[0], bound, np.interp(nodes, wealth, asked[:, s]))
        change, spent = np.abs(new / spent - 1).max(), new
        if change < tolerance:
            break
    kept = np.clip((gross * nodes[:, None] + pay - spent) / price, nodes[0], nodes[-1])
    left = np.clip(np.searchsorted(nodes, kept, side="right") - 1, 0, len(nodes) - 2)
    share = (kept - nodes[left]) / (nodes[left + 1] - nodes[left])
    move = np.zeros((len(nodes), 2, len(nodes), 2))
    for a, s in np.ndindex(len(nodes), 2):
        move[a, s, left[a, s]] += (1 - share[a, s]) * risk[s]
        move[a, s, left[a, s] + 1] += share[a, s] * risk[s]
    matrix = move.reshape(2 * len(nodes), -1)
    system = np.vstack([(matrix.T - np.eye(len(matrix)))[:-1], np.ones(len(matrix))])
    mass = np.linalg.solve(system, np.eye(len(matrix))[-1])
    return float(mass.reshape(-1, 2).sum(axis=1) @ nodes)


@pytest.mark.parametrize("values", [{}, {"gamma": 2.5, "limit": -5.0}])
def test_the_bond_price_agrees_with_plain_numpy_on_another_grid(values):
    model = Huggett()
    found = steady_state(model, **values)
    theta = dict(zip(model.parameters.names, model.parameters.resolve(values), strict=True))
    low, risk = theta["limit"], np.array([[0.5, 0.5], [0.075, 0.925]])
    nodes, pay = low + (24 - low) * np.linspace(0, 1, 300) ** 2, np.array([0.1, 1.0])
    supply = lambda q: held_in_all(nodes, pay, risk, theta["beta"], theta["gamma"], price=q)
    exact = brentq(supply, 0.994, 1.002, xtol=1e-7)
    # In terms of the annual rate this is 0.03 points.
    np.testing.assert_allclose(found.unknowns, [exact], atol=5e-5)


def test_capital_at_rest_agrees_with_plain_numpy_on_another_grid():
    model = KrusellSmith().only(beta=0.985)
    capital = float(steady_state(model).unknowns[0])
    theta = dict(zip(model.parameters.names, model.parameters.baseline, strict=True))
    jobs = KrusellSmithEconomy().job_chances
    risk = jobs.mean(axis=(0, 1))
    jobless = np.linalg.solve(np.vstack([(risk.T - np.eye(2))[:1], np.ones(2)]), [0.0, 1.0])[0]
    labor, nodes = theta["l_bar"] * (1 - jobless), 300 * np.linspace(0, 1, 300) ** 3

    def missing(capital):
        wage, gross = 0.64 * (capital / labor) ** 0.36, 1 - 0.025 + 0.36 * (capital / labor) ** -0.64
        pay = wage * np.array([0.15, (1 - 0.15 * jobless / labor) * theta["l_bar"]])
        return held_in_all(nodes, pay, risk, 0.985, 1.0, gross=gross) - capital

    exact = brentq(missing, 0.98 * capital, 1.02 * capital, xtol=1e-3)
    np.testing.assert_allclose(capital, exact, rtol=2e-3)


def test_a_steady_state_satisfies_all_of_its_equations():
    model = SmallKrusellSmith()
    search = SteadySearch(model)
    rest = search.solve(np.asarray(model.parameters.baseline))
    assert np.abs(search.remainders(jnp.asarray(model.parameters.baseline), rest)).max() < 1e-9
    np.testing.assert_allclose(rest.distribution.sum(), 1, rtol=1e-12)
    assert rest.distribution.min() > -1e-12


def test_the_parameters_that_move_the_steady_state_are_found():
    model = SmallKrusellSmith().only("spread", "duration", gamma=(1.0, 1.2))
    tables = made_tables(model)
    assert tables.moving == {"gamma": (1.0, 1.2)}
    assert tables.error < 1e-4
    assert set(tables.fixed) == set(model.parameters.names) - {"spread", "duration", "gamma"}
    assert made_tables(SmallHuggett().only()).fixed.keys() == {"beta", "gamma", "limit", "low", "finding", "keeping"}


def test_tables_give_steady_states_between_their_nodes():
    model = SmallHuggett().only(gamma=(1.2, 2.0)).prepared()
    equations = Equations(model)
    for gamma in (1.27, 1.83):
        exact = steady_state(model, gamma=gamma)
        theta = equations.parameters(jnp.asarray(model.parameters.resolve({"gamma": gamma})))
        np.testing.assert_allclose(theta.households.unknowns["bond_price"], exact.unknowns[0], atol=1e-6)
        np.testing.assert_allclose(theta.households.log_value, exact.log_value, atol=2e-4)


def test_modes_are_orthonormal_and_leave_little(huggett):
    tables = huggett.steady_tables
    products = np.einsum("iab,jab,ab->ij", tables.modes, tables.modes, tables.weights)
    np.testing.assert_allclose(products, np.eye(huggett.modes), atol=1e-10)
    assert tables.left < 1e-3
    np.testing.assert_allclose(tables.weights.sum(), 1)


def test_types_whose_shares_stand_still_are_no_inputs(huggett):
    assert len(huggett.steady_tables.measures) < len(made_tables(SmallKrusellSmith().only()).measures)


def test_polynomials_have_all_terms_of_their_degree():
    moving = {"a": (0.0, 2.0), "b": (-1.0, 1.0)}
    rng = np.random.default_rng(0)
    places = rng.uniform(-1, 1, (60, 2))
    basis = [terms(moving, 4, Point({"a": jnp.asarray(1 + x), "b": jnp.asarray(y)})) for x, y in places]
    basis = np.stack([np.asarray(row) for row in basis])
    assert basis.shape[1] == len(exponents(2, 4)) == 15
    for i in range(5):
        for j in range(5 - i):
            wanted = places[:, 0] ** i * places[:, 1] ** j
            np.testing.assert_allclose(basis @ np.linalg.lstsq(basis, wanted, rcond=None)[0], wanted, atol=1e-10)


def test_distributions_move_with_assets_and_types_and_markets_clear(huggett):
    equations = Equations(huggett)
    theta = equations.parameters(jnp.asarray(huggett.parameters.baseline))
    state = equations.units(theta).state_center
    policy = Point({"bond_price": theta.households.unknowns["bond_price"] + 2e-3, "value": jnp.zeros(8)}, "policy")
    later = equations.transition(state, policy, jnp.ones(1), theta)
    held = jnp.sum(later.distribution * huggett.household.nodes(theta)[:, None])
    np.testing.assert_allclose([jnp.sum(later.distribution), held], [1, 0], atol=1e-9)
    np.testing.assert_allclose(jnp.sum(later.distribution, axis=0), jnp.sum(state.distribution, axis=0), atol=1e-12)


def test_residuals_vanish_in_the_steady_state_without_shocks(huggett):
    equations = Equations(huggett)
    vector = jnp.asarray(huggett.parameters.baseline)
    theta = equations.parameters(vector)
    calm = replaced(theta, sigma=0 * vector[0])
    state = equations.units(theta).state_center
    policy = lambda state, theta: Point({**theta.households.unknowns, "value": jnp.zeros(8)}, "policy")
    found = equations.residuals(policy, state, calm, GaussHermite(3), jax.random.key(0))
    # `euler_remainder` is never below the number that keeps its root smooth.
    assert np.abs(found).max() < 1e-5


def test_a_narrower_box_keeps_its_steady_states_and_another_calibration_does_not(huggett):
    assert huggett.only(rho=0.9).steady_tables is huggett.steady_tables
    assert huggett.only(beta=0.99).steady_tables is None


def test_tables_travel_with_a_file(huggett):
    tables = huggett.steady_tables
    again = SteadyTables.from_file(tables.described(), tables.arrays)
    assert again.described() == tables.described()
    for one, other in zip(again.arrays, tables.arrays, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_same_model_gives_the_same_tables(huggett):
    again = made_tables(SmallHuggett().only(rho=0.95))
    for one, other in zip(again.arrays, huggett.steady_tables.arrays, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_solution_is_saved_and_loaded_without_solving_steady_states(huggett, tmp_path, monkeypatch):
    from dataclasses import replace

    recipe = hanknn.recipes.distribution(iterations=1)
    small = replace(recipe.methods[0], sample=replace(recipe.methods[0].sample, points=64))
    network = replace(recipe.network, width=2, depth=1, curved_width=8)
    solved = hanknn.solve(huggett, replace(recipe, network=network, methods=(small,)))
    path = solved.solution.save(tmp_path / "huggett.npz")
    monkeypatch.setattr("hanknn.economy.households.household_model.made_tables", lambda *given: pytest.fail("solved"))
    loaded = hanknn.load(path, SmallHuggett().only(rho=0.95))
    for one, other in zip(jax.tree.leaves(loaded.network), jax.tree.leaves(solved.solution.network), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_guess_far_from_any_steady_state_is_told():
    class Lost(SmallHuggett):
        def steady_state(self, theta):
            return {"bond_price": 0.5 + 0 * theta.beta}

    with pytest.raises(NotSolvedError, match=r"Lost\.steady_state"):
        steady_state(Lost())


def test_prices_that_move_too_far_to_be_paid_are_told():
    class Wild(SmallHuggett):
        moves = {"bond_price": 0.2}

    with pytest.raises(NotSolvedError, match=r"cannot pay .*Wild\.moves"):
        made_tables(Wild().only())


def misspelt():
    class Misspelt(SmallKrusellSmith):
        def prices(self, now, theta):
            return {"wage": now.aset, "tax": 0.1, "gross_return": 1.0}

    return Misspelt(), "unknown variable 'aset'.* did you mean 'assets'"


def guessed_by_another_name():
    class Guessed(SmallKrusellSmith):
        def steady_state(self, theta):
            return {"asets": 30.0}

    return Guessed(), "asets.* did you mean 'assets'"


def vector_price():
    class Vector(SmallKrusellSmith):
        def prices(self, now, theta):
            return {"wage": jnp.ones(2), "tax": 0.1, "gross_return": 1.0}

    return Vector(), "'wage' .* shape"


def price_without_guess():
    class Unguessed(SmallKrusellSmith):
        policies = {"rate": hanknn.Variable("$r$", "rate")}

    return Unguessed(), "no 'rate'; it returns a guess"


def price_without_market():
    class Marketless(SmallKrusellSmith):
        policies = {"rate": hanknn.Variable("$r$", "rate")}

        def steady_state(self, theta):
            return {**super().steady_state(theta), "rate": 0.01}

    return Marketless(), "2 unknowns .rate, assets. and 1 conditions"


@pytest.mark.parametrize(
    "mistake", [misspelt, guessed_by_another_name, vector_price, price_without_guess, price_without_market]
)
def test_mistakes_in_an_economy_with_households_are_told_in_its_words(mistake):
    model, message = mistake()
    with pytest.raises(hanknn.HanknnError, match=message):
        Equations(model.only())


def test_choices_that_are_missing_or_of_another_shape_are_told(huggett):
    class Silent(Saving):
        def choices(self, expected, prices, theta):
            return {"assets": expected}

    class Short(Saving):
        def choices(self, expected, prices, theta):
            return {**super().choices(expected, prices, theta), "hours": jnp.ones(3)}

    prices, theta = Point({"asset_price": jnp.asarray(0.99)}), Point({"beta": jnp.asarray(0.99), "gamma": jnp.ones(())})
    for kind, message in ((Silent, "no 'consumption'"), (Short, "'hours' .* shape")):
        block = kind(("one",), lambda p, t: jnp.ones(1), lambda n, la, t: jnp.ones((1, 1)), AssetGrid(10))
        with pytest.raises(ModelError, match=message):
            block.chosen(jnp.ones(block.shape), prices, theta)


def test_a_grid_of_few_nodes_is_refused():
    with pytest.raises(SettingError, match="at least 8"):
        AssetGrid(5)
