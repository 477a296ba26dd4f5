"""Evenly spread proposals: a shifted lattice in place of independent draws, and the quantiles of Student's t."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

WIDER = 1.2
"""Factor on the proposal's scale."""


def lattice(count: int, dimensions: int, key: PRNGKeyArray, dtype) -> Float[Array, "count dimensions"]:
    """Points of the unit cube, each uniform by itself, that together with their number fill it evenly.

    A Kronecker sequence (Roberts' generalised golden ratio) with one random shift an axis: a mean over the points is
    unbiased. Point i belongs to the i-th of sorted, systematically resampled particles (Gerber and Chopin 2015).
    """
    strides = jnp.asarray(_ratio(dimensions) ** -np.arange(1.0, dimensions + 1), dtype)
    shift = jax.random.uniform(key, (dimensions,), dtype)
    points = (jnp.arange(count)[:, None] * strides[None, :] + shift[None, :]) % 1.0
    return jnp.clip(points, 1e-12, 1 - 1e-12)


def student_quantile(u: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """Of Student's t with four degrees of freedom, in closed form (Shaw 2006)."""
    a = 4 * u * (1 - u)
    squared = 4 * (jnp.cos(jnp.arccos(jnp.sqrt(a)) / 3) / jnp.sqrt(a) - 1)
    return jnp.sign(u - 0.5) * jnp.sqrt(jnp.maximum(squared, 0.0))


def student_log_density(x: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """Of Student's t with four degrees of freedom."""
    return jnp.log(0.375) - 2.5 * jnp.log1p(x**2 / 4)


def log_ratio(shock: Float[Array, " shocks"], standard: Float[Array, " shocks"], log_scale: Array) -> Float[Array, ""]:
    """Log normal density of a shock, less that of its proposal: Student's t at `standard`, scaled and moved.

    `log_scale`: log determinant of the matrix that scales it.
    """
    normal = -0.5 * jnp.sum(shock**2) - 0.5 * shock.shape[0] * jnp.log(2 * jnp.pi)
    return normal - (jnp.sum(student_log_density(standard)) - log_scale)


def _ratio(dimensions: int) -> float:
    """The root above one of x^(d + 1) = x + 1: the golden ratio for one dimension."""
    ratio = 1.5
    for _ in range(50):
        ratio = (1 + ratio) ** (1 / (dimensions + 1))
    return ratio
