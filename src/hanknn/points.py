"""Named scalars at one point of the state space: what a model's equations read."""

from collections.abc import Iterator, Mapping, Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .errors import ModelError, UnknownNameError


@jax.tree_util.register_pytree_node_class
class Point:
    """Scalars read by name: `theta.beta`, `now.inflation`.

    A pytree whose leaves are the scalars. An unknown name raises
    `UnknownNameError` with the nearest known one.
    """

    __slots__ = ("_kind", "_values")

    def __init__(self, values: Mapping[str, Array | float], kind: str = "variable") -> None:
        object.__setattr__(self, "_values", dict(values))
        object.__setattr__(self, "_kind", kind)

    def __getattr__(self, name: str) -> Array:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            raise UnknownNameError(self._kind, name, self._values, "the model's equations") from None

    def __setattr__(self, name: str, value: object) -> None:
        raise ModelError(f"'{name}' cannot be set: a point is read-only; return new values in a dict")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __repr__(self) -> str:
        return f"Point({', '.join(f'{k}={v}' for k, v in self._values.items())})"

    def tree_flatten(self):
        return tuple(self._values.values()), (tuple(self._values), self._kind)

    @classmethod
    def tree_unflatten(cls, aux, leaves):
        names, kind = aux
        return cls(dict(zip(names, leaves, strict=True)), kind)


def unpack(names: Sequence[str], vector: Float[Array, " n"], kind: str = "variable") -> Point:
    """A vector as a point with these names."""
    if vector.shape != (len(names),):
        raise ModelError(f"{len(names)} {kind}s are named, but the vector has shape {vector.shape}")
    return Point({name: vector[i] for i, name in enumerate(names)}, kind)


def join(*points: Point) -> Point:
    """One point with the names of all."""
    return Point({name: getattr(point, name) for point in points for name in point})


def pack(
    values: Mapping[str, Array | float], names: Sequence[str], where: str, dtype: jnp.dtype | type
) -> Float[Array, " n"]:
    """Values in the order of `names`, after checking that each is one scalar.

    Raises `ModelError` for a missing name or for anything but a scalar: equations are
    written for one point, and a value with an axis would broadcast in silence.
    """
    for name in values:
        if name not in names:
            raise UnknownNameError("name", name, names, where)
    packed = []
    for name in names:
        if name not in values:
            raise ModelError(f"{where} returns no '{name}'; it returns {', '.join(values) or 'nothing'}")
        value = jnp.asarray(values[name], dtype)
        if value.shape != ():
            raise ModelError(
                f"'{name}' in {where} has shape {value.shape}, but equations are written for one point: return a scalar"
            )
        packed.append(value)
    return jnp.stack(packed) if packed else jnp.zeros(0, dtype)
