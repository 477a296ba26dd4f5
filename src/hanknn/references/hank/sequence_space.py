"""The household block's Jacobian in sequence space, by the fake-news algorithm (Auclert et al. 2021, section 3)."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...economy.households import Grids, advance
from ...economy.points import Point
from .household_path import HouseholdPath, PricePath, Totals, choices_along, means

STEP = 1e-5
"""Half the distance of central differences, in logs: truncation and rounding errors are both near 1e-10."""


def household_jacobian(
    grids: Grids,
    theta: Point,
    prices: PricePath,
    consumption: Float[Array, "assets productivities"],
    distribution: Float[Array, "assets productivities"],
) -> Float[Array, "totals quarters prices quarters"]:
    """Derivatives of every total in every quarter with respect to every price in every quarter; a pure function.

    Taken at the steady state: `prices` repeats its prices over the horizon. Totals and prices are in the order of
    `Totals` and `PricePath` and in their units. Choices are differentiated by central differences: the
    derivative that `households.choose` brings along leaves out the interpolation's error.
    """
    horizon = len(prices.log_wage)
    nodes = grids.asset_nodes(theta.borrowing_limit)

    def shifted(step: Float[Array, " prices"]) -> HouseholdPath:
        """Choices s quarters before the last one, at s, where prices move by `step` in the last quarter."""
        at_end = [p.at[-1].add(by) for p, by in zip(prices, step, strict=True)]
        path = choices_along(grids, theta, PricePath(*at_end), consumption)
        return jax.tree.map(lambda a: a[::-1], path)

    def one(price: Float[Array, " prices"]):
        """News of the price in s quarters: its effect on totals today, and on the distribution tomorrow."""
        up_and_down = jax.vmap(shifted)(STEP * jnp.stack([price, -price]))
        slope = jax.tree.map(lambda a: (a[0] - a[1]) / (2 * STEP), up_and_down)

        def today(change: HouseholdPath) -> tuple[Array, Array]:
            _, totals = jax.jvp(lambda p: means(theta, distribution, p), (steady,), (change,))
            _, moved = jax.jvp(lambda a: advance(grids, nodes, distribution, a), (steady.assets,), (change.assets,))
            return jnp.stack(totals), moved

        return jax.vmap(today)(slope)

    steady = jax.tree.map(lambda a: a[-1], choices_along(grids, theta, prices, consumption))
    on_totals, on_distribution = jax.vmap(one)(jnp.eye(len(prices)))
    expected = _expectations(grids, theta, nodes, steady, horizon - 1)
    later = jnp.einsum("toab,psab->otps", expected, on_distribution)
    fake_news = jnp.concatenate([on_totals.transpose(2, 0, 1)[:, None], later], axis=1)

    def next_row(row, news):
        """J_{t,s} = J_{t−1,s−1} + F_{t,s}."""
        moved = jnp.concatenate([jnp.zeros_like(row[..., :1]), row[..., :-1]], axis=-1) + news
        return moved, moved

    rows = jax.lax.scan(next_row, jnp.zeros_like(fake_news[:, 0]), fake_news.transpose(1, 0, 2, 3))[1]
    return rows.transpose(1, 0, 2, 3)


def _expectations(
    grids: Grids, theta: Point, nodes: Float[Array, " assets"], steady: HouseholdPath, periods: int
) -> Float[Array, "quarters totals assets productivities"]:
    """What a household at a node is expected to add to each total in 0, 1, … quarters, at steady-state choices."""
    effective = steady.effective_labor
    each = jnp.stack(Totals(effective, effective ** (1 - theta.gamma), steady.assets, steady.consumption))
    back = jax.linear_transpose(lambda d: advance(grids, nodes, d, steady.assets), each[0])

    def earlier(values, _):
        return jax.vmap(lambda v: back(v)[0])(values), values

    return jax.lax.scan(earlier, each, None, length=periods)[1]
