"""`rank`'s policy rule with its bound, and what the shipped solution says of the zero lower bound."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hanknn
from hanknn.economy import Equations
from hanknn.economy.points import Point
from hanknn.machine.errors import NotSolvedError
from hanknn.models.rank import log_notional_rate


@pytest.mark.parametrize("relaxation", [0.0, 0.5, 1.0])
def test_the_rate_is_the_rules_or_at_its_bound_whatever_a_network_says(relaxation):
    with jax.enable_x64(True):
        model = hanknn.models.RANK()
        equations = Equations(model).relaxed(relaxation)
        rng = np.random.default_rng(0)
        thetas = jnp.asarray(model.parameters.sample(500, seed=1))
        normals, moved = (jnp.asarray(2 * rng.normal(size=(500, n))) for n in (1, equations.output_size))

        def rates(vector, normal, moved):
            theta = equations.parameters(vector)
            state = equations.ergodic_state(normal, theta)
            center, scale = equations.about(state, theta)
            policy = equations.policies_at(center + 0.3 * scale * moved, state, theta)
            expected = Point({"marginal_utility": 0.0, "price_pressure": 0.0})
            rows = equations.residuals_given(state, policy, expected, theta)
            return policy.log_rate, log_notional_rate(policy, theta), rows[2]

        found, notional, row = (np.asarray(a) for a in jax.jit(jax.vmap(rates))(thetas, normals, moved))
    assert np.abs(row).max() < 1e-12
    binds = notional < 0
    assert 0.1 < binds.mean() < 0.9
    np.testing.assert_allclose(found[~binds], notional[~binds], atol=1e-12)
    if relaxation == 0:
        np.testing.assert_allclose(found[binds], 0, atol=1e-12)
    else:
        assert found.min() < -0.001


def test_the_intended_equilibrium_is_the_one_that_was_learned():
    """Near the target in calm times; in the deflationary one the rate would sit at the bound."""
    solution = hanknn.load("rank")
    calm = solution.policy({"zeta": 0.0}, {"theta_pi": [1.6, 2.0, 2.4], "sigma_zeta": 0.012})
    np.testing.assert_allclose(400 * (calm["inflation"] - np.exp(0.005)), 0, atol=0.1)
    np.testing.assert_allclose(calm["labor"], 1, atol=0.005)
    spells = hanknn.constraint_spells(hanknn.simulate(solution, 50_000))
    assert 0.085 < spells.loc["zlb", "frequency"] < 0.10 and spells.loc["zlb", "mean_length"] < 4


def test_observables_are_annualised_levels_and_the_rate_stops_at_zero():
    path = hanknn.simulate(hanknn.load("rank"), 2000, seed=3)
    np.testing.assert_allclose(path["inflation_rate"], 400 * (path["inflation"] - 1), rtol=1e-9)
    growth = 400 * (path["labor"].to_numpy()[1:] / path["labor"].to_numpy()[:-1] - 1)
    np.testing.assert_allclose(path["output_growth"][1:], growth, atol=1e-9)
    notional = path["notional_rate"].to_numpy()
    np.testing.assert_allclose(path["interest_rate"], np.maximum(notional, 0), atol=1e-9)
    assert (notional < -0.1).any() and ((path["zlb"].to_numpy() < 0) == (notional < 0)).all()


def test_hot_corners_are_refused():
    with pytest.raises(NotSolvedError, match=r"rho_zeta = 0\.88"):
        hanknn.load("rank").policy({"zeta": 0.0}, {"rho_zeta": 0.88, "sigma_zeta": 0.024})
