"""A design's likelihoods on several machines, through Dask (`pip install distributed`).

Give `on_cluster(client, …)` to `estimate(evaluation=…)`. Each row of a design has its own random key, so
the numbers do not depend on which worker computes it; a task whose worker dies is computed again.
"""

import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from ..machine.arguments import require_counts
from ..machine.errors import SettingError
from ..machine.fingerprint import fingerprint
from ..machine.precision import in_float64
from ..solution import Solution
from ..solution.identity import identity
from .data.observed import Observed
from .likelihood import Filter, Likelihood
from .surrogate.design import Evaluate

if TYPE_CHECKING:
    from distributed import Client

_LIKELIHOODS: dict[str, Likelihood] = {}
"""On a worker: likelihoods that it has compiled, by token."""


def on_cluster(client: "Client", solution: Solution, data: Observed, chunk: int = 64) -> Callable[[Filter], Evaluate]:
    """An `evaluation` for `estimate` that sends `chunk` parameter values a task to the client's workers."""
    if importlib.util.find_spec("distributed") is None:
        raise SettingError("the cluster needs dask.distributed; install it with pip install distributed")
    require_counts(chunk=(chunk, 1))
    content = identity(solution), data.table, data.noise

    def evaluation(filter: Filter) -> Evaluate:
        payload = solution, data, filter
        token = fingerprint(content, filter)

        def evaluate(thetas: np.ndarray, keys: Key[Array, " rows"]) -> np.ndarray:
            raw = np.asarray(jax.random.key_data(keys))
            tasks = [
                # Pure tasks of equal content would share a name across calls; retries outlive a killed worker.
                client.submit(_rows, token, payload, thetas[i : i + chunk], raw[i : i + chunk], chunk, retries=5)
                for i in range(0, len(thetas), chunk)
            ]
            parts: Any = client.gather(tasks)  # of a client that waits: no coroutine
            return np.concatenate(parts)

        return evaluate

    return evaluation


@in_float64
def _rows(token: str, payload: tuple[Any, ...], thetas: np.ndarray, raw_keys: np.ndarray, chunk: int) -> np.ndarray:
    """On a worker: log-likelihoods of some rows."""
    if token not in _LIKELIHOODS:
        _LIKELIHOODS[token] = Likelihood(*payload)
    return _LIKELIHOODS[token].rows(thetas, jax.random.wrap_key_data(jnp.asarray(raw_keys)), chunk)
