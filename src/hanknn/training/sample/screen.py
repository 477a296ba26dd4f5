"""Economies that have no equilibrium: found by their residuals, and kept from spoiling the rest."""

from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ...machine.errors import SettingError

MEMORY = 0.9
"""How much of an economy's misfit along its path is remembered from one iteration to the next."""


@dataclass(frozen=True)
class Screen:
    """Weights of economies by their misfit, w = 1/(1 + (misfit/scale)ⁿ)².

    The scale is `ratio` times the median economy's misfit, at least `floor`: what is solved much worse than
    most counts little (with `sharpness` n = 2 Geman and McClure's robust loss; higher, and what lies beyond the scale
    counts for nothing), and comes back if it is solved later.
    """

    floor: float = 1e-3
    ratio: float = 10.0
    sharpness: float = 2.0

    def __post_init__(self) -> None:
        if not min(self.floor, self.ratio, self.sharpness) > 0:
            raise SettingError(
                f"Screen floor is {self.floor}, ratio {self.ratio}, sharpness {self.sharpness}; all must be positive"
            )

    def weights(self, misfits: Float[Array, " points"]) -> Float[Array, " points"]:
        """A weight between 0 and 1 for each misfit; 0 where one is NaN."""
        scale = jnp.maximum(self.floor, self.ratio * jnp.nanmedian(misfits))
        return 1 / (1 + (jnp.where(jnp.isnan(misfits), jnp.inf, misfits) / scale) ** self.sharpness) ** 2


def remembered(
    before: Float[Array, " points"], now: Float[Array, " points"], first: Bool[Array, " points"]
) -> Float[Array, " points"]:
    """Positive misfits along a path: the geometric mean of what was and what is.

    In logs, because an economy without equilibrium is far off nearly always, one in a deep recession now and then.
    Averaged in levels, the recession would lose its weight, and policies there would never be learned.
    """
    kept = jnp.where(first, 0.0, MEMORY)
    return before**kept * now ** (1 - kept)
