"""The representative-agent New Keynesian model with the zero lower bound (KMR section 3.2)."""

import math

import jax.numpy as jnp
from jaxtyping import Array

from ..economy.exogenous import AR1
from ..economy.model import Model, Pairs, Scalars, Variable
from ..economy.parameters import Parameter, ParameterSpace
from ..economy.points import Point
from ..economy.priors import TruncatedNormal


class RANK(Model):
    """Euler equation (29), Phillips curve (36) and the policy rule with the zero lower bound (37).

    Variables are levels: labour (which is output and consumption) and gross quarterly inflation.
    """

    name = "rank"
    parameters = ParameterSpace(
        theta_pi=Parameter(2.0, (1.5, 2.5), TruncatedNormal(2.0, 0.1), r"$\theta_\Pi$", "policy response to inflation"),
        theta_y=Parameter(0.25, (0.05, 0.5), TruncatedNormal(0.25, 0.05), r"$\theta_Y$", "policy response to output"),
        varphi=Parameter(
            1000.0, (700.0, 1300.0), TruncatedNormal(1000.0, 50.0), r"$\varphi$", "price adjustment cost (Rotemberg)"
        ),
        rho_zeta=Parameter(
            0.7, (0.5, 0.9), TruncatedNormal(0.7, 0.05), r"$\rho_\zeta$", "persistence of the preference shock"
        ),
        sigma_zeta=Parameter(
            0.02, (0.01, 0.025), TruncatedNormal(0.02, 0.0025), r"$\sigma_\zeta$", "s.d. of the preference shock"
        ),
        beta=Parameter(0.9975, label=r"$\beta$", text="discount factor"),
        sigma=Parameter(1.0, label=r"$\sigma$", text="relative risk aversion"),
        eta=Parameter(1.0, label=r"$\eta$", text="inverse Frisch elasticity"),
        epsilon=Parameter(11.0, label=r"$\epsilon$", text="elasticity of substitution between goods"),
        chi=Parameter(0.91, label=r"$\chi$", text="weight of labour in utility"),
        target=Parameter(math.exp(0.02 / 4), label=r"$\bar\Pi$", text="inflation target", unit="gross, quarterly"),
        output_target=Parameter(1.0, label=r"$\bar Y$", text="output target"),
    )
    states = {"zeta": AR1("rho_zeta", "sigma_zeta", r"$\zeta_t$", "preference shock", "log", shock="eps")}
    policies = {
        "labor": Variable(r"$N_t$", "labour, output and consumption", "level", positive=True),
        "inflation": Variable(r"$\Pi_t$", "inflation", "gross, quarterly", positive=True),
        "log_rate": Variable(r"$\log R_t$", "nominal interest rate", "log"),
    }
    constraints = {"zlb": Variable(r"$\log R_t$", "zero lower bound", "log of the notional rate")}
    observables = {
        "output_growth": Variable(r"$400(Y_t/Y_{t-1}-1)$", "output growth", "percent, annualised"),
        "inflation_rate": Variable(r"$400(\Pi_t-1)$", "inflation rate", "percent, annualised"),
        "interest_rate": Variable(r"$400(R_t-1)$", "nominal interest rate", "percent, annualised"),
        "notional_rate": Variable(r"$400(R^N_t-1)$", "notional interest rate", "percent, annualised"),
    }

    wide_scale = 2.0

    def expectands(self, now: Point, next: Point, theta: Point) -> Scalars:
        gap = next.inflation / theta.target
        return {
            "marginal_utility": jnp.exp(next.zeta - now.zeta)
            * (now.labor / next.labor) ** theta.sigma
            / next.inflation,
            "price_pressure": next.inflation * (gap - 1) * gap * next.labor / now.labor,
        }

    def residuals(self, now: Point, expected: Point, theta: Point) -> Scalars:
        """The Euler equation, and the Phillips curve divided by φ."""
        rate = jnp.exp(now.log_rate)
        gap = now.inflation / theta.target
        marginal_cost = theta.chi * now.labor ** (theta.eta + theta.sigma)
        markup = (1 - theta.epsilon + theta.epsilon * marginal_cost) / theta.varphi
        return {
            "euler": 1 - theta.beta * rate * expected.marginal_utility,
            "phillips_curve": (gap - 1) * gap - markup - expected.price_pressure / rate,
        }

    def bounds(self, now: Point, theta: Point) -> Pairs:
        return {"zlb": (now.log_rate, now.log_rate - log_notional_rate(now, theta))}

    def observe(self, now: Point, last: Point, theta: Point) -> Scalars:
        return {
            "output_growth": 400 * (now.labor / last.labor - 1),
            "inflation_rate": 400 * (now.inflation - 1),
            "interest_rate": 400 * jnp.expm1(now.log_rate),
            "notional_rate": 400 * jnp.expm1(log_notional_rate(now, theta)),
        }


def log_notional_rate(now: Point, theta: Point) -> Array:
    """log R^N of equation (37)."""
    return (
        jnp.log(theta.target / theta.beta)
        + theta.theta_pi * jnp.log(now.inflation / theta.target)
        + theta.theta_y * jnp.log(now.labor / theta.output_target)
    )
