"""The most likely path given all data, and how likely later data are from states near it.

The path minimises half the squares of shocks and of errors in whitened data: a nonlinear least-squares problem whose
Gauss-Newton steps are a recursion backward and one forward (an iterated extended Kalman smoother; iterative LQR, Li and
Todorov 2004). What the last recursion backward leaves is a Gaussian approximation of p(y_t … y_T | state before t) near
the path, up to a factor; for a linear model it is exact.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_solve, solve_triangular
from jaxtyping import Array, Float

from .space import Period

SHARES = (1.0, 0.6, 0.3, 0.1, 0.0)
"""Of a Gauss-Newton step, of which the best is taken."""
FAR = 5.0
"""S.d. of a shock beyond which the first guess does not look."""

Step = Callable[[Float[Array, " states"], Float[Array, " shocks"]], tuple[Array, Array]]
"""From a state and the period's shocks to the state after it and its observables, as vectors."""


class Path(NamedTuple):
    """The state before each period, and the shocks in it."""

    states: Float[Array, "periods states"]
    shocks: Float[Array, "periods shocks"]


class Outlook(NamedTuple):
    """What all later data say from a state that is δ away from the path's, period by period.

    Shocks are near N(`mean` + `gain` δ, `root` `root`ᵀ), and the log density of the data is near a constant + `slope` δ
    − ½ δᵀ`curvature` δ. `root` is triangular.
    """

    mean: Float[Array, "*periods shocks"]
    gain: Float[Array, "*periods shocks states"]
    root: Float[Array, "*periods shocks shocks"]
    slope: Float[Array, "*periods states"]
    curvature: Float[Array, "*periods states states"]

    def bend(self, away: Float[Array, " states"]) -> Float[Array, ""]:
        """How the log density differs from its value on the path."""
        return self.slope @ away - 0.5 * away @ (self.curvature @ away)


def likely_path(
    step: Step, start: Float[Array, " states"], data: Period, shocks: int, iterations: int
) -> tuple[Path, Outlook]:
    """The most likely path from a start, and the outlook from states near it.

    Where none is finite, the outlook is that of no data at all, from a path without shocks.
    """

    def improve(carry, _):
        path = carry[0]
        outlook = _look_back(step, path, data)
        paths, costs = jax.vmap(lambda share: _follow(step, start, data, path, outlook, share))(
            jnp.asarray(SHARES, start.dtype)
        )
        best = jnp.argmin(jnp.where(jnp.isfinite(costs), costs, jnp.inf))
        return (jax.tree.map(lambda a: a[best], paths), path, outlook), None

    first = _first_guess(step, start, data, shocks)
    blank = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), jax.eval_shape(lambda: _look_back(step, first, data)))
    # The recursion backward is in the program once: where the last step leads is not looked at.
    found = jax.lax.scan(improve, (first, first, blank), length=iterations)[0][1:]
    fine = jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(found)]))
    return jax.tree.map(lambda one, other: jnp.where(fine, one, other), found, _nothing(*found))


def _nothing(path: Path, outlook: Outlook) -> tuple[Path, Outlook]:
    blank = jax.tree.map(jnp.zeros_like, (path, outlook))
    even = jnp.eye(path.shocks.shape[1], dtype=path.shocks.dtype)
    return blank[0], blank[1]._replace(root=jnp.broadcast_to(even, outlook.root.shape))


def _first_guess(step: Step, start: Float[Array, " states"], data: Period, shocks: int) -> Path:
    """Shocks that explain each period by itself, two Gauss-Newton steps each."""

    def one(state, period: Period):
        at, identity = jnp.zeros(shocks, start.dtype), jnp.eye(shocks, dtype=start.dtype)
        predict = lambda shock: period.whitening @ step(state, shock)[1]

        def nearer(_, at):
            error, slope = period.whitening @ period.values - predict(at), jax.jacfwd(predict)(at)
            factor = jnp.linalg.cholesky(identity + slope.T @ slope)
            return jnp.clip(cho_solve((factor, True), slope.T @ (error + slope @ at)), -FAR, FAR)

        at = jax.lax.fori_loop(0, 2, nearer, at)
        return step(state, at)[0], Path(state, at)

    return jax.lax.scan(one, start, data)[1]


def _look_back(step: Step, path: Path, data: Period) -> Outlook:
    """The recursion backward along a path, around which the economy is linearised."""
    states = path.states.shape[1]

    def linear(state, shock, period: Period):
        def both(x):
            later, seen = step(x[:states], x[states:])
            error = period.whitening @ (period.values - seen)
            return (later, error), error

        (moves, errs), error = jax.jacfwd(both, has_aux=True)(jnp.concatenate([state, shock]))
        return moves, -errs, error

    def back(later, now):
        (slope, curvature), (moves, sees, error, shock) = later, now
        a, b, c, d = moves[:, :states], moves[:, states:], sees[:, :states], sees[:, states:]
        both = jnp.eye(len(shock), dtype=shock.dtype) + d.T @ d + b.T @ curvature @ b
        across = d.T @ c + b.T @ curvature @ a
        pull = shock - d.T @ error - b.T @ slope
        factor = jnp.linalg.cholesky(both)
        root = solve_triangular(factor, jnp.eye(len(shock), dtype=shock.dtype), lower=True).T
        solved = -root @ (root.T @ jnp.concatenate([across, pull[:, None]], axis=1))
        gain, move = solved[:, :-1], solved[:, -1]
        before = c.T @ c + a.T @ curvature @ a + across.T @ gain
        carry = c.T @ error + a.T @ slope - across.T @ move, 0.5 * (before + before.T)
        return carry, Outlook(shock + move, gain, root, *carry)

    lines = jax.vmap(linear)(path.states, path.shocks, data)
    zeros = lambda *shape: jnp.zeros(shape, path.states.dtype)
    end = zeros(states), zeros(states, states)
    return jax.lax.scan(back, end, (*lines, path.shocks), reverse=True)[1]


def _follow(step: Step, start, data: Period, path: Path, outlook: Outlook, share) -> tuple[Path, Float[Array, ""]]:
    """The path that goes this share of the way to what the outlook proposes, and half its squares."""

    def one(state, now):
        period, reference, shock, mean, gain = now
        shock = shock + share * (mean - shock) + gain @ (state - reference)
        later, seen = step(state, shock)
        error = period.whitening @ (period.values - seen)
        return later, (Path(state, shock), 0.5 * (shock @ shock + error @ error))

    _, (found, costs) = jax.lax.scan(one, start, (data, path.states, path.shocks, outlook.mean, outlook.gain))
    return found, jnp.sum(costs)
