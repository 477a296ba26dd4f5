"""A household from the shelf: income that is given, one asset, a borrowing limit (endogenous grid, Carroll 2006)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..exogenous import Coefficient, coefficient
from ..points import Point
from .block import AssetGrid, Household
from .choice import consumed


@dataclass(frozen=True)
class Saving(Household):
    """max E Σ β^t c^{1−γ}/(1 − γ), c + q a' = R a + income, a' ≥ limit.

    `income`: a function of prices and parameters, an income for each of the `types`. `chances`: of aggregate states
    now and later and of parameters, the matrix of probabilities of tomorrow's type by today's. Prices may hold
    `gross_return`, R, and `asset_price`, q; each is one where they do not. `discount`, `risk_aversion`, `least`: names
    of parameters, or numbers; β may be one of those `derived`, with a number a type.

    Example: `Saving(("unemployed", "employed"), income, chances, AssetGrid(100, top=300.0))`.
    """

    types: Sequence[str]
    income: Callable[[Point, Point], Float[Array, " types"]]
    chances: Callable[[Point, Point, Point], Float[Array, "types types"]]
    grid: AssetGrid = AssetGrid()
    discount: Coefficient = "beta"
    risk_aversion: Coefficient = "gamma"
    least: Coefficient = 0.0

    def limit(self, theta):
        return jnp.asarray(coefficient(self.least, theta, "the least assets of Saving"), theta.dtype)

    def risk(self, now, later, theta):
        return jnp.asarray(self.chances(now, later, theta), theta.dtype)

    def aversion(self, theta):
        return coefficient(self.risk_aversion, theta, "the risk aversion of Saving")

    def choices(self, expected, prices, theta):
        gross, price = (getattr(prices, name) if name in prices else 1.0 for name in ("gross_return", "asset_price"))
        nodes = self.nodes(theta)
        patience = coefficient(self.discount, theta, "the discount factor of Saving")
        power = -1 / jnp.asarray(self.aversion(theta), theta.dtype)
        income = jnp.asarray(self.income(prices, theta), theta.dtype)[None, :]
        wealth = gross * nodes[:, None] + jnp.zeros_like(income)
        asked = (jnp.atleast_2d(jnp.asarray(patience, theta.dtype)) * expected / price) ** power
        consumption = consumed(price * nodes, income, jnp.zeros((), theta.dtype), wealth, asked)
        assets = (wealth + income - consumption) / price
        return {"assets": assets, "consumption": consumption, "marginal_value": gross * consumption ** (1 / power)}
