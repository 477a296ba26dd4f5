"""Both Smets-Wouters models to first order, against the paper's equations written as matrices and solved by QZ."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import smets_wouters_matrices as matrices

from hanknn.economy import Equations
from hanknn.models import LinearSmetsWouters, SmetsWouters

DRAWS, PERIODS = 20, 40
UNITS = {"smets_wouters_linear": np.ones(7), "smets_wouters": np.where(np.array([*matrices.OBSERVED]) == "hours", 1, 4)}
"""The nonlinear model's growth, inflation and rates are annualised."""


def published(model, vector):
    """The parameters of the matrices, and whether the rule looks at the output gap."""
    given = dict(zip(model.parameters.names, vector, strict=True))
    if isinstance(model, SmetsWouters):
        return given | {"rho_r": 0, "mu_p": 0, "mu_w": 0}, False
    return given, True


def first_order(model):
    """Responses of observables to shocks in the order of the matrices, their covariance, and determinacy."""
    equations = Equations(model)
    names = tuple(matrices.OBSERVED)
    order = np.array([equations.shocks.index(f"eps_{name}") for name in matrices.SHOCKS])

    def at(vector):
        theta = equations.parameters(vector)
        linear = theta.linear

        def observed(now, last):
            points = []
            for away in (now, last):
                states, policies = equations.coordinates[0], equations.coordinates[1]
                moved = linear.outputs + linear.slopes @ away
                points.append((states.point(linear.states + away), policies.point(moved)))
            return equations.observe(points[1], points[0], theta, names)

        rest = jnp.zeros_like(linear.states)
        here, before = jax.jacfwd(observed, (0, 1))(rest, rest)

        def step(state, _):
            now, last = state
            return (linear.move @ now, now), here @ now + before @ last

        start = linear.hit[:, order]
        _, paths = jax.lax.scan(step, (start, jnp.zeros_like(start)), length=PERIODS)
        variance = linear.root @ linear.root.T
        across = here @ linear.move @ variance @ before.T
        total = here @ variance @ here.T + before @ variance @ before.T + across + across.T
        return paths, total, observed(rest, rest), linear.determinate

    return jax.jit(jax.vmap(at))


@pytest.fixture(scope="module", params=[LinearSmetsWouters, SmetsWouters], ids=lambda model: model.name)
def solved(request):
    """The model, parameter draws with the published mode first, and its first-order solution at each."""
    with jax.enable_x64(True):
        model = request.param()
        thetas = np.concatenate([model.parameters.baseline[None], model.parameters.sample(DRAWS)])
        return model, thetas, [np.asarray(part) for part in first_order(model)(jnp.asarray(thetas))]


def test_impulse_responses_and_covariances_are_those_of_the_published_equations(solved):
    model, thetas, (paths, variance, _, determinate) = solved
    units = UNITS[model.name]
    assert determinate.all()
    for k, vector in enumerate(thetas):
        given, to_gap = published(model, vector)
        exact = units[:, None] * matrices.responses(given, PERIODS, to_gap)
        np.testing.assert_allclose(paths[k], exact, rtol=0, atol=1e-8)
        exact = units[:, None] * matrices.covariance(given, to_gap) * units
        np.testing.assert_allclose(variance[k], exact, rtol=1e-8, atol=1e-8)


def test_observables_at_rest_are_the_published_means(solved):
    """Equation (15); the nonlinear model's are logarithms."""
    model, thetas, (_, _, rest, _) = solved
    for vector, found in zip(thetas, rest, strict=True):
        given = published(model, vector)[0]
        gamma, inflation = 1 + given["gamma_bar"] / 100, 1 + given["pi_bar"] / 100
        rate = gamma ** given["sigma_c"] * inflation * (1 + given["beta_bar"] / 100)
        if isinstance(model, SmetsWouters):
            means = [400 * np.log(gamma)] * 4 + [0.0, 400 * np.log(inflation), 400 * np.log(rate)]
        else:
            means = [given["gamma_bar"]] * 4 + [given["l_bar"], given["pi_bar"], 100 * (rate - 1)]
        np.testing.assert_allclose(found, means, rtol=1e-9, atol=1e-9)


def test_what_the_paper_says_of_its_shocks_holds_at_the_published_mode(solved):
    """Sections III and IV: hours fall with better technology; demand shocks drive output within a year, supply after
    ten; mark-ups drive inflation, of prices at first, of wages later; policy moves the rate at first."""
    model, _, (paths, variance, _, _) = solved
    if isinstance(model, SmetsWouters):
        pytest.skip("another rule and other mark-ups")
    output, _, _, _, hours, inflation, rate = range(7)
    a, b, g, i, r, p, w = range(7)
    assert paths[0, 0, hours, a] < 0 < paths[0, 0, output, a]
    level = np.cumsum(paths[0, :, output], axis=0)
    hump = np.argmin(level[:, r])
    assert 1 <= hump <= 8 and paths[0, 0, rate, r] > 0 > paths[0, 0, inflation, r]

    def shares(of, periods):
        parts = (of[:periods] ** 2).sum(axis=0)
        return parts / parts.sum()

    assert shares(level, 4)[[b, g, i]].sum() > 0.5
    assert shares(level, 40)[[a, w]].sum() > 0.5
    assert shares(paths[0, :, inflation], 1)[p] > 0.5 and shares(paths[0, :, inflation], 40)[w] > 0.5
    assert np.argmax(shares(paths[0, :, rate], 1)) == r
    assert 0.8 < np.sqrt(variance[0, output, output]) < 1.1  # percent a quarter
