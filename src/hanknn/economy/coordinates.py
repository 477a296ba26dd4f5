"""Variables as vectors in which an economy is close to linear: logarithms of what is positive, the rest as it is."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .points import Point, pack, unpack
from .variable import Variable


@jax.tree_util.register_static
class Coordinates:
    """From points of some variables to vectors and back. Two of the same names, shapes and signs are equal."""

    def __init__(self, variables: Mapping[str, Variable], kind: str) -> None:
        self.shapes = {name: variable.shape for name, variable in variables.items()}
        self.kind = kind
        positive = [np.full(variable.shape, variable.positive).ravel() for variable in variables.values()]
        self.positive = np.concatenate(positive) if positive else np.zeros(0, bool)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Coordinates) and self._told == other._told

    def __hash__(self) -> int:
        return hash(self._told)

    @property
    def _told(self):
        return tuple(self.shapes.items()), self.kind, self.positive.tobytes()

    def vector(self, point: Point) -> Float[Array, " n"]:
        """Logarithms of what is positive, the rest as it is."""
        values = pack(point)
        if not self.positive.any():
            return values
        return jnp.where(self.positive, jnp.log(jnp.where(self.positive, values, 1)), values)

    def point(self, vector: Float[Array, " n"]) -> Point:
        """The other way."""
        if self.positive.any():
            vector = jnp.where(self.positive, jnp.exp(jnp.where(self.positive, vector, 0)), vector)
        return unpack(self.shapes, vector, self.kind)

    def scale(self, point: Point, spread: Float[Array, " n"]) -> Point:
        """Standard deviations in the variables' units at a point, of those in these coordinates."""
        return unpack(self.shapes, jnp.where(self.positive, pack(point), 1) * spread, self.kind)
