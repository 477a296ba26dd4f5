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

from ...economy.networks import Dense, silu_network
from ...machine.arguments import require_whole, require_within
from ...machine.compiled import jit
from ...machine.damping import Damping

CHUNK, TRIES = 1024, 8
"""Rows computed at once; steps tried an iteration."""


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
        require_whole(self, width=1, depth=1, iterations=1, patience=1)
        require_within(self, "(0, inf)", "damping")

    def fit(self, train: Rows, held_out: Rows, start: PRNGKeyArray | Dense) -> Fitted:
        """Minimise the weighted mean square, from random weights or from a network. All arrays float64."""
        sizes = (train.inputs.shape[1], *[self.width] * self.depth, 1)
        network = start if isinstance(start, Dense) else silu_network(start, sizes)
        weights, rebuild = ravel_pytree(network)
        programs, inside, outside = _programs(sizes), _chunks(train), _chunks(held_out)
        gram, gradient, now = programs.linearise(weights, inside)
        damping = Damping(self.damping * jnp.max(jnp.diag(gram)), jnp.asarray(2.0))
        best, best_loss, since, losses = weights, float(programs.loss(weights, outside)), 0, []
        for _ in range(self.iterations):
            # A rejected step costs a factorisation, an accepted one also a Jacobian: retry within the iteration.
            for _ in range(TRIES):
                trial, predicted = programs.step(weights, damping.value, gram, gradient)
                then = programs.loss(trial, inside)
                damping, accept = damping.after(now, then, predicted)
                if accept:
                    weights, now = trial, then
                    break
            there = float(programs.loss(weights, outside))
            losses.append([float(now), there])
            since += 1
            if there < best_loss * (1 - 1e-4):
                best, best_loss, since = weights, there, 0
            if since >= self.patience or damping.value > 1e12 * jnp.max(jnp.diag(gram)):
                break
            gram, gradient, now = programs.linearise(weights, inside)
        return Fitted(rebuild(best), np.array(losses))


def _chunks(rows: Rows) -> list[Rows]:
    """Rows in parts of one size, the last filled up with weights of zero: what is compiled serves any number."""
    total, short = jnp.sum(rows.weights), -len(rows.outcomes) % CHUNK
    filled = (jnp.concatenate([a, jnp.zeros((short, *a.shape[1:]), a.dtype)]) for a in rows)
    inputs, outcomes, weights = (a.reshape(-1, CHUNK, *a.shape[1:]) for a in filled)
    return [Rows(*part) for part in zip(inputs, outcomes, weights / total, strict=True)]


class _Programs:
    """What Levenberg-Marquardt needs of networks of one size, compiled once; weights of the rows sum to one."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        with jax.ensure_compile_time_eval():
            self._rebuild = ravel_pytree(silu_network(jax.random.key(0), sizes))[1]
        self.step = jit(_step)
        self._linearised, self._squares = jit(self._linearise_part), jit(self._loss_part)

    def linearise(self, weights: Float[Array, " weights"], chunks: list[Rows]):
        """JᵀJ, the gradient of half the loss, and the loss."""
        return functools.reduce(_add, (self._linearised(weights, chunk) for chunk in chunks))

    def loss(self, weights: Float[Array, " weights"], chunks: list[Rows]) -> Float[Array, ""]:
        return functools.reduce(jnp.add, (self._squares(weights, chunk) for chunk in chunks))

    def _predict(self, weights, inputs):
        return self._rebuild(weights)(inputs)[0]

    def _errors(self, weights, chunk: Rows):
        return jnp.sqrt(chunk.weights) * (jax.vmap(self._predict, (None, 0))(weights, chunk.inputs) - chunk.outcomes)

    def _loss_part(self, weights, chunk: Rows):
        return jnp.sum(self._errors(weights, chunk) ** 2)

    def _linearise_part(self, weights, chunk: Rows):
        values, pull_back = jax.vjp(lambda w: self._errors(w, chunk), weights)
        # Noisy outcomes leave nothing to gain from a double-precision metric, which costs twice the time.
        narrow, rows = jax.tree.map(lambda a: a.astype(jnp.float32), (weights, chunk))
        jacobian = jnp.sqrt(rows.weights)[:, None] * jax.vmap(jax.grad(self._predict), (None, 0))(narrow, rows.inputs)
        return (jacobian.T @ jacobian).astype(weights.dtype), pull_back(values)[0], jnp.sum(values**2)


_programs = functools.lru_cache(_Programs)


@jax.jit
def _add(sums, more):
    return jax.tree.map(jnp.add, sums, more)


def _step(weights, damping, gram, gradient):
    """Weights after one damped step, and the fall of the loss that it predicts."""
    factor = jsl.cho_factor(gram + damping * jnp.eye(len(gram), dtype=gram.dtype))
    move = -jsl.cho_solve(factor, gradient)
    return weights + move, move @ (damping * move - gradient)
