"""Linear systems and roots of covariances, in plain array operations.

LAPACK's batches are not for equations: where parameters alone determine something, as in `Model.derived`, two of them
at a time wait for each other for ever in XLA's pool of as many threads as there are cores.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def solved(matrix: Float[Array, "n n"], right: Float[Array, "n m"]) -> Float[Array, "n m"]:
    """A⁻¹ B by Gauss-Jordan elimination with partial pivoting on rows of unit size; not finite where A is singular."""
    size = matrix.shape[0]
    scale = 1 / jnp.max(jnp.abs(matrix), axis=1, keepdims=True)
    rows = jnp.concatenate([matrix * scale, right * scale], axis=1)

    def eliminate(k, carry):
        rows, free = carry
        column = jax.lax.dynamic_index_in_dim(rows, k, 1, keepdims=False)
        pivot = jnp.argmax(jnp.where(free, jnp.abs(column), -1.0))
        chosen = jnp.arange(size) == pivot
        row = jnp.sum(jnp.where(chosen[:, None], rows, 0), axis=0)
        row = row / jax.lax.dynamic_index_in_dim(row, k, keepdims=False)
        # Rows trade places: the pivot's goes to place k.
        here = jnp.arange(size) == k
        swapped = jnp.where(chosen[:, None], jax.lax.dynamic_index_in_dim(rows, k, 0), rows)
        column = jax.lax.dynamic_index_in_dim(swapped, k, 1, keepdims=False)
        swept = swapped - column[:, None] * row[None, :]
        return jnp.where(here[:, None], row[None, :], swept), free & ~here

    rows, _ = jax.lax.fori_loop(0, size, eliminate, (rows, jnp.ones(size, bool)))
    return rows[:, size:]


def root(covariance: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """A lower triangular L with L Lᵀ equal to a covariance, also where it is singular, as for copies of a state."""
    size = covariance.shape[0]
    scale = jnp.sqrt(jnp.maximum(jnp.diagonal(covariance), jnp.finfo(covariance.dtype).tiny))
    correlation = covariance / scale[:, None] / scale[None, :]
    nothing = 100 * size * jnp.finfo(covariance.dtype).eps

    def column(k, lower):
        row = jax.lax.dynamic_index_in_dim(lower, k, keepdims=False)
        rest = jax.lax.dynamic_index_in_dim(correlation, k, 1, keepdims=False) - lower @ row
        variance = jax.lax.dynamic_index_in_dim(rest, k, keepdims=False)
        below = jnp.where(jnp.arange(size) >= k, rest, 0)
        found = jnp.where(variance > nothing, below / jnp.sqrt(jnp.where(variance > nothing, variance, 1)), 0)
        return jax.lax.dynamic_update_index_in_dim(lower, found, k, 1)

    return scale[:, None] * jax.lax.fori_loop(0, size, column, jnp.zeros_like(correlation))
