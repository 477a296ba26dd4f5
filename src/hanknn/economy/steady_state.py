"""Where nothing happens: a model's deterministic steady state, by Newton's method, for every parameter value."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from .linear.systems import solved

TRIES = 60
ARRIVED = 0.6
"""A relative step below rounding to this power ends the search: the one after it, which is taken, leaves its square.
A smaller one may never come, for steps end where rounding moves the conditions."""
SHORTEST = 2.0**-20
NOTHING = 1e-9
"""Size of the residuals of what counts as a steady state."""

Conditions = Callable[[Float[Array, " unknowns"]], Float[Array, " unknowns"]]
"""Zero in the steady state."""


class Steady(NamedTuple):
    """States and outputs in one vector, and whether they are a steady state."""

    values: Float[Array, " unknowns"]
    known: Bool[Array, ""]


class _Search(NamedTuple):
    """The best point so far with its residuals' size and slopes, the step from it, and what is tried next."""

    here: Float[Array, " unknowns"]
    size: Float[Array, ""]
    slopes: Float[Array, "unknowns unknowns"]
    step: Float[Array, " unknowns"]
    length: Float[Array, ""]
    moved: Float[Array, ""]
    tries: Array


def steady_state(conditions: Conditions, still: Conditions, start: Float[Array, " unknowns"]) -> Steady:
    """The zero of `conditions` next to `start`, differentiable once.

    `still`: the same conditions with parameters whose derivatives are stopped. Steps are halved until residuals fall.
    """

    rounding = float(jnp.finfo(start.dtype).eps)

    def go_on(now: _Search):
        return (now.tries < TRIES) & (now.moved > rounding**ARRIVED) & (now.length > SHORTEST)

    def newton(now: _Search) -> _Search:
        there = now.here - now.length * now.step
        slopes, rows = jax.jacfwd(lambda x: (still(x),) * 2, has_aux=True)(there)
        size = jnp.linalg.norm(rows)
        # Close to the zero rounding decides, and no step lowers residuals any more.
        moved = jnp.max(jnp.abs(there - now.here) / (jnp.abs(now.here) + 1e-3))
        first = now.tries == 0
        better = first | (size < now.size) | (jnp.isfinite(size) & (moved < rounding**ARRIVED))
        step = jnp.where(better, solved(slopes, rows[:, None])[:, 0], now.step)
        return _Search(
            jnp.where(better, there, now.here),
            # A start at which equations are no numbers is not better than any other.
            jnp.where(better & jnp.isfinite(size), size, now.size),
            jnp.where(better, slopes, now.slopes),
            jnp.where(jnp.all(jnp.isfinite(step)), step, 0),
            jnp.where(better, jnp.minimum(1, 2 * now.length), now.length / 2),
            jnp.where(better & ~first, moved, jnp.inf),
            now.tries + 1,
        )

    start = jax.lax.stop_gradient(start)
    one = jnp.ones((), start.dtype)
    nothing = jnp.zeros((len(start), len(start)), start.dtype)
    begun = _Search(start, jnp.inf * one, nothing, jnp.zeros_like(start), one, jnp.inf * one, jnp.asarray(0))
    end = jax.lax.stop_gradient(jax.lax.while_loop(go_on, newton, begun))
    # One more step: derivatives by the implicit function theorem.
    correction = solved(end.slopes, conditions(end.here)[:, None])[:, 0]
    known = jnp.isfinite(end.size) & (end.moved < rounding**0.5) & jnp.all(jnp.isfinite(correction))
    return Steady(end.here - jnp.where(jnp.isfinite(correction), correction, 0), known)


def searched(conditions: Conditions, given: Float[np.ndarray, " unknowns"]) -> tuple[np.ndarray, bool]:
    """A steady state where a model tells little of it: NaN among the values `given` are unknown.

    Several starts for the unknown values, the same for all and then at random; the best end, and whether it is one.
    """
    from scipy.optimize import root  # slow to import

    function, slope = jax.jit(conditions), jax.jit(jax.jacfwd(conditions))
    if not np.isnan(given).any() and np.linalg.norm(np.asarray(conditions(jnp.asarray(given)))) < NOTHING:
        return given, True
    rng = np.random.default_rng(0)
    levels = [np.full(len(given), level) for level in (0.0, 1.0, 0.5, 0.1, 2.0, 5.0)]
    best, least = np.nan_to_num(given), np.inf
    for start in [*levels, *np.exp(rng.normal(size=(20, len(given)))), *rng.normal(size=(20, len(given)))]:
        start = np.where(np.isnan(given), start, given)
        if not np.isfinite(np.asarray(function(start))).all():
            continue
        with np.errstate(all="ignore"):
            end = root(lambda x: np.asarray(function(x)), start, jac=lambda x: np.asarray(slope(x)), method="hybr")
        size = np.linalg.norm(end.fun)
        if np.isfinite(size) and size < least:
            best, least = end.x, size
        if least < NOTHING:
            break
    return best, bool(least < NOTHING)
