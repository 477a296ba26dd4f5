"""The real-business-cycle model with labour and capital (King, Plosser and Rebelo 1988, without growth)."""

import jax.numpy as jnp
from jaxtyping import Array

from ..economy.exogenous import AR1
from ..economy.model import Model, Scalars, Variable
from ..economy.parameters import Parameter, ParameterSpace
from ..economy.points import Point
from ..economy.priors import Beta, Gamma, InverseGamma


class RBC(Model):
    """Euler equation, labour supply, and one good that is consumed or invested.

        max E Σ βᵗ [c^(1−γ)/(1−γ) − χ n^(1+η)/(1+η)]    c + k' − (1−δ)k = y = exp(z) k^α n^(1−α)    z' = ρ z + σ ε

    Variables are levels; periods are quarters. Where γ is one, utility is log c.
    """

    name = "rbc"
    parameters = ParameterSpace(
        alpha=Parameter(0.33, (0.25, 0.42), Beta(0.33, 0.03), r"$\alpha$", "capital share"),
        beta=Parameter(0.99, (0.98, 0.995), Beta(0.99, 0.003), r"$\beta$", "discount factor"),
        delta=Parameter(0.022, (0.015, 0.035), Beta(0.022, 0.004), r"$\delta$", "depreciation rate"),
        eta=Parameter(1.0, (0.5, 2.0), Gamma(1.0, 0.3), r"$\eta$", "inverse Frisch elasticity"),
        rho=Parameter(0.95, (0.85, 0.98), Beta(0.93, 0.03), r"$\rho$", "persistence of productivity"),
        sigma=Parameter(0.007, (0.003, 0.015), InverseGamma(0.007, 0.002), r"$\sigma$", "s.d. of productivity shocks"),
        gamma=Parameter(1.0, label=r"$\gamma$", text="relative risk aversion"),
        # Hours are then a third at the baseline.
        chi=Parameter(7.8, label=r"$\chi$", text="weight of labour in utility"),
    )
    states = {
        "capital": Variable(r"$K_t$", "capital", "level", positive=True),
        "z": AR1("rho", "sigma", r"$z_t$", "productivity", "log"),
    }
    policies = {
        "consumption": Variable(r"$C_t$", "consumption", "level", positive=True),
        "labor": Variable(r"$N_t$", "hours worked", "share of time", positive=True),
    }
    observables = {
        "output_growth": Variable(r"$400(Y_t/Y_{t-1}-1)$", "output growth", "percent, annualised"),
        "hours": Variable(r"$100(N_t/\bar N-1)$", "hours", "percent from steady state"),
        "consumption_share": Variable(r"$100\,C_t/Y_t$", "consumption share", "percent of output"),
    }

    def transition(self, now: Point, shock: Point, theta: Point) -> Scalars:
        return {"capital": (1 - theta.delta) * now.capital + output(now, theta) - now.consumption}

    def expectands(self, now: Point, next: Point, theta: Point) -> Scalars:
        gross_return = 1 - theta.delta + theta.alpha * output(next, theta) / next.capital
        return {"discounted_return": theta.beta * gross_return * next.consumption**-theta.gamma}

    def residuals(self, now: Point, expected: Point, theta: Point) -> Scalars:
        """What consumption should be, relative to what it is; and the same of the wage at which so many hours are
        worked."""
        wage = (1 - theta.alpha) * output(now, theta) / now.labor
        return {
            "euler": expected.discounted_return ** (-1 / theta.gamma) / now.consumption - 1,
            "labor_supply": theta.chi * now.labor**theta.eta * now.consumption**theta.gamma / wage - 1,
        }

    def steady_state(self, theta: Point) -> Scalars:
        rent = 1 / theta.beta - 1 + theta.delta
        capital = (theta.alpha / rent) ** (1 / (1 - theta.alpha))  # an hour's, as all below but the last line
        product = capital**theta.alpha
        consumption = product - theta.delta * capital
        wage = (1 - theta.alpha) * product
        labor = (wage / (theta.chi * consumption**theta.gamma)) ** (1 / (theta.eta + theta.gamma))
        return {"capital": capital * labor, "z": 0.0, "consumption": consumption * labor, "labor": labor}

    def observe(self, now: Point, last: Point, theta: Point) -> Scalars:
        return {
            "output_growth": 400 * (output(now, theta) / output(last, theta) - 1),
            "hours": 100 * (now.labor / theta.steady.labor - 1),
            "consumption_share": 100 * now.consumption / output(now, theta),
        }


def output(at: Point, theta: Point) -> Array:
    """What capital and hours produce."""
    return jnp.exp(at.z) * at.capital**theta.alpha * at.labor ** (1 - theta.alpha)
