"""Where the likelihood is evaluated: quasi-random parameter values, a tenth of them twice."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key, PRNGKeyArray

from ...machine.arguments import require_whole, require_within
from ...machine.errors import RunFolderError, SettingError
from ...machine.fingerprint import fingerprint
from ...machine.work import Report, Step, Store
from ..posterior.target import Box

FIRST, BETWEEN_SAVES = 32, 15.0
"""Rows of the first chunk; seconds that later ones are to take."""

Evaluate = Callable[[np.ndarray, Key[Array, " rows"]], np.ndarray]
"""Log-likelihood estimates at rows of full parameter vectors, one key a row."""


class Evaluated(NamedTuple):
    """Estimates at a design: `values` (points, estimated), `first` and `second` (points,); NaN where not repeated."""

    values: np.ndarray
    first: np.ndarray
    second: np.ndarray

    def joined(self, other: "Evaluated") -> "Evaluated":
        return Evaluated(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))


@dataclass(frozen=True)
class Design:
    """`points` parameter values, of which a share `replicated` is evaluated twice, with independent seeds.

    The estimates are independent over the design: one common seed would put one and the same
    Monte Carlo error into all of them, which no fit could average away. `chunk`: most points computed between two
    saves; fewer where a likelihood takes long.
    """

    points: int = 10_000
    replicated: float = 0.1
    chunk: int = 512

    def __post_init__(self) -> None:
        require_whole(self, points=64, chunk=1)
        require_within(self, "(0, 1]", "replicated")

    def over(self, box: Box, seed: int) -> np.ndarray:
        """Scrambled Sobol points over the box's support, shape (points, estimated).

        Raises `SettingError` where the support is less than a sixteenth of the box.
        """
        from scipy.stats import qmc  # slow to import

        power = int(np.ceil(np.log2(self.points)))
        sequence = qmc.Sobol(len(box.names), scramble=True, rng=seed)
        found = np.empty((0, len(box.names)))
        for _ in range(16):
            values = box.lower + (box.upper - box.lower) * sequence.random(2**power)
            found = np.concatenate([found, values[box.supported(box.full(values))]])
            if len(found) >= self.points:
                return found[: self.points]
        raise SettingError("hardly any parameter value in the box has an equilibrium; solve over calmer ranges")

    def evaluate(
        self,
        values: np.ndarray,
        box: Box,
        evaluate: Evaluate,
        key: PRNGKeyArray,
        name: str,
        store: Store,
        report: Report,
    ) -> Evaluated:
        """Estimates at these values; chunks are saved as they come, and skipped when resumed."""
        repeats = max(2, round(self.replicated * len(values)))
        # Replicates sit evenly over the design, which is itself a sequence that fills the box evenly.
        repeated = np.linspace(0, len(values) - 1, repeats).astype(int)
        rows = np.concatenate([np.arange(len(values)), repeated])
        found = self.in_chunks(box.full(values[rows]), evaluate, key, name, store, report)
        second = np.full(len(values), np.nan)
        second[repeated] = found[len(values) :]
        return Evaluated(values, found[: len(values)], second)

    def in_chunks(
        self,
        thetas: np.ndarray,
        evaluate: Evaluate,
        key: PRNGKeyArray,
        name: str,
        store: Store,
        report: Report,
    ) -> np.ndarray:
        """Estimates at rows of full parameter vectors, shape (rows,).

        Raises `RunFolderError` where those saved under this name are estimates at other rows.
        """
        store = store.within(key=fingerprint(np.asarray(jax.random.key_data(key))))
        found = np.empty(0)
        saved = store.load(name)
        if saved is not None:
            found, rows = saved.arrays[0], saved.arrays[-1]
            # What a surrogate proposes depends on sums whose order another machine may choose otherwise.
            if rows.shape != thetas.shape or not np.allclose(rows, thetas, rtol=1e-6, atol=0):
                raise RunFolderError(
                    f"'{saved.path}' has likelihoods at other parameter values, as another machine or version of JAX "
                    "may come to; start over in another folder"
                )
        size = min(FIRST, self.chunk)
        while len(found) < len(thetas):
            began = time.perf_counter()
            rows = np.arange(len(found), min(len(found) + size, len(thetas)))
            with jax.enable_x64(True):
                keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.asarray(rows))
            found = np.concatenate([found, evaluate(thetas[rows], keys)])
            store.save(name, {}, [found, thetas])
            report(Step(f"{name} (likelihoods)", len(found), len(thetas)))
            size = int(np.clip(BETWEEN_SAVES / (time.perf_counter() - began) * len(rows), 1, self.chunk))
        return found
