"""Run several chains side by side in compiled chunks, saving as they go."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Key, PRNGKeyArray

from ...machine.devices import split_over_devices
from ...machine.fingerprint import fingerprint
from ...machine.storage import leaves_from_numpy, leaves_to_numpy
from ...machine.work import Report, Step, Store


class Record(NamedTuple):
    """What is kept of one draw of one chain."""

    z: Float[Array, "*batch estimated"]
    log_density: Float[Array, "*batch"]
    acceptance: Float[Array, "*batch"]
    divergent: Bool[Array, "*batch"]


class Records(NamedTuple):
    """The records of all draws of all chains."""

    z: Float[np.ndarray, "chains draws estimated"]
    log_density: Float[np.ndarray, "chains draws"]
    acceptance: Float[np.ndarray, "chains draws"]
    divergent: Bool[np.ndarray, "chains draws"]

    def between(self, first: int, last: int) -> "Records":
        """Those of some draws."""
        return Records(*(a[:, first:last] for a in self))


def run_chains(
    step: Callable[[Any, PRNGKeyArray], tuple[Any, Record]],
    states: Any,
    keys: Key[Array, " chains"],
    draws: int,
    chunk: int,
    name: str,
    store: Store,
    report: Report,
) -> tuple[Any, Records]:
    """`draws` steps of every chain.

    Draw i of a chain uses that chain's key folded with i, so a stop anywhere changes nothing. Chains that another key
    began are refused (`RunFolderError`).
    """
    done, found = 0, []
    store = store.within(keys=fingerprint(np.asarray(jax.random.key_data(keys))))
    saved = store.load(name)
    if saved is not None:
        width = len(Records._fields)
        done, found = saved.header["done"], [Records(*saved.arrays[:width])]
        states = leaves_from_numpy(states, saved.arrays[width:], saved.path)
    advance = _compiled(step, chunk, len(keys))
    last_saved = time.monotonic()
    while done < draws:
        states, new = advance(states, keys, np.full(len(keys), done))
        found.append(Records(*(np.asarray(a) for a in new)))
        done += chunk
        report(Step(name, min(done, draws), draws))
        if done >= draws or time.monotonic() - last_saved > store.every:
            found = [_joined(found)]
            store.save(name, {"done": done}, [*found[0], *leaves_to_numpy(states)])
            last_saved = time.monotonic()
    return states, _joined(found).between(0, draws)


def _joined(found: list[Records]) -> Records:
    return Records(*(np.concatenate(parts, axis=1) for parts in zip(*found, strict=True)))


def _compiled(step, chunk: int, chains: int):
    """The compiled chunk for all chains."""

    def one(state, key, first):
        def body(state, i):
            return step(state, jax.random.fold_in(key, first + i))

        return jax.lax.scan(body, state, jax.numpy.arange(chunk))

    return split_over_devices(jax.vmap(one), chains)
