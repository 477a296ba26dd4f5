"""The representative-agent New Keynesian model with the zero lower bound (KMR section 3.2)."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..economy.exogenous import AR1
from ..economy.model import Model, Scalars, Variable
from ..economy.parameters import Parameter, ParameterSpace
from ..economy.points import Point
from ..economy.priors import TruncatedNormal

NEWTON_STEPS = 4


class Allocation(NamedTuple):
    """What the static equations give: logs of labour and of Π/Π̄, and of the notional rate and the rate."""

    labor: Array
    inflation_gap: Array
    notional_rate: Array
    rate: Array


@dataclass(frozen=True, eq=False)
class RANK(Model):
    """Euler equation (29), Phillips curve (36) and the policy rule with the zero lower bound (37).

    Variables are levels: labour (which is output and consumption) and gross quarterly inflation. The network
    learns the two conditional expectations, which are smooth; labour, inflation and the rate follow from the
    static equations with the exact max, so no kink is left to fit. `relaxation`: the share of the rate's
    movement below the bound that is allowed (0 in the economy itself; training starts from 1).
    """

    relaxation: Array | float = 0.0

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
        "labor": Variable(r"$N_t$", "labour, output and consumption", "level"),
        "inflation": Variable(r"$\Pi_t$", "inflation", "gross, quarterly"),
    }
    outputs = {
        "log_marginal_utility": Variable(
            r"$\log E_t[e^{\zeta_{t+1}} C_{t+1}^{-\sigma}/\Pi_{t+1}]$", "expected real marginal utility", "log"
        ),
        "expected_price_pressure": Variable(
            r"$E_t[\Pi_{t+1}(\Pi_{t+1}/\bar\Pi-1)(\Pi_{t+1}/\bar\Pi)Y_{t+1}]$", "expected price pressure", "level"
        ),
    }
    constraints = {"zlb": Variable(r"$\log R^N_t$", "zero lower bound", "log of the notional rate")}
    observables = {
        "output_growth": Variable(r"$400(Y_t/Y_{t-1}-1)$", "output growth", "percent, annualised"),
        "inflation_rate": Variable(r"$400(\Pi_t-1)$", "inflation rate", "percent, annualised"),
        "interest_rate": Variable(r"$400(R_t-1)$", "nominal interest rate", "percent, annualised"),
        "notional_rate": Variable(r"$400(R^N_t-1)$", "notional interest rate", "percent, annualised"),
    }

    wide_scale = 2.0

    def relaxed(self, share):
        return self.changed(relaxation=share)

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
        rate = jnp.exp(self.log_rate(log_notional_rate(now, theta)))
        gap = now.inflation / theta.target
        marginal_cost = theta.chi * now.labor ** (theta.eta + theta.sigma)
        markup = (1 - theta.epsilon + theta.epsilon * marginal_cost) / theta.varphi
        return {
            "euler": 1 - theta.beta * rate * expected.marginal_utility,
            "phillips_curve": (gap - 1) * gap - markup - expected.price_pressure / rate,
        }

    def slackness(self, now: Point, theta: Point) -> Scalars:
        return {"zlb": log_notional_rate(now, theta)}

    def log_rate(self, notional: Array) -> Array:
        """The policy rate's log: the notional one, cut at zero but for `relaxation`."""
        return jnp.maximum(notional, 0) + self.relaxation * jnp.minimum(notional, 0)

    def policies_from(self, state: Point, outputs: Point, theta: Point) -> Scalars:
        """Labour and inflation from the two expectations: the static equations, solved on both sides of the bound."""
        shares = jnp.stack([jnp.ones_like(theta.beta), jnp.asarray(self.relaxation, theta.beta.dtype)])
        found = jax.vmap(_static, (0, None, None, None))(shares, state, outputs, theta)
        pick = lambda rows: jnp.where(found.notional_rate[0] >= 0, rows[0], rows[1])
        return {
            "labor": jnp.exp(pick(found.labor)),
            "inflation": theta.target * jnp.exp(pick(found.inflation_gap)),
        }

    def observe(self, now: Point, last: Point, theta: Point) -> Scalars:
        notional = log_notional_rate(now, theta)
        return {
            "output_growth": 400 * (now.labor / last.labor - 1),
            "inflation_rate": 400 * (now.inflation - 1),
            "interest_rate": 400 * (jnp.exp(self.log_rate(notional)) - 1),
            "notional_rate": 400 * (jnp.exp(notional) - 1),
        }


def log_notional_rate(now: Point, theta: Point) -> Array:
    """log R^N of equation (37)."""
    return (
        jnp.log(theta.target / theta.beta)
        + theta.theta_pi * jnp.log(now.inflation / theta.target)
        + theta.theta_y * jnp.log(now.labor / theta.output_target)
    )


@jax.jit  # traced once for all the places that equations call it from
def _static(share: Float[Array, ""], state: Point, outputs: Point, theta: Point) -> Allocation:
    """The static equations where the log rate is `share` times the log notional rate.

    The Euler equation and the rule give labour as a log-linear function of inflation; the Phillips curve
    then has one root, found by Newton's method. Its start is good and the curve nearly linear, so few
    steps reach rounding error; derivatives need the last two of them only.
    """
    demand = state.zeta - jnp.log(theta.beta) - outputs.log_marginal_utility
    log_rbar = jnp.log(theta.target / theta.beta)

    def allocation(gap) -> Allocation:
        labor = (demand - share * (log_rbar + theta.theta_pi * gap - theta.theta_y * jnp.log(theta.output_target))) / (
            theta.sigma + share * theta.theta_y
        )
        notional = log_rbar + theta.theta_pi * gap + theta.theta_y * (labor - jnp.log(theta.output_target))
        return Allocation(labor, gap, notional, share * notional)

    def phillips_curve(gap):
        at = allocation(gap)
        marginal_cost = theta.chi * jnp.exp((theta.eta + theta.sigma) * at.labor)
        markup = (1 - theta.epsilon + theta.epsilon * marginal_cost) / theta.varphi
        return jnp.expm1(gap) * jnp.exp(gap) - markup - outputs.expected_price_pressure * jnp.exp(-at.rate - at.labor)

    def newton(gap):
        value, slope = jax.jvp(phillips_curve, (gap,), (jnp.ones_like(gap),))
        return gap - value / slope

    start = jnp.zeros_like(demand)
    gap = jax.lax.fori_loop(0, NEWTON_STEPS - 2, lambda _, gap: newton(gap), jax.lax.stop_gradient(start))
    return allocation(newton(newton(jax.lax.stop_gradient(gap))))
