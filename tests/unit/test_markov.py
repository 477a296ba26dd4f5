"""Markov chains as exogenous states: exact sums, thresholds of shocks, long-run shares."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hanknn
from hanknn import AR1, MarkovChain, Model, Parameter, ParameterSpace, Variable
from hanknn.economy import Economy, Equations
from hanknn.economy.expectations import GaussHermite
from hanknn.economy.markov import lasting
from hanknn.economy.points import Point
from hanknn.machine.errors import ModelError, UnknownNameError

ODDS = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.0, 0.25, 0.75]])


class Priced(Model):
    """An asset that pays 1 + d(s) + z next period; its price is a plain expectation."""

    name = "priced"
    parameters = ParameterSpace(rho=Parameter(0.5), sigma=Parameter(0.2))
    states = {"s": MarkovChain("odds", "$s$", "times"), "z": AR1("rho", "sigma", "$z$", "noise")}
    policies = {"price": Variable("$p$", "price")}

    def derived(self, theta):
        return {"odds": jnp.asarray(ODDS), "pays": jnp.array([1.0, 5.0, -2.0])}

    def state_scale(self, theta):
        return {"s": 1.0, "z": 0.2}

    def expectands(self, now, next, theta):
        return {"pay": theta.pays[next.s.astype(int)] * jnp.exp(next.z)}

    def residuals(self, now, expected, theta):
        return {"price": now.price - expected.pay}


def test_expectations_over_a_chain_and_a_normal_shock_are_sums_over_both():
    equations = Equations(Priced())
    with jax.enable_x64(True):
        theta = equations.parameters(jnp.asarray(equations.model.parameters.baseline))
        policy = lambda state, theta: Point({"price": jnp.zeros((), theta.dtype)}, "policy")
        economy = Economy(equations, policy)
        for value in range(3):
            state = Point({"s": jnp.asarray(float(value)), "z": jnp.asarray(0.1)}, "state")
            found = -economy.residuals(state, theta, GaussHermite(9), jax.random.key(0))
            exact = ODDS[value] @ [1.0, 5.0, -2.0] * np.exp(0.05 + 0.2**2 / 2)
            np.testing.assert_allclose(found, [exact], rtol=1e-9)


def test_shocks_lead_to_values_as_often_as_the_odds_say():
    chain, draws = MarkovChain("odds", "$s$", "times"), jax.random.normal(jax.random.key(1), (40_000,))
    theta = Point({"odds": jnp.asarray(ODDS)})
    for value in range(3):
        now = Point({"s": jnp.asarray(float(value))})
        later = jax.vmap(lambda e, now=now: chain.transition("s", now, Point({"eps_s": e}), theta)["s"])(draws)
        shares = np.bincount(np.asarray(later).astype(int), minlength=3) / len(draws)
        np.testing.assert_allclose(shares, ODDS[value], atol=4 * 0.5 / len(draws) ** 0.5)


def test_every_cell_leads_to_its_own_value():
    chain, theta = MarkovChain("odds", "$s$", "times"), Point({"odds": jnp.asarray(ODDS)})
    for value in range(3):
        now = Point({"s": jnp.asarray(float(value))})
        places, chances = chain.cells("s", now, theta)
        np.testing.assert_allclose(chances, ODDS[value], atol=1e-7)
        for k in np.flatnonzero(ODDS[value]):
            assert chain.transition("s", now, Point({"eps_s": places[k]}), theta)["s"] == k


def test_long_run_shares_agree_with_the_eigenvector():
    with jax.enable_x64(True):
        found = np.asarray(lasting(jnp.asarray(ODDS)))
    values, vectors = np.linalg.eig(ODDS.T)
    exact = np.real(vectors[:, np.argmax(values.real)])
    np.testing.assert_allclose(found, exact / exact.sum(), atol=1e-12)


def test_a_chain_that_cannot_stay_has_long_run_shares_too():
    with jax.enable_x64(True):
        np.testing.assert_allclose(lasting(jnp.array([[0.0, 1.0], [1.0, 0.0]])), [0.5, 0.5])


def test_odds_that_are_not_there_or_no_matrix_are_told():
    class Missing(Priced):
        states = {"s": MarkovChain("oddz", "$s$", "times"), "z": AR1("rho", "sigma", "$z$", "noise")}

    class Row(Priced):
        def derived(self, theta):
            return {"odds": jnp.ones(3) / 3, "pays": jnp.zeros(3)}

    with pytest.raises(UnknownNameError, match="odds"):
        Equations(Missing())
    with pytest.raises(ModelError, match="square matrix"):
        Equations(Row())


def test_a_chain_is_a_name_of_the_library():
    assert "MarkovChain" in dir(hanknn)
