"""Households along a path of prices that they foresee: choices backward, their distribution forward."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...economy.households import Grids, Prices, advance, choose
from ...economy.points import Point


class PricePath(NamedTuple):
    """What households foresee, each of shape (quarters,).

    In logs, but for the dividend, which may be negative: real wage, tax level τ, dividend a unit of
    productivity, real return r_t on assets held at the start of t, and `discount`, the factor
    β R_t e^{ζ_{t+1}−ζ_t}/(Π_{t+1} a_{t+1}) between t and t + 1 of equation (69).
    """

    log_wage: Float[Array, " quarters"]
    log_tax_level: Float[Array, " quarters"]
    dividend: Float[Array, " quarters"]
    log_return: Float[Array, " quarters"]
    log_discount: Float[Array, " quarters"]


class HouseholdPath(NamedTuple):
    """What households do in each quarter, by assets and productivity at its start."""

    consumption: Float[Array, "quarters assets productivities"]
    effective_labor: Float[Array, "quarters assets productivities"]
    assets: Float[Array, "quarters assets productivities"]


class Totals(NamedTuple):
    """∫e^s H, ∫(e^s H)^{1−γ}, ∫B' and ∫C in each quarter."""

    labor: Float[Array, " quarters"]
    tax_power: Float[Array, " quarters"]
    assets: Float[Array, " quarters"]
    consumption: Float[Array, " quarters"]


def choices_along(
    grids: Grids, theta: Point, prices: PricePath, terminal: Float[Array, "assets productivities"]
) -> HouseholdPath:
    """Choices in each quarter, from the last to the first; `terminal` is consumption in the quarter after the last."""
    transition = jnp.asarray(grids.chain.transition, terminal.dtype)
    productivity = grids.productivity(theta.sigma_s)[None, :]

    def earlier(later_consumption, now: PricePath):
        marginal_utility = (later_consumption**-theta.sigma) @ transition.T
        euler_consumption = (jnp.exp(now.log_discount) * marginal_utility) ** (-1 / theta.sigma)
        at = Prices(jnp.exp(now.log_wage), jnp.exp(now.log_tax_level), now.dividend, jnp.exp(now.log_return))
        chosen = choose(grids, theta, at, euler_consumption)
        return chosen.consumption, HouseholdPath(chosen.consumption, chosen.hours * productivity, chosen.assets)

    return jax.lax.scan(earlier, terminal, prices, reverse=True)[1]


def means(theta: Point, distribution: Float[Array, "assets productivities"], now: HouseholdPath) -> Totals:
    """Means over households in one quarter; `now` has no axis of quarters."""
    mean = lambda values: jnp.sum(distribution * values)
    return Totals(
        mean(now.effective_labor),
        mean(now.effective_labor ** (1 - theta.gamma)),
        mean(now.assets),
        mean(now.consumption),
    )


def totals_along(
    grids: Grids, theta: Point, path: HouseholdPath, start: Float[Array, "assets productivities"]
) -> Totals:
    """Means over households in each quarter, the distribution moving forward from `start`."""
    nodes = grids.asset_nodes(theta.borrowing_limit)

    def forward(distribution, now: HouseholdPath):
        return advance(grids, nodes, distribution, now.assets), means(theta, distribution, now)

    return jax.lax.scan(forward, start, path)[1]
