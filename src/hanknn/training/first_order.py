"""Adam and AdamW on batches of economies: the training of KMR and of the earlier implementations."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree
from jax.sharding import PartitionSpec
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ..economy import Economy
from ..economy.draws import Draw, ergodic_draw
from ..economy.expectations import Expectation, MonteCarlo
from ..economy.networks import network_policy
from ..machine.compiled import once
from ..machine.devices import AXIS
from ..machine.errors import SettingError
from .method import Info, Method
from .sample.rules import Drawn, Sampling
from .weighting import EquationWeights, Weighting


class FirstOrderState(NamedTuple):
    """What continues. Each economy of the batch has a random key of its own."""

    weights: Float[Array, " weights"]
    optimizer: optax.OptState
    economies: Draw
    keys: PRNGKeyArray
    iteration: Int[Array, ""]


@dataclass(frozen=True)
class FirstOrder(Method):
    """Settings of first-order training.

    The loss of a step is the sum over the batch of all equations' squared residuals (KMR's unit).
    An iteration makes `inner_steps` gradient steps on the same economies, each with new shocks,
    then `sampling` replaces or moves the economies. The learning rate falls from `learning_rate`
    to `final_learning_rate` along a half cosine over the iterations; the optimiser's moments carry
    on throughout. `weight_decay=0` makes AdamW Adam. `clip_norm`: global norm at which gradients
    are clipped (0: not).

    Where JAX has several devices and their number divides `batch`, the batch is split over them;
    `hanknn` on the command line makes every core a device.
    """

    iterations: int = 50_000
    batch: int = 100
    inner_steps: int = 1
    sampling: Sampling = Drawn()
    expectation: Expectation = MonteCarlo(10)
    weighting: Weighting = EquationWeights()
    learning_rate: float = 1e-3
    final_learning_rate: float = 1e-10
    weight_decay: float = 0.01
    clip_norm: float = 1.0

    chunk: ClassVar[int] = 250

    def __post_init__(self) -> None:
        if min(self.iterations, self.batch, self.inner_steps) < 1:
            raise SettingError("FirstOrder iterations, batch and inner_steps must be at least 1")
        if not self.learning_rate > 0:
            raise SettingError(f"FirstOrder learning_rate is {self.learning_rate}; it must be positive")

    @property
    def dtype(self):
        return jnp.float32

    def weights(self, state):
        return jax.device_put(state.weights, jax.local_devices()[0])

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
        economies = once(jax.vmap(lambda k: ergodic_draw(equations, k, self.dtype)))(keys)
        return FirstOrderState(
            weights=weights,
            optimizer=self._optimizer().init(weights),
            economies=economies,
            keys=jax.random.split(second, self.batch),
            iteration=jnp.asarray(0, jnp.int32),
        )

    def step(self, equations, network, state):
        devices = jax.local_devices()
        mesh = jax.sharding.Mesh(np.array(devices if self.batch % len(devices) == 0 else devices[:1]), (AXIS,))
        whole, split = PartitionSpec(), PartitionSpec(AXIS)
        specs = FirstOrderState(whole, whole, split, split, whole)  # pyright: ignore[reportArgumentType]
        part = lambda state: self._step_of_part(equations, network, state)
        return jax.shard_map(part, mesh=mesh, in_specs=(specs,), out_specs=(specs, whole), check_vma=False)(state)

    def _step_of_part(self, equations, network, state):
        """A step of one device, which has an equal part of the economies."""
        rebuild = ravel_pytree(network)[1]
        optimizer, rate = self._optimizer(), self.rate(state.iteration)

        def rows_of(net, draw, key):
            theta = draw.known
            economy = Economy(equations, network_policy(net, equations))
            residuals = economy.residuals(draw.state, theta, self.expectation, key)
            held = Economy(equations, network_policy(jax.lax.stop_gradient(net), equations))
            matrix = self.weighting.matrix(held, draw.state, theta)
            return jax.lax.stop_gradient(matrix) @ residuals, residuals

        def loss(net, keys):
            rows, residuals = jax.vmap(rows_of, (None, 0, 0))(net, state.economies, keys)
            return jnp.sum(rows**2), jnp.sum(residuals**2, axis=0) / self.batch

        def inner(carry, i):
            weights, moments = carry
            keys = jax.vmap(lambda k: jax.random.fold_in(k, i))(state.keys)
            sums, gradient = jax.value_and_grad(loss, has_aux=True)(rebuild(weights), keys)
            (value, squares), gradient = jax.lax.psum((sums, ravel_pytree(gradient)[0]), AXIS)
            updates, moments = optimizer.update(gradient, moments, weights)
            return (weights - rate * jnp.asarray(updates), moments), (value, squares)

        start = state.weights, state.optimizer
        (weights, moments), (losses, squares) = jax.lax.scan(inner, start, jnp.arange(self.inner_steps))

        economy = Economy(equations, network_policy(rebuild(weights), equations))
        advance = lambda draw, k: self.sampling.advance(economy, draw, k, state.iteration)
        moving = jax.vmap(lambda k: jax.random.fold_in(k, self.inner_steps))(state.keys)
        new = FirstOrderState(
            weights=weights,
            optimizer=moments,
            economies=jax.vmap(advance)(state.economies, moving),
            keys=jax.vmap(lambda k: jax.random.fold_in(k, self.inner_steps + 1))(state.keys),
            iteration=state.iteration + 1,
        )
        good = jnp.all(jnp.isfinite(losses)) & jnp.all(jnp.isfinite(weights))
        mean_squares = equations.by_equation(squares[0])
        return new, Info(losses[0], mean_squares, rate.astype(self.dtype), good, jnp.asarray(False))
