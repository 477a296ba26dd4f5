"""The real-business-cycle model with a floor under investment (Guerrieri and Iacoviello 2015, section 5)."""

from jaxtyping import Array

from ..economy.exogenous import AR1
from ..economy.model import Model, Pairs, Scalars, Variable
from ..economy.parameters import Parameter, ParameterSpace
from ..economy.points import Point
from ..economy.priors import Beta
from .rbc import RBC, output


class IrreversibleInvestment(Model):
    """`RBC` where investment is at least a share φ of what it is in the steady state.

        (1 − μ) c^−γ = β E[c'^−γ (α y'/k' + (1 − δ)(1 − μ'))]    i ≥ φ ī,  μ ≥ 0,  one of them with equality

    The multiplier μ is in units of the marginal utility of consumption: one less the price of installed capital.
    """

    name = "irreversible"
    parameters = ParameterSpace(
        **{name: RBC.parameters[name] for name in RBC.parameters},
        floor=Parameter(0.975, (0.9, 0.99), Beta(0.96, 0.015), r"$\varphi$", "floor of investment, share of normal"),
    )
    states = {
        "capital": RBC.states["capital"],
        "z": AR1("rho", "sigma", r"$z_t$", "productivity", "log"),
    }
    policies = {
        "investment": Variable(r"$I_t$", "investment", "level"),
        "labor": RBC.policies["labor"],
        "multiplier": Variable(r"$\mu_t$", "multiplier of the floor", "share of marginal utility"),
    }
    constraints = {"irreversible": Variable(r"$I_t-\varphi\bar I$", "floor of investment", "share of normal")}
    observables = RBC.observables

    def transition(self, now: Point, shock: Point, theta: Point) -> Scalars:
        return {"capital": (1 - theta.delta) * now.capital + now.investment}

    def expectands(self, now: Point, next: Point, theta: Point) -> Scalars:
        value = theta.alpha * output(next, theta) / next.capital + (1 - theta.delta) * (1 - next.multiplier)
        return {"discounted_return": theta.beta * value * consumption(next, theta) ** -theta.gamma}

    def residuals(self, now: Point, expected: Point, theta: Point) -> Scalars:
        wage = (1 - theta.alpha) * output(now, theta) / now.labor
        wanted = (expected.discounted_return / (1 - now.multiplier)) ** (-1 / theta.gamma)
        return {
            "euler": wanted / consumption(now, theta) - 1,
            "labor_supply": theta.chi * now.labor**theta.eta * consumption(now, theta) ** theta.gamma / wage - 1,
        }

    def bounds(self, now: Point, theta: Point) -> Pairs:
        return {"irreversible": (now.investment / theta.steady.investment - theta.floor, now.multiplier)}

    def observe(self, now: Point, last: Point, theta: Point) -> Scalars:
        return {
            "output_growth": 400 * (output(now, theta) / output(last, theta) - 1),
            "hours": 100 * (now.labor / theta.steady.labor - 1),
            "consumption_share": 100 * consumption(now, theta) / output(now, theta),
        }


def consumption(at: Point, theta: Point) -> Array:
    """What is not invested."""
    return output(at, theta) - at.investment
