"""The contract of a household: one backward step, and how its idiosyncratic state moves."""

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...machine.errors import ModelError, SettingError
from ..points import Point

ByHousehold = Float[Array, "assets types"]
"""A number for each household: by its assets, and by its type, the idiosyncratic state."""

REQUIRED = ("assets", "consumption", "marginal_value")


@dataclass(frozen=True)
class AssetGrid:
    """`count` nodes of assets from the limit to `top`, dense near it: evenly spaced to the power of 1/`power`."""

    count: int = 80
    top: float = 20.0
    power: float = 3.0

    def __post_init__(self) -> None:
        if self.count < 8 or not self.power >= 1:
            raise SettingError(
                f"AssetGrid has {self.count} nodes and power {self.power}; give at least 8, and a power of at least 1"
            )

    def nodes(self, limit: Float[Array, ""]) -> Float[Array, " assets"]:
        """Holdings at the nodes for a borrowing limit (negative: debt)."""
        return limit + (self.top - limit) * jnp.asarray(np.linspace(0, 1, self.count) ** self.power, limit.dtype)


class Household(abc.ABC):
    """Households that hold one asset and are of one of a few `types`; arrays have shape (assets, types).

    `types`: names of the idiosyncratic states. What a household does today follows from the expected marginal value of
    what it will hold, from prices and from parameters. Everything else is the library's: grids, distribution, steady
    state, Euler equations, what a network sees and says.
    """

    grid: AssetGrid
    types: Sequence[str]

    @abc.abstractmethod
    def limit(self, theta: Point) -> Float[Array, ""]:
        """The lowest assets that can be held."""

    @abc.abstractmethod
    def choices(self, expected: ByHousehold, prices: Point, theta: Point) -> Mapping[str, ByHousehold]:
        """What each household does at today's assets and type.

        `expected`: E[V′(a')], the marginal value of tomorrow's assets, by the assets *chosen* (the grid's nodes) and
        today's type. Returns at least `assets` (chosen), `consumption` and `marginal_value`, V′(a) of today's assets;
        more for what markets add up, such as hours.
        """

    @abc.abstractmethod
    def risk(self, now: Point, later: Point, theta: Point) -> Float[Array, "types types"]:
        """Probabilities of tomorrow's type by today's, a row each, given the aggregate states of both quarters."""

    def odds(self, now: Point, later: Point, theta: Point) -> Float[Array, "types types"]:
        """The same, each row adding up to one whatever precision it was written in: no household gets lost."""
        matrix = jnp.asarray(self.risk(now, later, theta), theta.dtype)
        return matrix / jnp.sum(matrix, axis=1, keepdims=True)

    def aversion(self, theta: Point) -> Array | float:
        """By how many percent marginal utility falls when consumption rises by one: it turns Euler equations into
        errors of consumption."""
        return 1.0

    def nodes(self, theta: Point) -> Float[Array, " assets"]:
        """Assets at the grid's nodes."""
        return self.grid.nodes(jnp.asarray(self.limit(theta), theta.dtype))

    @property
    def shape(self) -> tuple[int, int]:
        return self.grid.count, len(self.types)

    def chosen(self, expected: ByHousehold, prices: Point, theta: Point) -> Point:
        """The choices by name, checked; assets no lower and no higher than the grid's ends."""
        found = {n: jnp.asarray(v, expected.dtype) for n, v in self.choices(expected, prices, theta).items()}
        for name in REQUIRED:
            if name not in found:
                raise ModelError(f"choices of {type(self).__name__} return no '{name}'; they return {', '.join(found)}")
        for name, value in found.items():
            if jnp.shape(value) != self.shape:
                raise ModelError(
                    f"'{name}' in choices of {type(self).__name__} has shape {jnp.shape(value)}; give {self.shape}: "
                    "assets, types"
                )
        nodes = self.nodes(theta)
        return Point({**found, "assets": jnp.clip(found["assets"], nodes[0], nodes[-1])}, "choice")
