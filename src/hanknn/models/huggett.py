"""Huggett's (1993) economy with aggregate risk: households lend to each other, and the bond price clears the market."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..economy.exogenous import AR1
from ..economy.households import AssetGrid, HouseholdModel, Saving
from ..economy.model import Scalars, Variable
from ..economy.parameters import Parameter, ParameterSpace
from ..economy.points import Point
from ..machine.work import Report, silent
from .shipped_tables import with_shipped_tables


def income(prices: Point, theta: Point) -> Float[Array, " types"]:
    """The endowment of the unlucky and of the lucky: all rise and fall together."""
    return jnp.exp(prices.z) * jnp.stack([theta.low, jnp.ones_like(theta.low)])


def chances(now: Point, later: Point, theta: Point) -> Float[Array, "types types"]:
    """Of tomorrow's endowment by today's."""
    return jnp.array([[1 - theta.finding, theta.finding], [1 - theta.keeping, theta.keeping]])


class Huggett(HouseholdModel):
    """Households receive endowments, and can only buy and sell discount bonds, in zero net supply, down to a limit.

    A period is two months (Huggett 1993, table 1); the aggregate endowment follows an AR(1).
    """

    name = "huggett"
    parameters = ParameterSpace(
        beta=Parameter(0.99322, (0.985, 0.995), label=r"$\beta$", text="discount factor"),
        gamma=Parameter(1.5, (1.0, 3.0), label=r"$\gamma$", text="relative risk aversion"),
        limit=Parameter(-4.0, (-6.0, -3.0), label=r"$\underline a$", text="credit limit"),
        rho=Parameter(0.95, (0.8, 0.98), label=r"$\rho$", text="persistence of the aggregate endowment"),
        sigma=Parameter(0.005, (0.002, 0.01), label=r"$\sigma$", text="s.d. of its shocks"),
        low=Parameter(0.1, label="$e_l$", text="endowment of the unlucky"),
        finding=Parameter(0.5, label=r"$\pi(e_h|e_l)$", text="probability that the unlucky become lucky"),
        keeping=Parameter(0.925, label=r"$\pi(e_h|e_h)$", text="probability that the lucky stay so"),
    )
    states = {"z": AR1("rho", "sigma", r"$z_t$", "aggregate endowment", "log")}
    policies = {"bond_price": Variable(r"$q_t$", "price of a discount bond", "level")}
    moves: ClassVar = {"bond_price": 0.002}
    household = Saving(("unlucky", "lucky"), income, chances, AssetGrid(150, top=24.0, power=2.0), least="limit")
    observables = {
        "real_rate": Variable(r"$600(1/q_t-1)$", "real interest rate", "percent, annualised"),
        "consumption": Variable(r"$C_t$", "consumption", "level"),
        "in_debt": Variable("in debt", "households with negative assets", "percent"),
    }

    def prepared(self, report: Report = silent) -> HouseholdModel:
        return HouseholdModel.prepared(with_shipped_tables(self) if type(self) is Huggett else self, report)

    def prices(self, now: Point, theta: Point) -> Scalars:
        return {"asset_price": now.bond_price}

    def asset_supply(self, now: Point, theta: Point) -> float:
        return 0.0

    def steady_state(self, theta: Point) -> Scalars:
        """The price is above what perfect insurance would give."""
        return {"bond_price": 1.002 * theta.beta}

    def observe(self, now: Point, last: Point, theta: Point) -> Scalars:
        _, choices = self.chosen(now, theta)
        debt = self.household.nodes(theta) < 0
        return {
            "real_rate": 600 * (1 / now.bond_price - 1),
            "consumption": self.totals(now, choices).consumption,
            "in_debt": 100 * jnp.sum(now.distribution * debt[:, None]),
        }
