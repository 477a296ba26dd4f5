"""The distribution of households over assets and productivity, as a histogram (Young 2010)."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .grids import Grids, lottery


def advance(
    grids: Grids,
    nodes: Float[Array, " assets"],
    distribution: Float[Array, "assets productivities"],
    assets: Float[Array, "assets productivities"],
) -> Float[Array, "assets productivities"]:
    """Next period's distribution: assets as chosen, then productivity moves."""
    return split(nodes, distribution, assets) @ jnp.asarray(grids.chain.transition, distribution.dtype)


def split(
    nodes: Float[Array, " assets"],
    distribution: Float[Array, "assets productivities"],
    assets: Float[Array, "assets productivities"],
) -> Float[Array, "assets productivities"]:
    """Households by asset choice and today's productivity, each choice split between the two nearest nodes.

    Mass and mean assets are kept exactly. `nodes`: asset holdings at the grid's nodes.
    """
    i, share = lottery(nodes, assets)
    columns = jnp.broadcast_to(jnp.arange(distribution.shape[1]), distribution.shape)
    moved = jnp.zeros_like(distribution)
    return moved.at[i, columns].add(distribution * (1 - share)).at[i + 1, columns].add(distribution * share)


def clear(
    distribution: Float[Array, "assets productivities"],
    assets: Float[Array, "assets productivities"],
    nodes: Float[Array, " assets"],
    debt: Array | float,
) -> Float[Array, "assets productivities"]:
    """Asset choices moved, by the same amount for all who are not at the limit, until they add up to `debt`.

    In a law of motion: small errors of market clearing would otherwise add up, and total assets drift away.
    """
    free = assets > nodes[0] + 100 * jnp.finfo(assets.dtype).eps
    for _ in range(4):
        gap = (debt - jnp.sum(distribution * assets)) / jnp.sum(distribution * free)
        assets = jnp.clip(jnp.where(free, assets + gap, assets), nodes[0], nodes[-1])
    return assets


def gini(nodes: Float[Array, " assets"], distribution: Float[Array, "assets productivities"]) -> Array:
    """Gini coefficient of assets, mean absolute difference over twice the mean; debt can raise it above one."""
    shares = jnp.sum(distribution, axis=1)
    below = jnp.cumsum(shares) - 0.5 * shares
    return 2 * jnp.sum(shares * nodes * (below - 0.5)) / jnp.sum(shares * nodes)
