"""Policy networks: what is trained.

An architecture is a value (`SmoothNetwork()`, `KMRNetwork()`); `build` turns it into weights.
Networks see one point: states in ergodic standard deviations, parameters scaled to [−1, 1].
"""

import abc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ..machine.errors import SettingError
from . import Equations, PolicyFunction
from .points import Point


class Layer(eqx.Module):
    """x ↦ x W + b. In `ravel_pytree`'s order b follows W, as one more row: a Jacobian in factors needs no other."""

    weights: Float[Array, "inputs outputs"]
    bias: Float[Array, " outputs"]

    def __call__(self, x: Float[Array, " inputs"]) -> Float[Array, " outputs"]:
        return x @ self.weights + self.bias


class Dense(eqx.Module):
    """A fully connected network with one activation between layers."""

    layers: list[Layer]
    activation: Callable = eqx.field(static=True)

    def __call__(self, x: Float[Array, " inputs"]) -> Float[Array, " outputs"]:
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)

    def silent(self) -> "Dense":
        """The same, its last layer zero: nothing is put out yet."""
        *before, last = self.layers
        return Dense([*before, jax.tree.map(jnp.zeros_like, last)], self.activation)

    def raised(self, by: Float[Array, ""] | float) -> "Dense":
        """The same, every output higher by one number."""
        *before, last = self.layers
        return Dense([*before, Layer(last.weights, last.bias + by)], self.activation)


class PolicyNetwork(eqx.Module):
    """A trainable policy function in scaled inputs."""

    @abc.abstractmethod
    def __call__(
        self,
        state: Float[Array, " inputs"],
        theta: Float[Array, " free"],
        center: Float[Array, " outputs"],
        scale: Float[Array, " outputs"],
    ) -> Float[Array, " outputs"]:
        """Outputs in the model's units, given the model's rough centre and scale of each."""

    def silent(self) -> "PolicyNetwork":
        """The same, but it puts out the centre, where it can: training then begins at a model's own first guess."""
        return self

    @property
    def of_parameters(self) -> Dense | None:
        """The part that sees parameters only, if there is one; its weights are the network's first."""
        return None

    def given(self, known: Float[Array, " known"]) -> "PolicyNetwork":
        """The network where `of_parameters` has put this out: a part without weights of its own, but these numbers."""
        raise NotImplementedError


class Known(eqx.Module):
    """In place of a part of a network, what it puts out."""

    values: Float[Array, " known"]

    def __call__(self, theta: Float[Array, " inputs"]) -> Float[Array, " known"]:
        return self.values


class PlainPolicy(PolicyNetwork):
    """One dense network of states and parameters, times a constant output scale."""

    dense: Dense
    output_scale: float = eqx.field(static=True)

    def silent(self):
        return PlainPolicy(self.dense.silent(), self.output_scale)

    def __call__(self, state, theta, center, scale):
        return self.output_scale * self.dense(jnp.concatenate([state, theta]))


class SmoothPolicy(PolicyNetwork):
    """Level and slopes that depend on the parameters, plus a small network for the curvature.

    policy = center + scale · (a(θ) + B(θ) s + bend · c(s, θ)). The term linear in the state
    carries the solution far outside the states it was trained on.
    """

    linear: Dense | Known
    curved: Dense
    bend: float = eqx.field(static=True)

    @property
    def of_parameters(self):
        return self.linear

    def silent(self):
        linear = self.linear.silent() if isinstance(self.linear, Dense) else self.linear
        return SmoothPolicy(linear, self.curved.silent(), self.bend)

    def given(self, known):
        return SmoothPolicy(Known(known), self.curved, self.bend)

    def __call__(self, state, theta, center, scale):
        policies = center.shape[0]
        level, slopes = jnp.split(self.linear(theta), [policies])
        curvature = self.curved(jnp.concatenate([state / 2, theta]))
        moved = slopes.reshape(policies, state.shape[0]) @ state
        return center + scale * (level + moved + self.bend * curvature)


@dataclass(frozen=True)
class Architecture(abc.ABC):
    """A recipe for a policy network; `build` draws its initial weights."""

    @abc.abstractmethod
    def build(
        self, states: int, parameters: int, policies: int, key: PRNGKeyArray, dtype: jnp.dtype | type
    ) -> PolicyNetwork:
        """Fresh weights for a model with these counts: inputs seen of the state, free parameters, outputs."""


@dataclass(frozen=True)
class KMRNetwork(Architecture):
    """KMR's network: `depth` hidden layers of `width`, CELU, outputs times `output_scale`.

    Their public code uses 5 × 64 and outputs divided by 100, their paper 5 × 256.
    """

    width: int = 64
    depth: int = 5
    output_scale: float = 0.01

    def __post_init__(self) -> None:
        _require_positive(width=self.width, depth=self.depth)

    def build(self, states, parameters, policies, key, dtype):
        sizes = [states + parameters, *[self.width] * self.depth, policies]
        return PlainPolicy(_uniform_layers(key, sizes, celu, dtype), self.output_scale)


@dataclass(frozen=True)
class SmoothNetwork(Architecture):
    """The default: narrow and deep SiLU layers for levels and slopes, a small network for curvature.

    Levels and slopes are linear in `width` functions of the parameters, the last of `depth` layers. The layers before
    it are `hidden_width` wide, like it if None: where a model has many inputs and outputs, most weights lie behind the
    last layer, and wider ones before it make those functions richer for few.

    `begin`: size of the initial outputs. Where states are endogenous, start near zero, that is near the policies of the
    steady state, whose law of motion is stable: residuals alone do not tell a stable path from an explosive one.
    """

    width: int = 14
    depth: int = 5
    curved_width: int = 8
    curved_depth: int = 2
    bend: float = 0.1
    begin: float = 1.0
    hidden_width: int | None = None

    def __post_init__(self) -> None:
        _require_positive(
            width=self.width,
            depth=self.depth,
            curved_width=self.curved_width,
            curved_depth=self.curved_depth,
            hidden_width=self._hidden_width,
        )

    @property
    def _hidden_width(self) -> int:
        return self.width if self.hidden_width is None else self.hidden_width

    def build(self, states, parameters, policies, key, dtype):
        first, second = jax.random.split(key)
        hidden = [self._hidden_width] * (self.depth - 1)
        linear = [parameters, *hidden, self.width, policies * (1 + states)]
        curved = [states + parameters, *[self.curved_width] * self.curved_depth, policies]
        return SmoothPolicy(
            _normal_layers(first, linear, jax.nn.silu, 0.3 * self.begin, dtype),
            _normal_layers(second, curved, jax.nn.silu, 0.1 * self.begin, dtype),
            self.bend,
        )


def silu_network(key: PRNGKeyArray, sizes: Sequence[int]) -> Dense:
    """A float64 SiLU network for regressions, its initial outputs of order one."""
    return _normal_layers(key, sizes, jax.nn.silu, 1.0, jnp.float64)


def network_policy(network: PolicyNetwork, equations: Equations) -> PolicyFunction:
    """The policy function of a network: policies at one point in the model's units."""

    def policy(state: Point, theta: Point) -> Point:
        seen, parameters = equations.inputs(state, theta), equations.model.parameters.scaled(equations.vector(theta))
        return equations.policies_at(network(seen, parameters, *equations.about(state, theta)), state, theta)

    return policy


@jax.custom_jvp
def celu(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """CELU with α = 1. Its slope is min(celu, 0) + 1, so the backward pass needs no second exponential."""
    return jnp.maximum(x, 0) + jnp.exp(jnp.minimum(x, 0)) - 1


@celu.defjvp
def _celu_jvp(primals, tangents):
    y = celu(primals[0])
    return y, (jnp.minimum(y, 0) + 1) * tangents[0]


def _uniform_layers(key: PRNGKeyArray, sizes: Sequence[int], activation: Callable, dtype) -> Dense:
    layers = []
    for n_in, n_out in pairwise(sizes):
        key, first, second = jax.random.split(key, 3)
        bound = 1 / n_in**0.5
        weights = jax.random.uniform(first, (n_in, n_out), dtype, -bound, bound)
        layers.append(Layer(weights, jax.random.uniform(second, (n_out,), dtype, -bound, bound)))
    return Dense(layers, activation)


def _normal_layers(key: PRNGKeyArray, sizes: Sequence[int], activation: Callable, last: float, dtype) -> Dense:
    layers = []
    for i, (n_in, n_out) in enumerate(pairwise(sizes), start=2):
        key, sub = jax.random.split(key)
        size = (last if i == len(sizes) else 1.0) / max(n_in, 1) ** 0.5
        layers.append(Layer(size * jax.random.normal(sub, (n_in, n_out), dtype), jnp.zeros(n_out, dtype)))
    return Dense(layers, activation)


def _require_positive(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise SettingError(f"network {name} is {size}; it must be at least 1")


def architectures() -> tuple[type[Architecture], ...]:
    """Every architecture that has been defined so far, a user's own among them: what a solution file may hold."""
    return tuple(_below(Architecture))


def _below(kind: type[Architecture]) -> Iterator[type[Architecture]]:
    for own in kind.__subclasses__():
        yield own
        yield from _below(own)
