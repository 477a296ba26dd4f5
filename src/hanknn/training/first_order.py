"""Adam and AdamW on batches of economies: the training of KMR and of the earlier implementations."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jax.sharding import PartitionSpec
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ..economy import Economy
from ..economy.draws import Draw
from ..economy.expectations import Expectation, MonteCarlo
from ..economy.networks import network_policy
from ..machine.compiled import once
from ..machine.errors import SettingError
from .method import Info, Method
from .sampling import Fresh, Sampling
from .weighting import EquationWeights, Weighting


class FirstOrderState(NamedTuple):
    """What continues. Each economy of the batch has a random key of its own."""

    weights: Float[Array, " weights"]
    optimizer: optax.OptState
    economies: Draw
    keys: PRNGKeyArray
    scale: Float[Array, " residuals"]
    iteration: Int[Array, ""]


@dataclass(frozen=True)
class FirstOrder(Method):
    """Settings of first-order training.

    The loss of a step is the sum over the batch of all equations' squared residuals (KMR's unit).
    An iteration makes `inner_steps` gradient steps on the same economies, each with new shocks,
    then `sampling` replaces or moves the economies. The learning rate falls from `learning_rate`
    to `final_learning_rate` along a half cosine over the iterations; the optimiser's moments carry
    on throughout. `weight_decay=0` makes AdamW Adam. `clip_norm`: global norm at which gradients
    are clipped (0: not). `running_scale`: decay of a running mean square of each equation by which
    its residual is divided (0: off), the adaptive weights of the Julia port. `double`: float64.

    Where JAX has several devices and their number divides `batch`, the batch is split over them;
    `hanknn` on the command line makes every core a device.
    """

    iterations: int = 50_000
    batch: int = 100
    inner_steps: int = 1
    sampling: Sampling = Fresh()
    expectation: Expectation = MonteCarlo(10)
    weighting: Weighting = EquationWeights()
    learning_rate: float = 1e-3
    final_learning_rate: float = 1e-10
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    running_scale: float = 0.0
    double: bool = False

    chunk: ClassVar[int] = 250

    def __post_init__(self) -> None:
        if min(self.iterations, self.batch, self.inner_steps) < 1:
            raise SettingError("FirstOrder iterations, batch and inner_steps must be at least 1")
        if not 0 <= self.running_scale < 1:
            raise SettingError(f"FirstOrder running_scale is {self.running_scale}; it is a decay, in [0, 1)")
        if not self.learning_rate > 0:
            raise SettingError(f"FirstOrder learning_rate is {self.learning_rate}; it must be positive")

    @property
    def dtype(self):
        return jnp.float64 if self.double else jnp.float32

    def weights(self, state):
        return state.weights

    def _optimizer(self) -> optax.GradientTransformation:
        clip = [optax.clip_by_global_norm(self.clip_norm)] if self.clip_norm else []
        decay = [optax.add_decayed_weights(self.weight_decay)] if self.weight_decay else []
        return optax.chain(*clip, optax.scale_by_adam(), *decay)

    def rate(self, iteration: Int[Array, ""]) -> Float[Array, ""]:
        """Learning rate of an iteration."""
        cosine = 0.5 * (1 + jnp.cos(jnp.pi * iteration.astype(self.dtype) / self.iterations))
        return self.final_learning_rate + (self.learning_rate - self.final_learning_rate) * cosine

    def init(self, equations, network, key):
        weights = ravel_pytree(network)[0].astype(self.dtype)
        first, second = jax.random.split(key)
        keys = jax.random.split(first, self.batch)
        economies = once(jax.vmap(lambda k: self.sampling.start(equations, k, self.dtype)))(keys)
        return FirstOrderState(
            weights=weights,
            optimizer=self._optimizer().init(weights),
            economies=economies,
            keys=jax.random.split(second, self.batch),
            scale=jnp.ones(len(equations.row_equations), self.dtype),
            iteration=jnp.asarray(0, jnp.int32),
        )

    def partition(self, axis, devices):
        if self.batch % devices:
            return None
        whole, split = PartitionSpec(), PartitionSpec(axis)
        specs: Any = FirstOrderState
        return specs(weights=whole, optimizer=whole, economies=split, keys=split, scale=whole, iteration=whole)

    def step(self, equations, network, state, axis):
        rebuild = ravel_pytree(network)[1]
        optimizer, rate = self._optimizer(), self.rate(state.iteration)
        expectation = self.expectation
        devices = 1 if axis is None else jax.lax.axis_size(axis)

        def rows_of(net, scale, draw, key):
            theta = equations.parameters(draw.theta)
            residuals = Economy(equations, network_policy(net, equations)).residuals(
                draw.state, theta, expectation, key
            )
            held = Economy(equations, network_policy(jax.lax.stop_gradient(net), equations))
            matrix = self.weighting.matrix(held, draw.state, theta)
            return jax.lax.stop_gradient(matrix) @ (residuals / scale), residuals

        def loss(net, scale, keys):
            rows, residuals = jax.vmap(rows_of, (None, None, 0, 0))(net, scale, state.economies, keys)
            return jnp.sum(rows**2), jnp.mean(residuals**2, axis=0)

        def inner(carry, i):
            weights, moments, scale = carry
            keys = jax.vmap(lambda k: jax.random.fold_in(k, i))(state.keys)
            net = rebuild(weights)
            root = jnp.sqrt(scale) if self.running_scale else jnp.ones_like(scale)
            (value, squares), gradient = jax.value_and_grad(loss, has_aux=True)(net, root, keys)
            total = jnp.concatenate([value[None], squares / devices, ravel_pytree(gradient)[0]])
            total = total if axis is None else jax.lax.psum(total, axis)
            value, squares, gradient = total[0], total[1 : 1 + len(squares)], total[1 + len(squares) :]
            updates, moments = optimizer.update(gradient, moments, weights)
            if self.running_scale:
                scale = self.running_scale * scale + (1 - self.running_scale) * squares
            return (weights - rate * jnp.asarray(updates), moments, scale), (value, squares)

        start = state.weights, state.optimizer, state.scale
        (weights, moments, scale), (losses, squares) = jax.lax.scan(inner, start, jnp.arange(self.inner_steps))

        economy = Economy(equations, network_policy(rebuild(weights), equations))
        advance = lambda draw, k: self.sampling.advance(economy, draw, k, state.iteration)
        moving = jax.vmap(lambda k: jax.random.fold_in(k, self.inner_steps))(state.keys)
        new = FirstOrderState(
            weights=weights,
            optimizer=moments,
            economies=jax.vmap(advance)(state.economies, moving),
            keys=jax.vmap(lambda k: jax.random.fold_in(k, self.inner_steps + 1))(state.keys),
            scale=scale,
            iteration=state.iteration + 1,
        )
        good = jnp.all(jnp.isfinite(losses)) & jnp.all(jnp.isfinite(weights))
        by_equation = equations.by_equation
        return new, Info(losses[0], by_equation(squares[0]), rate.astype(self.dtype), good, jnp.asarray(False))
