"""Second-order terms of the library's own solution against a closed form, and the rate at which they err."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hanknn
from hanknn import AR1, Parameter, ParameterSpace, Variable
from hanknn.economy import Equations
from hanknn.economy.expectations import Monomial
from hanknn.models import RANK, RBC

MEAN_GROWTH, PATIENCE, CURVATURE = 0.0179, 0.95, -1.5


class Burnside(hanknn.Model):
    """The price-dividend ratio where growth of dividends is an AR(1) (Burnside 1998, JEDC 22)."""

    name = "burnside"
    parameters = ParameterSpace(rho=Parameter(-0.139, (-0.3, 0.6)), sigma=Parameter(0.001, (0.0005, 0.002)))
    states = {"growth": AR1("rho", "sigma", "x", "growth, from its mean")}
    policies = {"ratio": Variable("y", "price over dividend")}

    def expectands(self, now, next, theta):
        return {"ratio": PATIENCE * jnp.exp(CURVATURE * (MEAN_GROWTH + next.growth)) * (1 + next.ratio)}

    def residuals(self, now, expected, theta):
        return {"pricing": now.ratio - expected.ratio}


def closed_form(rho: float, sigma: float) -> tuple[float, float]:
    """The second derivative in the state, and what uncertainty adds, to second order."""
    i = np.arange(1, 2000)
    weight = PATIENCE**i * np.exp(CURVATURE * MEAN_GROWTH * i)
    slopes = CURVATURE * rho * (1 - rho**i) / (1 - rho)
    spread = i - 2 * rho * (1 - rho**i) / (1 - rho) + rho**2 * (1 - rho ** (2 * i)) / (1 - rho**2)
    return float(weight @ slopes**2), float(weight @ spread * CURVATURE**2 * sigma**2 / (2 * (1 - rho) ** 2))


@pytest.mark.parametrize(("rho", "sigma"), [(-0.139, 0.001), (0.5, 0.0005)])
def test_terms_are_those_of_the_closed_form(rho, sigma):
    with jax.enable_x64(True):
        linear = Equations(Burnside()).parameters(jnp.array([rho, sigma])).linear
    bend, risk = closed_form(rho, sigma)
    np.testing.assert_allclose(linear.bend, [[[bend]]], rtol=1e-9)
    np.testing.assert_allclose(linear.risk, [risk], rtol=1e-4)


@pytest.mark.parametrize(("model", "sigma"), [(RBC(), "sigma"), (RANK(), "sigma_zeta")])
def test_what_equations_say_of_it_falls_with_the_third_power(model, sigma):
    """Half the shocks and half the distance: residuals are an eighth."""
    with jax.enable_x64(True):
        own = model.relaxed(1.0)
        equations = Equations(own)
        places = own.parameters.names.index(sigma)
        normal = jnp.asarray(np.random.default_rng(0).normal(size=len(equations.states)))

        def policy(state, theta):
            linear, away = theta.linear, theta.linear.away(state)
            bent = linear.outputs + linear.risk + (linear.slopes + linear.bend @ away / 2) @ away
            return equations.policies_from(state, equations.outputs_from(bent), theta)

        def size(share):
            theta = equations.parameters(jnp.asarray(own.parameters.baseline).at[places].multiply(share))
            state = equations.ergodic_state(normal, theta)
            rows = equations.residuals(policy, state, theta, Monomial(5), jax.random.key(0))
            return jnp.max(jnp.abs(rows))

        sizes = np.array(jax.jit(jax.vmap(size))(jnp.array([0.2, 0.1])))
    assert 6.5 < sizes[0] / sizes[1] < 9.5
