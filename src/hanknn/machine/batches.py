"""One function over many rows, some at a time."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def in_batches(function: Callable[..., Any], rows: tuple[Any, ...], size: int) -> Any:
    """`function(*row)` over the rows of the arrays in `rows`, `size` of them at once.

    The last batch is filled up with the last row: `jax.lax.map` traces and compiles a function anew for a remainder.
    """
    count = jax.tree.leaves(rows)[0].shape[0]
    size = min(size, count)
    short = -count % size

    def filled(a):
        return jnp.concatenate([a, jnp.broadcast_to(a[-1:], (short, *a.shape[1:]))]) if short else a

    found = jax.lax.map(lambda row: function(*row), jax.tree.map(filled, rows), batch_size=size)
    return jax.tree.map(lambda a: a[:count], found)
