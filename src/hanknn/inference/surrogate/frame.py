"""Where in the box a likelihood matters: coordinates in which a posterior is no speck."""

from typing import NamedTuple

import jax.numpy as jnp
import jax.scipy.linalg as jsl
import numpy as np
from jaxtyping import Array, Float

REACH = 3.0
"""Distance, in standard deviations a dimension, up to which coordinates are as they are; farther out, logarithmic."""


class Frame(NamedTuple):
    """Standard deviations from `center` along the columns of `root` (lower triangular), in the box scaled to [−1, 1].

    A posterior may fill a millionth of its box. A network that sees the box cannot resolve it; one that sees only the
    posterior must still say that all else is unlikely. So far points are drawn near, along the ray from the center.
    """

    center: Float[Array, " estimated"]
    root: Float[Array, "estimated estimated"]

    @classmethod
    def whole(cls, size: int) -> "Frame":
        """Of the box itself."""
        return cls(jnp.zeros(size), jnp.eye(size))

    @classmethod
    def around(cls, scaled: Float[np.ndarray, "draws estimated"]) -> "Frame":
        """Of draws, in the box scaled to [−1, 1]."""
        size = scaled.shape[1]
        covariance = np.cov(scaled.T).reshape(size, size)
        covariance = covariance + 1e-8 * np.diag(np.diag(covariance)) + 1e-16 * np.eye(size)
        return cls(jnp.asarray(scaled.mean(axis=0)), jnp.asarray(np.linalg.cholesky(covariance)))

    def seen(self, scaled: Float[Array, " estimated"]) -> Float[Array, " inputs"]:
        """What a network sees of a point: its place, and half its squared distance a dimension."""
        size, place = len(scaled), self._place(scaled)
        square = jnp.sum(place**2) / size
        far = jnp.maximum(square / REACH**2, 1.0)  # squared: half its logarithm is that of the distance
        near = place * (1 + 0.5 * jnp.log(far)) / jnp.sqrt(far)
        return jnp.append(near, 0.5 * jnp.sum(near**2) / size)

    def distance(self, scaled: Float[Array, " estimated"]) -> Float[Array, ""]:
        """From the center, in standard deviations a dimension."""
        return jnp.sqrt(jnp.mean(self._place(scaled) ** 2))

    def _place(self, scaled: Float[Array, " estimated"]) -> Float[Array, " estimated"]:
        return jsl.solve_triangular(self.root, scaled - self.center, lower=True)
