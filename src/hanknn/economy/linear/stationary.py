"""The stationary covariance of a linear law of motion, and how fast such a law grows."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

DOUBLINGS = 24
"""So many squarings follow a law of motion over 16 million periods."""


def stationary(move: Float[Array, "n n"], variance: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """Σ = A Σ Aᵀ + Q by doubling: Q, A Q Aᵀ, … are summed, twice as many at each step."""

    def double(_, now):
        power, total = now
        return power @ power, total + power @ total @ power.T

    return jax.lax.fori_loop(0, DOUBLINGS, double, (move, variance))[1]


def radius(matrix: Float[Array, "n n"], squarings: int = 40) -> Float[Array, ""]:
    """The largest modulus of the eigenvalues, ‖Aᵏ‖^(1/k) by squaring (Gelfand's formula): to ten digits and more by 40
    squarings, roughly by a few."""
    tiny = jnp.finfo(matrix.dtype).tiny

    def square(_, now):
        power, log = now
        norm = jnp.maximum(jnp.linalg.norm(power), tiny)
        power = power / norm
        return power @ power, 2 * (log + jnp.log(norm))

    power, log = jax.lax.fori_loop(0, squarings, square, (matrix, jnp.zeros((), matrix.dtype)))
    norm = jnp.linalg.norm(power)
    return jnp.where(norm > tiny, jnp.exp((log + jnp.log(jnp.maximum(norm, tiny))) / 2**squarings), 0.0)
