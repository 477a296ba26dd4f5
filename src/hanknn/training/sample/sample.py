"""The contract of what Gauss-Newton training looks at: points, each an economy and a state of it."""

import abc
from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ...economy import Economy, Equations
from ...economy.expectations import Expectation
from ...economy.points import Point
from ...machine.errors import SettingError


class Turn(NamedTuple):
    """What a sample is told of an iteration.

    `equations`: the model's own; `economy`: with constraints relaxed as far as they are now, under the present
    policies; `in_force`: whether they are relaxed no more.
    """

    iteration: Int[Array, ""]
    equations: Equations
    economy: Economy
    expectation: Expectation
    in_force: Bool[Array, ""]


class Sample(abc.ABC):
    """Points that training begins with, moves or keeps from one iteration to the next, and weighs."""

    points: int
    """How many, a power of two."""
    moves: ClassVar[bool]
    """Whether states are new at every iteration."""

    @abc.abstractmethod
    def init(self, equations: Equations, key: PRNGKeyArray) -> Any:
        """What continues: a pytree of arrays with `theta`, parameters, and `state`, both a row a point."""

    @property
    def fewest(self) -> int:
        """The smallest number of points in use, a power of two."""
        return self.points

    def active(self, iteration: Int[Array, ""]) -> Int[Array, ""]:
        """How many points are in use at an iteration."""
        return jnp.asarray(self.points, jnp.int32)

    @abc.abstractmethod
    def moved(self, turn: Turn, now: Any, key: PRNGKeyArray) -> tuple[Any, Point, Bool[Array, ""]]:
        """The points of an iteration from those of the one before, their parameters with what is derived from them, and
        whether points, their number or their weights are new; `key` is always the same.

        Nobody else derives anything of them in a step: where that takes a batch of linear systems, two such batches at
        a time wait for each other for ever in XLA's pool of as many threads as there are cores.
        """

    @abc.abstractmethod
    def weights(self, turn: Turn, now: Any, thetas: Point) -> Float[Array, "points asked"]:
        """How much squared residuals count: of a point's equations, and of each thing that is asked `besides`."""

    def besides(self, economy: Economy, state: Point, theta: Point) -> Float[Array, " besides"]:
        """What is asked of a point besides its equations, as residuals."""
        return jnp.zeros(0, theta.dtype)

    def since_changed(self, iteration: Int[Array, ""]) -> Int[Array, ""]:
        """Iterations since what is asked of points changed for good."""
        return iteration


def require_power_of_two(name: str, value: int) -> None:
    """Refuse a number of points that the others do not divide."""
    if value < 1 or value & (value - 1):
        raise SettingError(f"{name} is {value}; it must be a power of two (points are taken in halves)")
