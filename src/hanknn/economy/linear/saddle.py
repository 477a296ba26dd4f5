"""Linear rational-expectations models, solved by doubling.

The model: s' = A s + B y + shocks, P s + Q y + N E[y'] = 0; s are states, y jumps. Its stable solution y = G s.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from .stationary import radius
from .systems import solved

DOUBLINGS = 50
SUMMANDS = 20
"""A correction is summed over 2 to this power of periods."""

STABLE = 1 - 1e-9
"""Eigenvalues of larger modulus are no longer inside the unit circle."""


class System(NamedTuple):
    """The matrices of a model with n states and m jumps."""

    a: Float[Array, "n n"]
    b: Float[Array, "n m"]
    p: Float[Array, "m n"]
    q: Float[Array, "m m"]
    n: Float[Array, "m m"]


class Saddle(NamedTuple):
    """The solution of a system.

    `slopes`: G. `move`: A + B G, the states' law of motion. `stable`: the largest modulus of its eigenvalues.
    `explosive`: of the inverses of the eigenvalues that the solution leaves out. `known`: whether G was found.
    """

    slopes: Float[Array, "m n"]
    move: Float[Array, "n n"]
    stable: Float[Array, ""]
    explosive: Float[Array, ""]
    known: Bool[Array, ""]

    @property
    def determinate(self) -> Bool[Array, ""]:
        """One stable solution: as many eigenvalues inside the unit circle as states (Blanchard and Kahn 1980)."""
        return self.known & (self.stable <= STABLE) & (self.explosive <= STABLE)


class _Doubling(NamedTuple):
    """After 2^k periods: s″ = e s + y·jumps″, jumps = x s + f·jumps″."""

    e: Float[Array, "n n"]
    y: Float[Array, "n m"]
    x: Float[Array, "m n"]
    f: Float[Array, "m m"]
    step: Array
    change: Float[Array, ""]


def saddle(system: System) -> Saddle:
    """The solution with the eigenvalues of least modulus; differentiable once, forwards and backwards.

    Structure-preserving doubling (Huang, Li and Lin 2018, chapter 5; Meyer-Gohde and Saecker 2024 for such models)
    follows jumps 1, 2, 4, … periods ahead until today's no longer depend on them. One correction then brings rounding
    back to its floor and carries the derivatives, by the implicit function theorem.
    """
    still = jax.lax.stop_gradient(system)
    found = _doubled(still)
    slopes = jnp.where(jnp.isfinite(found), found, 0)
    identity = jnp.eye(len(still.q), dtype=slopes.dtype)
    inverse = _finite(solved(still.q + still.n @ slopes @ still.b, identity))
    ahead = -inverse @ still.n
    slopes = slopes - _summed(ahead, inverse @ _error(system, slopes), still.a + still.b @ slopes)
    floor = float(jnp.finfo(slopes.dtype).eps) ** 0.5 * (1 + _size(still.p))
    known = jnp.all(jnp.isfinite(found)) & (_size(_error(still, jax.lax.stop_gradient(slopes))) <= floor)
    move = system.a + system.b @ slopes
    return Saddle(slopes, move, radius(jax.lax.stop_gradient(move)), radius(ahead), known)


def _doubled(system: System) -> Float[Array, "m n"]:
    states = system.a.shape[0]
    first = -solved(system.q, jnp.concatenate([system.p, system.n], axis=1))
    x, f = first[:, :states], first[:, states:]
    start = _Doubling(system.a + system.b @ x, system.b @ f, x, f, jnp.asarray(0), jnp.asarray(jnp.inf, x.dtype))
    tolerance = 10 * jnp.finfo(x.dtype).eps

    def go_on(now: _Doubling):
        return (now.step < DOUBLINGS) & (now.change > tolerance)

    def double(now: _Doubling) -> _Doubling:
        left = jnp.eye(states, dtype=x.dtype) - now.y @ now.x
        both = solved(left, jnp.concatenate([now.e, now.y @ now.f], axis=1))
        near, far = both[:, :states], both[:, states:]
        through = now.f @ now.x
        change = through @ near
        moved = _size(change) / jnp.maximum(_size(now.x), 1e-300)
        # What is not finite ends the search: `moved` is then no number, and the answer unknown.
        return _Doubling(
            now.e @ near,
            now.y + now.e @ far,
            now.x + change,
            now.f @ now.f + through @ far,
            now.step + 1,
            jnp.where(jnp.isfinite(moved), moved, 0),
        )

    return jax.lax.while_loop(go_on, double, start).x


def _error(system: System, slopes: Float[Array, "m n"]) -> Float[Array, "m n"]:
    return system.p + system.q @ slopes + system.n @ slopes @ (system.a + system.b @ slopes)


def _summed(left: Float[Array, "m m"], middle: Float[Array, "m n"], right: Float[Array, "n n"]) -> Float[Array, "m n"]:
    """Σ Φᵏ D Hᵏ over k = 0, 1, …: a Newton step for G is minus that.

    D is the error's share in today's jumps, Φ what jumps off the solution lead to, H the states' law of motion; Φ and H
    are held constant, for where the error is zero its derivative is all that counts.
    """

    def double(carry, _):
        left, right, total = carry
        # Only the product counts: of an indeterminate model the left factor grows, and the right one falls faster.
        even = jnp.sqrt(jnp.maximum(_size(right), 1e-300) / jnp.maximum(_size(left), 1e-300))
        left, right = left * even, right / even
        return (left @ left, right @ right, total + left @ total @ right), None

    return _finite(jax.lax.scan(double, (left, right, middle), length=SUMMANDS)[0][2])


def _finite(matrix: Float[Array, "_ _"]) -> Float[Array, "_ _"]:
    return jnp.where(jnp.all(jnp.isfinite(matrix)), matrix, 0)


def _size(matrix: Float[Array, "_ _"]) -> Float[Array, ""]:
    return jnp.max(jnp.abs(matrix))
