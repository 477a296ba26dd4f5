"""A posterior: draws with names, a table, and files that other programs read."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import ShapeError
from .arviz_import import imported_arviz
from .sample import Sample
from .target import Box


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws of the estimated parameters, in the model's units.

    `values`: (chains, draws, estimated). `weights`: (chains, draws), summing to one, or None where
    draws count equally. `sample`: the sampler's statistics. `behind`: effective draws (estimated,) of the chains
    that weighted draws were taken from. `notes`: what to know of how it was found.
    """

    box: Box
    values: np.ndarray
    sample: Sample | None = None
    weights: np.ndarray | None = None
    behind: np.ndarray | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return self.box.names

    def draws(self, count: int, seed: int = 0) -> np.ndarray:
        """`count` full parameter vectors drawn with replacement, shape (count, parameters)."""
        flat = self.values.reshape(-1, len(self.names))
        p = None if self.weights is None else self.weights.ravel()
        return self.box.full(flat[np.random.default_rng(seed).choice(len(flat), count, p=p)])

    def quantiles(self, probabilities: tuple[float, ...] = (0.05, 0.5, 0.95)) -> pd.DataFrame:
        """One row a parameter, one column a probability."""
        flat = self.values.reshape(-1, len(self.names))
        weights = np.full(len(flat), 1 / len(flat)) if self.weights is None else self.weights.ravel()
        found = [weighted_quantiles(column, weights, probabilities) for column in flat.T]
        return pd.DataFrame(found, index=pd.Index(self.names, name="parameter"), columns=list(probabilities))

    def mean_sd(self) -> tuple[np.ndarray, np.ndarray]:
        """Posterior means and s.d., each of shape (estimated,)."""
        flat = self.values.reshape(-1, len(self.names))
        weights = np.full(len(flat), 1 / len(flat)) if self.weights is None else self.weights.ravel()
        mean = weights @ flat
        return mean, np.sqrt(weights @ (flat - mean) ** 2)

    def table(self, truth: Mapping[str, float] | None = None) -> pd.DataFrame:
        """Prior and posterior side by side; `truth` adds the true values of simulated data.

        Columns: prior mean and s.d., posterior mean, s.d., median, 5 %, 95 %, and R-hat and effective
        draws (bulk) of the chains; for weighted draws those of weights and chains together.
        """
        mean, sd = self.mean_sd()
        u = (np.arange(2000) + 0.5) / 2000
        prior = self.box.prior_draws(np.tile(u[:, None], (1, len(self.names))))
        quantiles = self.quantiles()
        table = pd.DataFrame(
            {
                "prior mean": prior.mean(axis=0),
                "prior s.d.": prior.std(axis=0),
                "mean": mean,
                "s.d.": sd,
                "median": quantiles[0.5].to_numpy(),
                "5 %": quantiles[0.05].to_numpy(),
                "95 %": quantiles[0.95].to_numpy(),
            },
            index=pd.Index(self.names, name="parameter"),
        )
        if truth is not None:
            table.insert(0, "true", [truth[name] for name in self.names])
        r_hat, ess = self.convergence()
        return table.assign(**{"R-hat": r_hat, "ESS": ess})

    def convergence(self) -> tuple[np.ndarray, np.ndarray]:
        """R-hat (NaN for one chain or weighted draws) and effective draws, each of shape (estimated,)."""
        arviz = imported_arviz()
        chains, _, width = self.values.shape
        if self.weights is not None:
            lost = (self.weights**2).sum() + (0 if self.behind is None else 1 / self.behind)
            return np.full(width, np.nan), np.broadcast_to(1 / lost, width)
        columns = np.moveaxis(self.values, 2, 0)
        r_hat = [float(arviz.rhat(c)) if chains > 1 else np.nan for c in columns]
        return np.array(r_hat), np.array([float(arviz.ess(c, method="bulk")) for c in columns])

    def to_arviz(self):
        """An `arviz.InferenceData`: posterior (weighted draws are resampled), sampler statistics, prior draws."""
        arviz = imported_arviz()
        values = self.values
        if self.weights is not None:
            flat, p = values.reshape(-1, len(self.names)), self.weights.ravel()
            chosen = np.random.default_rng(0).choice(len(flat), len(flat), p=p)
            values = flat[chosen][None]
        groups: dict[str, Any] = {"posterior": {n: values[..., i] for i, n in enumerate(self.names)}}
        if self.sample is not None:
            groups["sample_stats"] = {
                "lp": self.sample.log_density,
                "acceptance_rate": self.sample.acceptance,
                "diverging": self.sample.divergent,
            }
        u = np.random.default_rng(0).uniform(size=(values.shape[0] * values.shape[1], len(self.names)))
        prior = self.box.prior_draws(u).reshape(*values.shape)
        groups["prior"] = {n: prior[..., i] for i, n in enumerate(self.names)}
        data = arviz.from_dict(**groups)
        data.attrs.update({k: str(v) for k, v in self.notes.items()})
        return data

    def save(self, path: str | Path) -> Path:
        """Write as netCDF, which ArviZ reads; returns the path."""
        path = Path(path)
        temporary = path.with_name(f".{path.name}.partial")
        self.to_arviz().to_netcdf(str(temporary), engine="h5netcdf")
        os.replace(temporary, path)
        return path


def weighted_quantiles(values: np.ndarray, weights: np.ndarray, probabilities: tuple[float, ...]) -> np.ndarray:
    """Quantiles of weighted draws; raises `ShapeError` where shapes differ."""
    if values.shape != weights.shape:
        raise ShapeError(f"values have shape {values.shape}, their weights {weights.shape}")
    order = np.argsort(values)
    middle = np.cumsum(weights[order]) - 0.5 * weights[order]
    return np.interp(probabilities, middle, values[order])
