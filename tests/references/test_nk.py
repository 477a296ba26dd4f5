"""`nk` against its closed form, with numbers computed outside the library."""

import numpy as np
import pytest

import hanknn


def exact(zeta, beta=0.97, sigma=2.0, eta=1.125, phi=0.7, phi_pi=1.875, phi_y=0.25, rho=0.875):
    """Equations (23)-(24) of KMR, written out apart from the library."""
    kappa = (1 - phi) * (1 - phi * beta) * (sigma + eta) / phi
    d = (sigma * (1 - rho) + phi_y) * (1 - beta * rho) + kappa * (phi_pi - rho)
    return np.array([(1 - beta * rho) * zeta / d, kappa * zeta / d])


def test_the_oracle_itself_gives_the_published_check_values():
    np.testing.assert_allclose(exact(0.01), [0.00299188, 0.00850406], atol=5e-9)
    np.testing.assert_allclose(exact(0.5), [0.14959378, 0.42520311], atol=5e-9)


@pytest.mark.parametrize("zeta", [0.01, 0.1, 0.5])
def test_shipped_weights_at_the_baseline(zeta):
    policy = hanknn.load("nk").policy({"zeta": zeta})
    np.testing.assert_allclose(policy.to_numpy(), exact(zeta), rtol=1e-3)


def test_shipped_weights_over_the_box():
    solution = hanknn.load("nk")
    rng = np.random.default_rng(0)
    space = solution.model.parameters
    theta = {n: rng.uniform(*space[n].range, 5000) for n in space}
    omega = (1 + theta["eta"]) / (theta["sigma"] + theta["eta"])
    sd = theta["sigma_shock"] * theta["sigma"] * (1 - theta["rho"]) * omega / np.sqrt(1 - theta["rho"] ** 2)
    zeta = sd * rng.standard_normal(5000)
    found = solution.policy({"zeta": zeta}, theta).to_numpy().T
    true = exact(zeta, **{n: v for n, v in theta.items() if n != "sigma_shock"})
    error = np.sqrt(((found - true) ** 2).sum(axis=1) / (true**2).sum(axis=1))
    assert error[0] < 0.002 and error[1] < 0.001


def test_shipped_weights_mean_squared_residual():
    report = hanknn.check(hanknn.load("nk"), seed=77)
    assert report.mean_square < 3e-11
    assert report.worst_policy_error < 0.002
    assert report.verdict.startswith("Accurate")


def test_a_quick_solve_is_close_already(quick):
    for zeta in (0.01, 0.1, 0.5):
        np.testing.assert_allclose(quick.policy({"zeta": zeta}).to_numpy(), exact(zeta), rtol=0.03)


@pytest.mark.slow
def test_the_default_solve_from_a_fresh_seed(nk):
    solved = hanknn.solve(nk, seed=11)
    checks = solved.history.validation
    assert checks["mean_square"].iloc[-1] < 1e-10
    report = hanknn.check(solved.solution)
    assert report.policy_errors.loc["output_gap", "relative_l2"] < 0.006
    assert report.policy_errors.loc["inflation", "relative_l2"] < 0.003
    for zeta in (0.01, 0.1, 0.5):
        np.testing.assert_allclose(solved.solution.policy({"zeta": zeta}).to_numpy(), exact(zeta), rtol=3e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kmr-fresh", "kmr-kept", "kmr-simulated", "kmr-simulated-kept", "kmr-julia"])
def test_every_procedure_of_the_earlier_implementations_learns(nk, name):
    """25,000 gradient steps each; the stepped ones failed in the Julia port (loss above 1)."""
    solved = hanknn.solve(nk, hanknn.recipes.RECIPES[name]())
    assert hanknn.check(solved.solution).mean_square < 5e-7
