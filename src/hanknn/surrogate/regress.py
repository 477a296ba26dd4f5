"""Weighted nonlinear regression of one number on scaled parameters, by Levenberg-Marquardt with early stopping."""

import functools
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.scipy.linalg as jsl
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PRNGKeyArray

from ..errors import SettingError
from ..networks import Dense, silu_network
from ..training.damping import Damping

JACOBIAN_ROWS = 1024


class Rows(NamedTuple):
    """Inputs, outcomes and weights of a regression."""

    inputs: Float[Array, "rows inputs"]
    outcomes: Float[Array, " rows"]
    weights: Float[Array, " rows"]


class Fitted(NamedTuple):
    """The network at the best held-out loss, and both losses at each iteration, shape (iterations, 2)."""

    network: Dense
    losses: np.ndarray


@dataclass(frozen=True)
class Regression:
    """A narrow, deep SiLU network fitted by Levenberg-Marquardt.

    Stops after `patience` iterations without a lower held-out loss; the best network is kept.
    """

    width: int = 20
    depth: int = 4
    iterations: int = 80
    patience: int = 12
    damping: float = 1e-2

    def __post_init__(self) -> None:
        if min(self.width, self.depth, self.iterations, self.patience) < 1 or not self.damping > 0:
            raise SettingError("Regression width, depth, iterations, patience and damping must be positive")

    def fit(self, train: Rows, held_out: Rows, start: PRNGKeyArray | Dense) -> Fitted:
        """Minimise the weighted mean square, from random weights or from a network. All arrays float64."""
        sizes = (train.inputs.shape[1], *[self.width] * self.depth, 1)
        network = start if isinstance(start, Dense) else silu_network(start, sizes)
        weights, rebuild = ravel_pytree(network)
        padded = _padded(train)
        scale = jnp.max(jnp.diag(_curvature(sizes, weights, padded)[0]))
        damping = Damping(self.damping * scale, jnp.asarray(2.0))
        best, best_loss, since, losses = weights, float(_loss(sizes, weights, held_out)), 0, []
        for _ in range(self.iterations):
            weights, damping, now, stalled = _step(sizes, weights, damping, padded)
            outside = float(_loss(sizes, weights, held_out))
            losses.append([float(now), outside])
            since += 1
            if outside < best_loss * (1 - 1e-4):
                best, best_loss, since = weights, outside, 0
            if since >= self.patience or bool(stalled):
                break
        return Fitted(rebuild(best), np.array(losses))


def _padded(rows: Rows) -> Rows:
    """Rows of weight zero at the end, so that chunks are of one size."""
    short = -len(rows.outcomes) % JACOBIAN_ROWS
    return Rows(*(jnp.concatenate([a, jnp.zeros((short, *a.shape[1:]), a.dtype)]) for a in rows))


@functools.lru_cache
def _predictor(sizes: tuple[int, ...]):
    """(weights, inputs) -> outcome; one function a size, so that fits of one size share their compiled steps."""
    with jax.ensure_compile_time_eval():
        rebuild = ravel_pytree(silu_network(jax.random.key(0), sizes))[1]
    return lambda weights, inputs: rebuild(weights)(inputs)[0]


@functools.partial(jax.jit, static_argnums=0)
def _loss(sizes, weights, rows: Rows):
    predict = _predictor(sizes)
    errors = jax.vmap(predict, (None, 0))(weights, rows.inputs) - rows.outcomes
    return jnp.sum(rows.weights * errors**2) / jnp.sum(rows.weights)


@functools.partial(jax.jit, static_argnums=0)
def _curvature(sizes, weights, rows: Rows):
    """JᵀJ, the gradient of half the loss, and the loss."""
    predict = _predictor(sizes)
    total = jnp.sum(rows.weights)
    chunks = jax.tree.map(lambda a: a.reshape(-1, JACOBIAN_ROWS, *a.shape[1:]), rows)

    def add(carry, chunk: Rows):
        errors = lambda w: (
            jnp.sqrt(chunk.weights / total) * (jax.vmap(predict, (None, 0))(w, chunk.inputs) - chunk.outcomes)
        )
        values, pull_back = jax.vjp(errors, weights)
        # Noisy outcomes leave nothing to gain from a double-precision metric, which costs twice the time.
        single = jax.tree.map(lambda a: a.astype(jnp.float32), (weights, chunk))
        root = jnp.sqrt(single[1].weights / total.astype(jnp.float32))
        jacobian = root[:, None] * jax.vmap(jax.grad(predict), (None, 0))(single[0], single[1].inputs)
        gram, gradient, loss = carry
        return (gram + jacobian.T @ jacobian, gradient + pull_back(values)[0], loss + jnp.sum(values**2)), None

    size = weights.shape[0]
    zero = jnp.zeros((size, size), jnp.float32), jnp.zeros(size, weights.dtype), jnp.zeros((), weights.dtype)
    gram, gradient, loss = jax.lax.scan(add, zero, chunks)[0]
    return gram.astype(weights.dtype), gradient, loss


@functools.partial(jax.jit, static_argnums=0)
def _step(sizes, weights, damping: Damping, rows: Rows):
    gram, gradient, loss = _curvature(sizes, weights, rows)
    largest = jnp.max(jnp.diag(gram))

    def attempt(carry):
        damping, _, _, _, tries = carry
        factor = jsl.cho_factor(gram + damping.value * jnp.eye(len(gram), dtype=gram.dtype))
        move = -jsl.cho_solve(factor, gradient)
        trial = _loss(sizes, weights + move, rows)
        after, accept = damping.after(loss, trial, move @ (damping.value * move - gradient))
        return after, accept, weights + move, trial, tries + 1

    # A rejected step costs a factorisation, an accepted one also a Jacobian: retry within the iteration.
    start = damping, jnp.asarray(False), weights, loss, jnp.asarray(0)
    after, accept, moved, trial, _ = jax.lax.while_loop(lambda c: ~c[1] & (c[4] < 8), attempt, start)
    stalled = after.value > 1e12 * largest
    return jnp.where(accept, moved, weights), after, jnp.where(accept, trial, loss), stalled
