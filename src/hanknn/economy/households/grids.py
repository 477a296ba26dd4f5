"""Where households stand: the grids of assets and productivity, as settings."""

import functools
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ...machine.errors import SettingError
from .block import AssetGrid
from .productivity import Chain, rouwenhorst


@dataclass(frozen=True)
class Grids:
    """`assets` nodes from the borrowing limit to `top`, dense near the limit; `productivities` states of the chain.

    Arrays over households have shape (assets, productivities).
    """

    assets: int = 60
    productivities: int = 10
    top: float = 20.0
    power: float = 3.0
    persistence: float = 0.9

    def __post_init__(self) -> None:
        if self.assets < 8 or not self.top > 0 or not self.power >= 1:
            raise SettingError(
                f"Grids has {self.assets} asset nodes up to {self.top} with power {self.power}; give at least 8, a "
                "positive top and a power of at least 1"
            )

    @property
    def shape(self) -> tuple[int, int]:
        return self.assets, self.productivities

    @functools.cached_property
    def chain(self) -> Chain:
        return rouwenhorst(self.productivities, self.persistence)

    @functools.cached_property
    def unit(self) -> np.ndarray:
        """Asset nodes mapped to [0, 1], where they are evenly spaced."""
        return np.linspace(0, 1, self.assets)

    def asset_nodes(self, limit: Float[Array, ""]) -> Float[Array, " assets"]:
        """Asset holdings at the nodes, for a borrowing limit (negative: debt)."""
        return AssetGrid(self.assets, self.top, self.power).nodes(limit)

    def productivity(self, deviation: Float[Array, ""]) -> Float[Array, " productivities"]:
        """Levels e^s at the states for an innovation s.d. σ_s, their mean one.

        Dividends are paid in proportion to e^s: with any other mean, income would not add up to output.
        """
        levels = jnp.exp(deviation * jnp.asarray(self.chain.states, deviation.dtype))
        return levels / (jnp.asarray(self.chain.stationary, deviation.dtype) @ levels)

    def doubled(self) -> "Grids":
        """Twice as many nodes of both."""
        return Grids(2 * self.assets, 2 * self.productivities, self.top, self.power, self.persistence)


def lottery(nodes: Float[Array, " assets"], assets: Float[Array, "*n"]) -> tuple[Int[Array, "*n"], Float[Array, "*n"]]:
    """The node below each level of assets, and the share of the way to the next (Young's lottery)."""
    # A loop, on purpose: XLA would fuse what `assets` is computed from into each of a search's comparisons.
    i = jnp.clip(jnp.searchsorted(nodes, assets, side="right", method="scan") - 1, 0, len(nodes) - 2)
    return i, (assets - nodes[i]) / (nodes[i + 1] - nodes[i])
