"""The Kalman filter's pass over the data, forwards and backwards, and its derivative.

z = (this period's state, last period's): what data show may compare the two.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .space import Period


class Linear(NamedTuple):
    """z' = drift + move z + hit e,  y = level + show z,  z = (this period's state, last period's).

    The lower half of the law of motion carries the state over. `policies` and `slopes`: policies and their slopes at
    the centre of the states.
    """

    start: Float[Array, " z"]
    spread: Float[Array, "z z"]
    drift: Float[Array, " z"]
    move: Float[Array, "z z"]
    hit: Float[Array, "z shocks"]
    level: Float[Array, " observables"]
    show: Float[Array, "observables z"]
    policies: Float[Array, " policies"]
    slopes: Float[Array, "policies states"]


class Update(NamedTuple):
    """One period's pass, in whitened observations y = H z + e, e standard normal.

    `mean`, `variance`: predicted. With the innovations v, their variance F = H P Hᵀ + I: `rows` H, `weighed` F⁻¹ v,
    `gains` F⁻¹ H P, `precise` F⁻¹ H.
    """

    mean: Float[Array, " z"]
    variance: Float[Array, "z z"]
    filtered_mean: Float[Array, " z"]
    filtered_variance: Float[Array, "z z"]
    rows: Float[Array, "observables z"]
    weighed: Float[Array, " observables"]
    gains: Float[Array, "observables z"]
    precise: Float[Array, "observables z"]
    increment: Float[Array, ""]


def passed(linear: Linear, data: Period) -> Update:
    """All periods, stacked."""

    def period(carry, now):
        done = update(linear, now, *carry)
        return predict(linear, done.filtered_mean, done.filtered_variance), done

    return jax.lax.scan(period, (linear.start, linear.spread), data)[1]


def update(linear: Linear, data: Period, mean: Float[Array, " z"], variance: Float[Array, "z z"]) -> Update:
    """Take in one period's observations; missing ones have zero rows, and say nothing."""
    rows = data.whitening @ linear.show
    error = data.whitening @ (data.values - linear.level) - rows @ mean
    reach = rows @ variance
    count, size = rows.shape
    identity = jnp.eye(count, dtype=rows.dtype)
    # Gauss-Jordan without pivots: F is at least the identity.
    swept = jnp.concatenate([reach @ rows.T + identity, reach, rows, error[:, None]], axis=1)
    pivots = []
    for k in range(count):
        pivots.append(swept[k, k])
        row = swept[k] / swept[k, k]
        swept = swept - (swept[:, k] - identity[k])[:, None] * row[None, :]
    gains, precise = swept[:, count : count + size], swept[:, count + size : -1]
    weighed = swept[:, -1]
    filtered = variance - reach.T @ gains
    filtered = (filtered + filtered.T) / 2  # rounding would make it lose its symmetry, and then its sign
    increment = data.constant - 0.5 * (jnp.sum(jnp.log(jnp.stack(pivots))) + error @ weighed)
    return Update(mean, variance, mean + weighed @ reach, filtered, rows, weighed, gains, precise, increment)


def predict(
    linear: Linear, mean: Float[Array, " z"], variance: Float[Array, "z z"]
) -> tuple[Float[Array, " z"], Float[Array, "z z"]]:
    """Next period's z, from this period's state alone."""
    drift, move, hit = _law(linear)
    states = len(drift)
    state, spread = mean[:states], variance[:states, :states]
    cross = move @ spread
    ahead = jnp.block([[cross @ move.T + hit @ hit.T, cross], [cross.T, spread]])
    return jnp.concatenate([drift + move @ state, state]), ahead


def smoothed(
    linear: Linear, done: Update
) -> tuple[Float[Array, "periods z"], Float[Array, "periods z z"], Float[Array, "periods shocks"]]:
    """Smoothed means, variances and shocks (Durbin and Koopman 2012, sections 4.4 and 4.5)."""

    def back(carry, now: Update):
        r, n = carry
        r = r + (now.weighed - now.gains @ r) @ now.rows
        n = _kept(now, n) + now.rows.T @ now.precise
        mean, variance = now.mean + now.variance @ r, now.variance - now.variance @ n @ now.variance
        return (linear.move.T @ r, linear.move.T @ n @ linear.move), (mean, variance, linear.hit.T @ r)

    zero = jnp.zeros_like(linear.start), jnp.zeros_like(linear.spread)
    return jax.lax.scan(back, zero, done, reverse=True)[1]


@jax.custom_vjp
def log_densities(linear: Linear, data: Period) -> Float[Array, " periods"]:
    """The likelihood of each period, log p(y_t | y_1…y_{t−1}); differentiable backwards, once, in `linear`.

    Its derivative follows from the adjoint of each step in closed form: reverse-mode differentiation of the pass takes
    several times as long, most of it for what it keeps of every operation.
    """
    return passed(linear, data).increment


def _forwards(linear: Linear, data: Period):
    done = passed(linear, data)
    return done.increment, (linear, data, done)


class _Sums(NamedTuple):
    """Derivatives that every period adds to; `noise`: in the variance of what shocks do to the state."""

    drift: Float[Array, " states"]
    move: Float[Array, "states states"]
    noise: Float[Array, "states states"]
    level: Float[Array, " observables"]
    show: Float[Array, "observables z"]


def _backwards(kept: tuple[Linear, Period, Update], weights: Float[Array, " periods"]):
    linear, data, done = kept
    drift, move, hit = _law(linear)
    states, zero = len(drift), jnp.zeros_like
    first = _Sums(zero(drift), zero(move), zero(move), zero(linear.level), zero(linear.show))

    def back(carry, period):
        (m, p), sums = carry
        now, whitening, weight = period
        law, (m, p) = _back_through_prediction(linear, now, m, p)
        rows, error, (m, p) = _back_through_update(now, m, p, weight)
        shown = -whitening.T @ error, whitening.T @ rows
        return ((m, p), jax.tree.map(jnp.add, sums, _Sums(*law, *shown))), None

    start = (zero(linear.start), zero(linear.spread)), first
    ((m, p), sums), _ = jax.lax.scan(back, start, (done, data.whitening, weights), reverse=True)
    found = Linear(
        m,
        p,
        zero(linear.drift).at[:states].set(sums.drift),
        zero(linear.move).at[:states, :states].set(sums.move),
        zero(linear.hit).at[:states].set(2 * sums.noise @ hit),
        sums.level,
        sums.show,
        zero(linear.policies),
        zero(linear.slopes),
    )
    return found, jax.tree.map(zero, data)


def _back_through_prediction(linear: Linear, now: Update, m: Float[Array, " z"], p: Float[Array, "z z"]):
    """From derivatives in the predicted mean and variance: what they say of drift, move and noise; in the filtered."""
    _, move, _ = _law(linear)
    states = len(move)
    mean, spread = now.filtered_mean[:states], now.filtered_variance[:states, :states]
    ahead, cross = p[:states, :states], p[:states, states:]
    moved = ahead @ move + cross
    law = m[:states], jnp.outer(m[:states], mean) + 2 * moved @ spread, ahead
    across = cross.T @ move
    filtered = move.T @ ahead @ move + across + across.T + p[states:, states:]
    return law, (jnp.pad(m[:states] @ move + m[states:], (0, states)), jnp.pad(filtered, (0, states)))


def _back_through_update(now: Update, m: Float[Array, " z"], p: Float[Array, "z z"], weight: Float[Array, ""]):
    """From derivatives in the filtered mean and variance, and the weight of the period's likelihood, to those in the
    rows, the innovations, and the predicted mean and variance."""
    gain = now.gains @ m
    error = gain - weight * now.weighed
    seen = now.weighed @ now.rows
    shift = seen @ now.variance
    kept = m - gain @ now.rows
    curve = 0.5 * weight * (jnp.outer(now.weighed, shift) - now.gains)
    rows = (
        jnp.outer(now.weighed, now.filtered_variance @ m)
        - jnp.outer(gain, shift)
        - jnp.outer(error, now.mean)
        - 2 * now.gains @ p @ now.filtered_variance
        + 2 * curve
    )
    both = jnp.outer(kept, seen)
    fit = 0.5 * weight * (jnp.outer(seen, seen) - now.rows.T @ now.precise)
    return rows, error, (m - error @ now.rows, _kept(now, p) + 0.5 * (both + both.T) + fit)


log_densities.defvjp(_forwards, _backwards)


def _law(linear: Linear) -> tuple[Float[Array, " n"], Float[Array, "n n"], Float[Array, "n shocks"]]:
    """The law of motion of this period's state."""
    states = len(linear.drift) // 2
    return linear.drift[:states], linear.move[:states, :states], linear.hit[:states]


def _kept(now: Update, p: Float[Array, "z z"]) -> Float[Array, "z z"]:
    """(I − K H)ᵀ p (I − K H), K the gains, of a symmetric p, and symmetric: written out, rounding would grow."""
    keep = jnp.eye(len(p), dtype=p.dtype) - now.gains.T @ now.rows
    found = keep.T @ p @ keep
    return (found + found.T) / 2
