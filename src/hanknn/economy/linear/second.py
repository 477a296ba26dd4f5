"""Second-order terms of a stable solution: how policies bend in the states."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .systems import solved

SUMMANDS = 14
"""Terms are summed over 2 to this power of periods."""


class Bent(NamedTuple):
    """What second-order terms X of m policies in n states satisfy: now X + later X(H, H) + curvature = 0.

    `curvature`: second derivatives of the equations along the linear solution; `move`: H, the states' law of motion.
    """

    now: Float[Array, "m m"]
    later: Float[Array, "m m"]
    curvature: Float[Array, "m n n"]
    move: Float[Array, "n n"]


def second_order(of: Bent) -> Float[Array, "m n n"]:
    """X = Σ Φᵏ D(Hᵏ, Hᵏ) with Φ = −now⁻¹ later and D = −now⁻¹ curvature, by doubling; zero where the sum is not finite.

    The generalised Sylvester equation of second-order perturbation (Schmitt-Grohé and Uribe 2004). Of a model with one
    stable solution Φ and H lie inside the unit circle.
    """
    m, n = of.curvature.shape[:2]
    right = jnp.concatenate([of.later, of.curvature.reshape(m, n * n)], axis=1)
    found = -solved(of.now, right)

    def double(carry, _):
        left, move, total = carry
        ahead = jnp.einsum("ab,bij,ik,jl->akl", left, total, move, move)
        return (left @ left, move @ move, total + ahead), None

    start = found[:, :m], of.move, found[:, m:].reshape(m, n, n)
    total = jax.lax.scan(double, start, length=SUMMANDS)[0][2]
    return jnp.where(jnp.all(jnp.isfinite(total)), total, 0)
