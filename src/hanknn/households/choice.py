"""What households choose: consumption, hours and assets by the endogenous grid method, the borrowing limit exact."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..points import Point
from .grids import Grids

LIMIT_STEPS = 3


class Prices(NamedTuple):
    """What households take as given: real wage, tax level τ, dividends a unit of productivity, gross real return."""

    wage: Array
    tax_level: Array
    dividend: Array
    real_return: Array


class Choices(NamedTuple):
    """Consumption, hours and next period's assets, by today's assets and productivity."""

    consumption: Float[Array, "assets productivities"]
    hours: Float[Array, "assets productivities"]
    assets: Float[Array, "assets productivities"]


class _Labour(NamedTuple):
    """After-tax labour income A C^{−p} by productivity, which equation (70) gives in closed form."""

    level: Float[Array, " productivities"]
    power: Array
    effective_wage: Float[Array, " productivities"]

    def income(self, consumption: Array) -> Array:
        return self.level * consumption**-self.power


def _labour(prices: Prices, productivity: Array, theta: Point) -> _Labour:
    wage = prices.wage * productivity
    gain = prices.tax_level * wage ** (1 - theta.gamma)
    share = (1 - theta.gamma) / (theta.eta + theta.gamma)
    return _Labour(gain * ((1 - theta.gamma) * gain / theta.chi) ** share, theta.sigma * share, wage)


def choose(
    grids: Grids,
    theta: Point,
    prices: Prices,
    euler_consumption: Float[Array, "assets productivities"],
) -> Choices:
    """Choices on the grid, from the consumption that the Euler equation asks for at each asset choice.

    `euler_consumption`: C with C^{−σ} = β R E[…] of equation (69) where next period's assets are the node's and
    the limit does not bind. Each node then has one level of assets today at which it is chosen (Carroll 2006);
    in between, consumption is interpolated by cubic Hermite splines. Below the lowest of these levels the limit
    binds, and consumption solves the budget with the limit as next period's assets. `theta` holds the
    parameters' names; `sigma_s` and `borrowing_limit` among them.
    """
    nodes = grids.asset_nodes(theta.borrowing_limit)
    productivity = grids.productivity(theta.sigma_s)
    labour = _labour(prices, productivity, theta)
    other = prices.dividend * productivity
    today = (euler_consumption + nodes[:, None] - labour.income(euler_consumption) - other) / prices.real_return
    free = jax.vmap(interpolate, (None, 1, 1), 1)(nodes, today, euler_consumption)
    wealth = prices.real_return * nodes[:, None] + other
    binds = nodes[:, None] < today[0]
    consumption = jnp.where(binds, _spend(labour, wealth - nodes[0]), free)
    income = labour.income(consumption)
    hours = (income / prices.tax_level) ** (1 / (1 - theta.gamma)) / labour.effective_wage
    assets = jnp.where(binds, nodes[0], jnp.clip(income + wealth - consumption, nodes[0], nodes[-1]))
    return Choices(consumption, hours, assets)


def _spend(labour: _Labour, wealth: Float[Array, "assets productivities"]) -> Array:
    """Consumption C = A C^{−p} + wealth where all is spent.

    In units of A^{1/(1+p)} it is one function of wealth, y − y^{−p} = v, solved by Newton's method in log y. The
    start is the solution for p = 1, which is near: three steps reach rounding error.
    """
    p, unit = labour.power, labour.level ** (1 / (1 + labour.power))
    v = wealth / unit
    start = jnp.arcsinh(v / (1 + p))

    def newton(log_y, _):
        up, down = jnp.exp(log_y), jnp.exp(-p * log_y)
        return log_y - (up - down - v) / (up + p * down), None

    return unit * jnp.exp(jax.lax.scan(newton, start, None, length=LIMIT_STEPS, unroll=LIMIT_STEPS)[0])


def interpolate(at: Float[Array, " n"], x: Float[Array, " m"], y: Float[Array, " m"]) -> Float[Array, " n"]:
    """Piecewise cubic Hermite interpolation with three-point slopes, linear beyond the ends."""
    step, rise = jnp.diff(x), jnp.diff(y) / jnp.diff(x)
    inner = (rise[:-1] * step[1:] + rise[1:] * step[:-1]) / (step[:-1] + step[1:])
    slopes = jnp.concatenate([2 * rise[:1] - inner[:1], inner, 2 * rise[-1:] - inner[-1:]])
    i = jnp.clip(jnp.searchsorted(x, at, side="right", method="compare_all") - 1, 0, len(x) - 2)
    place = at - x[i]
    t = jnp.clip(place / step[i], 0, 1)
    left, right, mean = slopes[i], slopes[i + 1], rise[i]
    curve = t * step[i] * (mean + (1 - t) * ((1 - t) * (left - mean) + t * (mean - right)))
    return y[i] + curve + jnp.where(place < 0, left, right) * (place - t * step[i])
