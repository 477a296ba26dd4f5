"""Nielsen's gain-ratio rule for Levenberg-Marquardt damping."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


class Damping(NamedTuple):
    """Damping, and the factor by which the next rejected step raises it."""

    value: Float[Array, ""]
    growth: Float[Array, ""]

    def after(
        self, loss: Float[Array, ""], trial: Float[Array, ""], predicted: Float[Array, ""]
    ) -> tuple["Damping", Bool[Array, ""]]:
        """The damping for the next step, and whether the trial is accepted: only where it lowers the loss."""
        accept = trial < loss
        ratio = jnp.clip((loss - trial) / jnp.maximum(predicted, jnp.finfo(loss.dtype).tiny), -5, 5)
        shrink = jnp.maximum(1 / 3, 1 - (2 * ratio - 1) ** 3)
        value = self.value * jnp.where(accept, shrink, self.growth)
        return Damping(value, jnp.where(accept, 2.0, 2 * self.growth)), accept
