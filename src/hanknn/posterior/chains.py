"""Run several chains side by side in compiled chunks, saving as they go."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Key, PRNGKeyArray

from ..devices import split_over_devices
from ..storage import leaves_from_numpy, leaves_to_numpy
from .sample import Report, Step, Store


class Record(NamedTuple):
    """What is kept of one draw of one chain."""

    z: Float[Array, "*batch estimated"]
    log_density: Float[Array, "*batch"]
    acceptance: Float[Array, "*batch"]
    divergent: Array


def run_chains(
    step: Callable[[Any, PRNGKeyArray], tuple[Any, Record]],
    states: Any,
    keys: Key[Array, " chains"],
    draws: int,
    chunk: int,
    name: str,
    store: Store,
    report: Report,
) -> tuple[Any, Record]:
    """`draws` steps of every chain; records have shape (chains, draws, ...).

    Draw i of a chain uses that chain's key folded with i, so a stop anywhere changes nothing.
    """
    done, records = 0, None
    saved = store.load(name)
    if saved is not None:
        header, arrays = saved
        width = len(Record._fields)
        done, records = header["done"], Record(*arrays[:width])
        states = leaves_from_numpy(states, arrays[width:], store.folder / f"{name}.npz")
    advance = _compiled(step, chunk, len(keys))
    last_saved = time.monotonic()
    while done < draws:
        states, new = advance(states, keys, np.full(len(keys), done))
        new = Record(*(np.asarray(a) for a in new))
        records = new if records is None else _joined(records, new)
        done += chunk
        report(Step(name, min(done, draws), draws))
        if done >= draws or time.monotonic() - last_saved > store.every:
            store.save(name, {"done": done}, [*records, *leaves_to_numpy(states)])
            last_saved = time.monotonic()
    return states, Record(*(a[:, :draws] for a in records))


def _joined(first: Record, second: Record) -> Record:
    return Record(*(np.concatenate(pair, axis=1) for pair in zip(first, second, strict=True)))


def _compiled(step, chunk: int, chains: int):
    """The compiled chunk for all chains."""

    def one(state, key, first):
        def body(state, i):
            return step(state, jax.random.fold_in(key, first + i))

        return jax.lax.scan(body, state, jax.numpy.arange(chunk))

    return split_over_devices(jax.vmap(one), chains)
