"""`rank`'s static block, and what its shipped solution says of the zero lower bound."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hanknn
from hanknn.economy import Equations
from hanknn.economy.points import Point
from hanknn.machine.errors import NotSolvedError


@pytest.mark.parametrize("relaxation", [0.0, 0.5, 1.0])
def test_policies_solve_the_static_equations_at_any_expectations(relaxation):
    """Euler equation and Phillips curve hold to rounding where the expectations are the network's outputs."""
    with jax.enable_x64(True):
        model = hanknn.models.RANK()
        equations = Equations(model).relaxed(relaxation)
        rng = np.random.default_rng(0)
        thetas = jnp.asarray(model.parameters.sample(2000, seed=1))
        zeta = rng.normal(0, 0.06, 2000)
        outputs = np.stack([-0.005 + 0.8 * zeta + rng.normal(0, 0.01, 2000), rng.normal(-0.001, 0.004, 2000)], axis=1)

        def residuals(vector, z, out):
            theta, state = equations.parameters(vector), Point({"zeta": z}, "state")
            policy = equations.policies_from(state, equations.outputs_from(out), theta)
            rate = jnp.exp(equations.model.log_rate(equations.slackness(state, policy, theta)[0]))
            expected = {"marginal_utility": jnp.exp(out[0] - z) * policy.labor, "price_pressure": out[1] / policy.labor}
            return equations.residuals_given(state, policy, Point(expected), theta), rate

        found, rate = jax.jit(jax.vmap(residuals))(thetas, jnp.asarray(zeta), jnp.asarray(outputs))
    assert np.abs(np.asarray(found)).max() < 1e-11
    if relaxation == 0:
        assert 0.2 < np.mean(np.asarray(rate) == 1.0) < 0.8 and np.min(np.asarray(rate)) == 1.0
    else:
        assert np.min(np.asarray(rate)) < 0.999


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
