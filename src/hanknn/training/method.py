"""The contract of a training method: a value with `init` and `step`; one loop runs them all."""

import abc
from typing import Any, ClassVar, NamedTuple

from jaxtyping import Array, Bool, Float, PRNGKeyArray

from ..economy import Equations
from ..economy.networks import PolicyNetwork


class Info(NamedTuple):
    """What one iteration learned. `mean_squares` are the training sample's, equation by equation.

    `rate` is the learning rate or the damping; `good` is False where something was not finite,
    in which case the state was left as it was; `done` asks the loop to stop.
    """

    loss: Float[Array, ""]
    mean_squares: Float[Array, " equations"]
    rate: Float[Array, ""]
    good: Bool[Array, ""]
    done: Bool[Array, ""]


class Method(abc.ABC):
    """A way to train a network. `step` is compiled and scanned `chunk` iterations at a time."""

    iterations: int
    chunk: ClassVar[int]

    @property
    @abc.abstractmethod
    def dtype(self) -> type:
        """The number type in which this method works."""

    @abc.abstractmethod
    def init(self, equations: Equations, network: PolicyNetwork, key: PRNGKeyArray) -> Any:
        """The state of iteration zero: a pytree of arrays that continues under `step`."""

    @abc.abstractmethod
    def step(self, equations: Equations, network: PolicyNetwork, state: Any) -> tuple[Any, Info]:
        """One iteration. `network` gives the structure; the weights are in the state."""

    @abc.abstractmethod
    def weights(self, state: Any) -> Float[Array, " weights"]:
        """The present weights as one vector, in the order of `ravel_pytree(network)`."""
