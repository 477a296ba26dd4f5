"""The model of docs/extend against its closed form, with draws and quadrature of the test's own."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import hanknn
from hanknn.economy.networks import SmoothNetwork
from hanknn.training.gauss_newton import Curvature, GaussNewton
from hanknn.training.sample import Fixed

PAGE = Path(__file__).parents[2] / "docs" / "extend" / "brock_mirman.py"


@pytest.fixture(scope="module")
def solution():
    spec = importlib.util.spec_from_file_location("brock_mirman", PAGE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    recipe = hanknn.Recipe(
        SmoothNetwork(8, 3, 4, 1),
        (GaussNewton(75, Fixed(points=1024, start=512, double_every=20), curvature=Curvature(float32_until=1.0)),),
    )
    return hanknn.solve(module.BrockMirman(), recipe).solution


def _draws(space, n=10_000, seed=0):
    """Parameters over the box and stationary states: (log k, z) is jointly normal, by hand."""
    rng = np.random.default_rng(seed)
    theta = {name: rng.uniform(*space[name].range, n) for name in space}
    a, rho = theta["alpha"], theta["rho"]
    variance_z = theta["sigma"] ** 2 / (1 - rho**2)
    covariance = rho * variance_z / (1 - a * rho)
    variance_k = (variance_z + 2 * a * covariance) / (1 - a**2)
    first, second = rng.standard_normal((2, n))
    z = np.sqrt(variance_z) * first
    deviation = covariance / np.sqrt(variance_z) * first
    deviation = deviation + np.sqrt(variance_k - covariance**2 / variance_z) * second
    return theta, np.log(a * theta["beta"]) / (1 - a) + deviation, z


def _euler_errors(solution, theta, log_k, z):
    """Implied over actual consumption less 1, with a 15-node rule of its own."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    save = lambda k, z: solution.policy({"log_k": k, "z": z}, theta)["savings_rate"].to_numpy()
    a = theta["alpha"]
    s = save(log_k, z)
    output = np.exp(z + a * log_k)
    next_log_k = np.log(s * output)
    expected = 0
    for x, w in zip(nodes, weights / weights.sum(), strict=True):
        next_z = theta["rho"] * z + theta["sigma"] * x
        next_output = np.exp(next_z + a * next_log_k)
        next_c = (1 - save(next_log_k, next_z)) * next_output
        expected = expected + w * theta["beta"] * a * next_output / np.exp(next_log_k) / next_c
    return 1 / (expected * (1 - s) * output) - 1


def test_savings_rate_and_euler_errors(solution):
    theta, log_k, z = _draws(solution.model.parameters)
    found = solution.policy({"log_k": log_k, "z": z}, theta)["savings_rate"].to_numpy()
    assert np.abs(found / (theta["alpha"] * theta["beta"]) - 1).max() < 1e-4
    errors = np.log10(np.abs(_euler_errors(solution, theta, log_k, z)) + 1e-16)
    assert errors.max() < -5 and errors.mean() < -6


def test_the_library_and_the_tests_own_quadrature_agree(solution):
    theta, log_k, z = _draws(solution.model.parameters, n=2000, seed=1)
    by_hand = np.mean(_euler_errors(solution, theta, log_k, z) ** 2)
    np.testing.assert_allclose(hanknn.check(solution).mean_square, by_hand, rtol=0.5)
