"""How hard constraints are phased in: economies without them are easy, and lead to the intended equilibrium."""

from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ...machine.errors import SettingError


@dataclass(frozen=True)
class Curriculum:
    """Constraints relaxed entirely until iteration `start`, not at all from `end` on, linearly in between (KMR's a)."""

    start: int = 10
    end: int = 25

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise SettingError(f"Curriculum start is {self.start} and end {self.end}; give 0 ≤ start ≤ end")

    def share(self, iteration: Int[Array, ""], dtype: jnp.dtype | type) -> Float[Array, ""]:
        """How much the constraints are relaxed at an iteration."""
        done = (iteration - self.start).astype(dtype) / max(self.end - self.start, 1)
        return jnp.where(iteration >= self.end, 0.0, 1 - jnp.clip(done, 0, 1)).astype(dtype)
