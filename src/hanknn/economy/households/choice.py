"""What households choose: consumption, hours and assets by the endogenous grid method, the borrowing limit exact."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..points import Point
from .grids import Grids, lottery

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

    level: Float[Array, "1 productivities"]
    power: Array
    effective_wage: Float[Array, "1 productivities"]

    def income(self, consumption: Array) -> Array:
        return self.level * consumption**-self.power


def _labour(prices: Prices, productivity: Array, theta: Point) -> _Labour:
    wage = prices.wage * productivity
    gain = prices.tax_level * wage ** (1 - theta.gamma)
    share = (1 - theta.gamma) / (theta.eta + theta.gamma)
    return _Labour(gain * ((1 - theta.gamma) * gain / theta.chi) ** share, theta.sigma * share, wage)


# Traced once for all the places that an economy's equations call it from; so are the functions below.
@functools.partial(jax.jit, static_argnums=0)
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
    productivity = grids.productivity(theta.sigma_s)[None, :]
    labour = _labour(prices, productivity, theta)
    wealth = prices.real_return * nodes[:, None] + prices.dividend * productivity
    consumption = consumed(nodes, labour.level, labour.power, wealth, euler_consumption)
    income = labour.income(consumption)
    hours = (income / prices.tax_level) ** (1 / (1 - theta.gamma)) / labour.effective_wage
    assets = jnp.clip(income + wealth - consumption, nodes[0], nodes[-1])
    return Choices(consumption, hours, assets)


@jax.custom_jvp
def consumed(
    nodes: Float[Array, " assets"],
    level: Float[Array, "1 productivities"],
    power: Float[Array, ""],
    wealth: Float[Array, "assets productivities"],
    euler_consumption: Float[Array, "assets productivities"],
) -> Float[Array, "assets productivities"]:
    """Consumption on the grid where labour income is level · C^{−power} and other resources are `wealth`."""
    needed = euler_consumption + nodes[:, None] - level * euler_consumption**-power
    free = along_assets(wealth, needed, euler_consumption)
    bound = _spend(level, power, wealth - nodes[0])
    return jnp.where(wealth < needed[:1], bound, free)


@consumed.defjvp
def _consumed_jvp(primals, tangents):
    """The implicit function theorem at each node: a tenth of the time of differentiating the interpolation.

    Where the limit is slack, C = C^E(B') and B' = A C^{−p} + wealth − C; where it binds, B' = B. What is
    left out is the derivative of the interpolation error.
    """
    nodes, level, power, wealth, euler_consumption = primals
    d_nodes, d_level, d_power, d_wealth, d_euler = tangents
    consumption = consumed(*primals)
    unit_income = consumption**-power
    income = level * unit_income
    chosen = income + wealth - consumption
    binds = chosen <= nodes[0] + 100 * jnp.finfo(chosen.dtype).eps
    i, share = lottery(nodes, chosen)
    columns = jnp.broadcast_to(jnp.arange(i.shape[1]), i.shape)
    between = lambda a: (1 - share) * a[i, columns] + share * a[i + 1, columns]
    slope = between(jax.vmap(_slopes, (None, 1), 1)(nodes, euler_consumption))
    slope = jnp.where(binds, 0.0, jnp.maximum(slope, 0))
    d_free = between(d_euler) - slope * between(jnp.broadcast_to(d_nodes[:, None], i.shape))
    d_resources = d_level * unit_income - jnp.log(consumption) * income * d_power + d_wealth
    d_own = jnp.where(binds, d_resources - d_nodes[0], d_free + slope * d_resources)
    turn = 1 + power * income / consumption
    return consumption, d_own / jnp.where(binds, turn, 1 + slope * turn)


def _spend(level: Array, power: Array, wealth: Float[Array, "assets productivities"]) -> Array:
    """Consumption C = A C^{−p} + wealth where all is spent.

    In units of A^{1/(1+p)} it is one function of wealth, y − y^{−p} = v, solved by Newton's method in log y. The
    start is the solution for p = 1, which is near: three steps reach rounding error.
    """
    unit = level ** (1 / (1 + power))
    v = wealth / unit
    start = jnp.arcsinh(v / (1 + power))

    def newton(log_y, _):
        up, down = jnp.exp(log_y), jnp.exp(-power * log_y)
        return log_y - (up - down - v) / (up + power * down), None

    return unit * jnp.exp(jax.lax.scan(newton, start, None, length=LIMIT_STEPS, unroll=LIMIT_STEPS)[0])


def along_assets(
    at: Float[Array, "places types"], x: Float[Array, "assets types"], y: Float[Array, "assets types"]
) -> Float[Array, "places types"]:
    """`interpolate`, type by type: at these places the curve through (x, y)."""
    return jax.vmap(interpolate, (1, 1, 1), 1)(at, x, y)


def interpolate(at: Float[Array, " n"], x: Float[Array, " m"], y: Float[Array, " m"]) -> Float[Array, " n"]:
    """Piecewise cubic Hermite interpolation with three-point slopes, linear beyond the ends.

    Slopes are limited as Fritsch and Carlson (1980) do, so that values stay between their neighbours: early in
    training, policies can be far from monotone between nodes that lie close together.
    """
    step = jnp.maximum(jnp.diff(x), 10 * jnp.finfo(x.dtype).eps)
    rise, slopes = jnp.diff(y) / step, _slopes(x, y)
    limit = jnp.where(rise[:-1] * rise[1:] > 0, 3 * jnp.minimum(jnp.abs(rise[:-1]), jnp.abs(rise[1:])), 0)
    limit = jnp.concatenate([3 * jnp.abs(rise[:1]), limit, 3 * jnp.abs(rise[-1:])])
    slopes = jnp.clip(slopes, -limit, limit)
    i = jnp.clip(jnp.searchsorted(x, at, side="right", method="scan") - 1, 0, len(x) - 2)
    place = at - x[i]
    t = jnp.clip(place / step[i], 0, 1)
    left, right, mean = slopes[i], slopes[i + 1], rise[i]
    curve = t * step[i] * (mean + (1 - t) * ((1 - t) * (left - mean) + t * (mean - right)))
    return y[i] + curve + jnp.where(place < 0, left, right) * (place - t * step[i])


def _slopes(x: Float[Array, " m"], y: Float[Array, " m"]) -> Float[Array, " m"]:
    """Slopes of the parabola through each point and its neighbours."""
    step = jnp.maximum(jnp.diff(x), 10 * jnp.finfo(x.dtype).eps)
    rise = jnp.diff(y) / step
    inner = (rise[:-1] * step[1:] + rise[1:] * step[:-1]) / (step[:-1] + step[1:])
    return jnp.concatenate([2 * rise[:1] - inner[:1], inner, 2 * rise[-1:] - inner[-1:]])
