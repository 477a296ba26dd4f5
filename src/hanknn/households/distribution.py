"""The distribution of households over assets and productivity, as a histogram (Young 2010)."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .grids import Grids


def advance(
    grids: Grids,
    nodes: Float[Array, " assets"],
    distribution: Float[Array, "assets productivities"],
    assets: Float[Array, "assets productivities"],
) -> Float[Array, "assets productivities"]:
    """Next period's distribution: asset choices split between the two nearest nodes, then productivity moves.

    Mass and mean assets are kept exactly. `nodes`: asset holdings at the grid's nodes.
    """
    i = jnp.clip(jnp.searchsorted(nodes, assets, side="right", method="compare_all") - 1, 0, grids.assets - 2)
    share = (assets - nodes[i]) / (nodes[i + 1] - nodes[i])
    columns = jnp.broadcast_to(jnp.arange(grids.productivities), grids.shape)
    moved = jnp.zeros_like(distribution)
    moved = moved.at[i, columns].add(distribution * (1 - share)).at[i + 1, columns].add(distribution * share)
    return moved @ jnp.asarray(grids.chain.transition, distribution.dtype)
