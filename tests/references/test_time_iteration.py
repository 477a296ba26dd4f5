"""Time iteration for `rank` against equations written out anew, a linear solution, and finer grids."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

import hanknn
from hanknn.machine.errors import SettingError
from hanknn.references import TimeIteration

BETA, SIGMA, ETA, EPSILON, CHI, TARGET = 0.9975, 1.0, 1.0, 11.0, 0.91, np.exp(0.005)


@pytest.fixture(scope="module")
def baseline():
    return TimeIteration().solve()


def rate(labor, inflation, theta_pi=2.0, theta_y=0.25):
    return max(1.0, TARGET / BETA * (inflation / TARGET) ** theta_pi * labor**theta_y)


@pytest.mark.parametrize("zeta", [-0.07, -0.0365, 0.0, 0.05])
def test_equations_29_and_36_hold_under_another_quadrature(baseline, zeta):
    """Written out from the paper, apart from the reference: below, near and above the kink."""
    at = lambda z: tuple(float(baseline.policy(np.array([[z]]))[name][0, 0]) for name in ("labor", "inflation"))
    labor, inflation = at(zeta)
    now = rate(labor, inflation)
    kink = float(baseline.found.kink[0]) * 0.02 / np.sqrt(1 - 0.49)
    grid = np.unique(np.concatenate([np.linspace(-8, 8, 161), [(kink - 0.7 * zeta) / 0.02]]))
    # Legendre on short panels, one edge of which is the kink: the integrand is smooth on each.
    x, w = np.polynomial.legendre.leggauss(8)
    shocks = ((grid[:-1] + grid[1:]) / 2)[:, None] + np.diff(grid)[:, None] / 2 * x
    weights = np.diff(grid)[:, None] / 2 * w * np.exp(-(shocks**2) / 2) / np.sqrt(2 * np.pi)
    later = 0.7 * zeta + 0.02 * shocks.ravel()
    policy = baseline.policy(later[None, :])
    n, pi = policy["labor"][0], policy["inflation"][0]
    mean = lambda values: weights.ravel() @ values
    euler = 1 - BETA * now * mean(np.exp(later - zeta) * (labor / n) ** SIGMA / pi)
    gap, gaps = inflation / TARGET, pi / TARGET
    cost = 1 - EPSILON + EPSILON * CHI * labor ** (ETA + SIGMA)
    phillips = (gap - 1) * gap - cost / 1000 - mean(pi * (gaps - 1) * gaps * n / labor) / now
    assert abs(euler) < 1e-9 and abs(phillips) < 1e-10


def test_without_large_shocks_it_is_the_linear_solution():
    """Tiny shocks: d log N = a ζ and d log Π = b ζ from the log-linear equations, solved by hand."""
    rho, theta_pi, theta_y, varphi = 0.6, 1.8, 0.3, 900.0
    sd = 1e-5
    parameters = {"rho_zeta": rho, "theta_pi": theta_pi, "theta_y": theta_y, "varphi": varphi, "sigma_zeta": sd}
    found = TimeIteration().solve({k: [v] for k, v in parameters.items()})
    state = sd / np.sqrt(1 - rho**2)
    policy = found.policy(np.array([[-state, 0.0, state]]))
    slopes = {name: (values[0, 2] - values[0, 0]) / (2 * state) / values[0, 1] for name, values in policy.items()}
    # CHI is not exactly 10/11, so the steady state lies a little off the target: R = Π/β, and the Phillips curve.
    excess = lambda x: (1 - BETA) * varphi * (x - 1) * x - (1 - EPSILON + EPSILON * CHI * output(x) ** (ETA + SIGMA))
    output = lambda x: x ** ((1 - theta_pi) / theta_y)
    x = brentq(excess, 0.99, 1.01)
    cost, slope = (x - 1) * x, (2 * x - 1) * x
    # Euler: r + n − E n' − E π' = (1 − ρ) ζ with r = θ_Π π + θ_Y n; Phillips curve: its total differential.
    kappa = EPSILON * CHI * (ETA + SIGMA) * output(x) ** (ETA + SIGMA) / varphi
    phillips = [
        -kappa - BETA * cost * (rho - 1 - theta_y),
        slope * (1 - BETA * rho) - BETA * cost * (rho - theta_pi),
    ]
    a, b = np.linalg.solve([[theta_y + 1 - rho, theta_pi - rho], phillips], [1 - rho, 0.0])
    np.testing.assert_allclose([slopes["labor"], slopes["inflation"]], [a, b], rtol=1e-5)


@pytest.mark.slow
def test_finer_grids_change_nothing(baseline):
    zeta = np.linspace(-0.084, 0.084, 61)[None, :]
    fine = TimeIteration(nodes=80, width=7.5, quadrature=120).solve()
    for name, values in baseline.policy(zeta).items():
        np.testing.assert_allclose(fine.policy(zeta)[name], values, atol=1e-7)


def test_the_bound_binds_as_often_as_known(baseline):
    """About 9 % of quarters at the true values, and the target is missed from below."""
    assert 0.09 < norm.cdf(float(baseline.found.kink[0])) < 0.10
    assert float(baseline.policy(np.zeros((1, 1)))["inflation"][0, 0]) < TARGET


def test_it_says_where_it_diverges():
    found = TimeIteration(tolerance=1e-9).solve({"rho_zeta": [0.88, 0.7], "sigma_zeta": [0.024, 0.02]})
    assert list(found.converged) == [False, True]
    policy = found.policy(np.zeros((2, 1)))
    assert np.isnan(policy["labor"][0]) and np.isfinite(policy["labor"][1])
    assert not TimeIteration(max_iterations=20).solve().converged[0]


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(SettingError):
        TimeIteration(nodes=2)
    with pytest.raises(SettingError):
        TimeIteration(tolerance=0.0)


@pytest.mark.parametrize("count", [12])
def test_shipped_weights_agree_with_time_iteration(count):
    """At random draws that the solution claims to solve: all exist, and policies agree."""
    solution = hanknn.load("rank")
    space = solution.model.parameters
    rng = np.random.default_rng(3)
    thetas = np.tile(space.baseline, (count, 1))
    for name in space.free:
        thetas[:, space.names.index(name)] = rng.uniform(*space[name].range, count)
    reference = TimeIteration(tolerance=1e-10).solve(thetas)
    solved = solution.solved(thetas)
    assert (solved == reference.converged).mean() > 0.9 and solved.sum() > 6
    named = {name: thetas[solved, space.names.index(name)] for name in space.free}
    sd = thetas[:, space.names.index("sigma_zeta")] / np.sqrt(1 - thetas[:, space.names.index("rho_zeta")] ** 2)
    for place in (-3, -1, 0, 2):
        known = {name: values[solved, 0] for name, values in reference.policy(place * sd[:, None]).items()}
        found = solution.policy({"zeta": place * sd[solved]}, named)
        assert np.median(np.abs(found["labor"] / known["labor"] - 1)) < 2e-4
        assert np.median(400 * np.abs(found["inflation"] - known["inflation"])) < 0.005
