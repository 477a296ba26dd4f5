"""Named values at one point of the state space: what a model's equations read."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..machine.errors import ModelError, UnknownNameError

Names = Sequence[str] | Mapping[str, tuple[int, ...]]
"""Names of scalars, or names with the shapes of their values."""


@jax.tree_util.register_pytree_node_class
class Point:
    """Values read by name: `theta.beta`, `now.inflation`.

    A pytree whose leaves are the values: scalars, or arrays of the shape that a `Variable` declares; parameters may
    hold more than numbers, such as a steady state. An unknown
    name raises `UnknownNameError` with the nearest known one.
    """

    __slots__ = ("_kind", "_values")

    def __init__(self, values: Mapping[str, Any], kind: str = "variable") -> None:
        object.__setattr__(self, "_values", dict(values))
        object.__setattr__(self, "_kind", kind)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            raise UnknownNameError(self._kind, name, self._values, "the model's equations") from None

    def __setattr__(self, name: str, value: object) -> None:
        raise ModelError(f"'{name}' cannot be set: a point is read-only; return new values in a dict")

    @property
    def dtype(self) -> np.dtype:
        """The number type of its values."""
        return jnp.result_type(next(iter(self._values.values())))

    @property
    def rows(self) -> int:
        """How many points are stacked in it."""
        return next(iter(self._values.values())).shape[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __repr__(self) -> str:
        return f"Point({', '.join(f'{k}={v}' for k, v in self._values.items())})"

    def tree_flatten(self):
        return tuple(self._values.values()), (tuple(self._values), self._kind)

    @classmethod
    def tree_unflatten(cls, aux, leaves):
        # Not by the constructor, which asks for numbers: leaves may be anything, such as shapes or axes.
        names, kind = aux
        point = object.__new__(cls)
        object.__setattr__(point, "_values", dict(zip(names, leaves, strict=True)))
        object.__setattr__(point, "_kind", kind)
        return point


def shapes(names: Names) -> dict[str, tuple[int, ...]]:
    """The shape of each named value."""
    return dict(names) if isinstance(names, Mapping) else {name: () for name in names}


def size(names: Names) -> int:
    """Length of the vector that holds all named values."""
    return sum(math.prod(shape) for shape in shapes(names).values())


def unpack(names: Names, vector: Float[Array, " n"], kind: str = "variable") -> Point:
    """A vector as a point with these names."""
    known = shapes(names)
    ends = np.cumsum([0, *(math.prod(shape) for shape in known.values())])
    if vector.shape != (ends[-1],):
        raise ModelError(f"{len(known)} {kind}s hold {ends[-1]} numbers, but the vector has shape {vector.shape}")
    if not any(known.values()):  # one operation to trace and compile, where equations are traced many times over
        return Point(dict(zip(known, jnp.unstack(vector), strict=True)), kind)
    parts = zip(known.items(), pairwise(map(int, ends)), strict=True)
    return Point({name: vector[a:b].reshape(shape) for (name, shape), (a, b) in parts}, kind)


def join(*points: Point) -> Point:
    """One point with the names of all; of their kind, where they are of one."""
    kinds = {point._kind for point in points}
    return Point({n: getattr(point, n) for point in points for n in point}, *(kinds if len(kinds) == 1 else ()))


def named(values: object, where: str) -> Mapping[str, Any]:
    """What a function of a model returned, if it is values by name; raises `ModelError` else."""
    if isinstance(values, Mapping):
        return values
    what = "nothing" if values is None else f"a {type(values).__name__}"
    raise ModelError(f"{where} returns {what}; end it with values by name, such as return {{'name': value}}")


def checked(
    values: Mapping[str, Array | float], names: Names, where: str, dtype: jnp.dtype | type, kind: str = "variable"
) -> Point:
    """Values as a point with exactly these names, in their order, after checking that each has its shape.

    Raises `ModelError` for a missing name or another shape than the declared one (a scalar, where none is
    declared): equations are written for one point, and a value with an axis too many would broadcast in silence.
    """
    known = shapes(names)
    for name in named(values, where):
        if name not in known:
            raise UnknownNameError("name", name, known, where)
    point = {}
    for name, shape in known.items():
        if name not in values:
            raise ModelError(f"{where} returns no '{name}'; it returns {', '.join(values) or 'nothing'}")
        try:
            value = jnp.asarray(values[name], dtype)
        except (TypeError, ValueError):
            raise ModelError(f"'{name}' in {where} is {values[name]!r:.60}; return a number") from None
        if value.shape != shape:
            wanted = "a scalar" if shape == () else f"shape {shape}, as its Variable declares"
            raise ModelError(
                f"'{name}' in {where} has shape {value.shape}, but equations are written for one point: return {wanted}"
            )
        point[name] = value
    return Point(point, kind)


def pack(point: Point) -> Float[Array, " n"]:
    """All values of one point as a vector, in the order of its names."""
    values = [getattr(point, name) for name in point]
    if not values:
        return jnp.zeros(0)
    if all(value.ndim == 0 for value in values):
        return jnp.stack(values)
    return jnp.concatenate([value.reshape(-1) for value in values])


def replaced(point: Point, **values: Array) -> Point:
    """The point with other values under some of its names."""
    return Point({name: values[name] if name in values else getattr(point, name) for name in point}, point._kind)


def like(vector: Float[Array, " n"], point: Point) -> Point:
    """A vector, as `pack` makes it, with the names and shapes of a point."""
    return unpack({name: value.shape for name, value in point._values.items()}, vector, point._kind)


def scalars(point: Point, names: Sequence[str], dtype: jnp.dtype | type) -> Float[Array, " n"]:
    """These scalars of a point as a vector, empty where there are none."""
    return jnp.stack([getattr(point, name) for name in names]) if names else jnp.zeros(0, dtype)
