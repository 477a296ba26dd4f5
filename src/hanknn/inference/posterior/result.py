"""A posterior: draws with names, a table, and files that other programs read."""

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float

from ...machine.errors import ShapeError, UnknownNameError
from ...machine.precision import in_float64
from ...machine.version import __version__
from .diagnostics import effective_draws, r_hat
from .sample import Sample
from .target import Box

PRIOR_DRAWS = 2000
"""Behind the prior's mean and s.d."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws of the estimated parameters, in the model's units.

    `values`: (chains, draws, estimated), each chain in the order in which it was drawn. `weights`: (chains, draws),
    summing to one, or None where draws count equally. `sample`: the sampler's statistics. `notes`: what to know of how
    it was found.
    """

    box: Box
    values: np.ndarray
    sample: Sample | None = None
    weights: np.ndarray | None = None
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

    @property
    def prior_mean_sd(self) -> tuple[np.ndarray, np.ndarray]:
        """The prior's means and s.d. where it is not zero, each of shape (estimated,)."""
        return self._prior.mean(axis=0), self._prior.std(axis=0)

    def contraction(self) -> pd.Series:
        """1 − posterior variance / prior variance of each parameter: near 1 where the data say much, near 0 where they
        say nothing, negative where the posterior is wider than the prior."""
        shares = 1 - (self.mean_sd()[1] / self.prior_mean_sd[1]) ** 2
        return pd.Series(shares, index=pd.Index(self.names, name="parameter"), name="contraction")

    def table(self, truth: Mapping[str, float] | None = None) -> pd.DataFrame:
        """Prior and posterior side by side; `truth` adds the true values of simulated data.

        Columns: prior mean and s.d., posterior mean, s.d., median, 5 %, 95 %, contraction (see there), and R-hat and
        effective draws (bulk), for weighted draws those of weights and chains together. Raises `UnknownNameError`
        where `truth` lacks a parameter.
        """
        mean, sd = self.mean_sd()
        prior_mean, prior_sd = self.prior_mean_sd
        quantiles = self.quantiles()
        table = pd.DataFrame(
            {
                "prior mean": prior_mean,
                "prior s.d.": prior_sd,
                "mean": mean,
                "s.d.": sd,
                "median": quantiles[0.5].to_numpy(),
                "5 %": quantiles[0.05].to_numpy(),
                "95 %": quantiles[0.95].to_numpy(),
                "contraction": self.contraction().to_numpy(),
            },
            index=pd.Index(self.names, name="parameter"),
        )
        if truth is not None:
            for name in self.names:
                if name not in truth:
                    raise UnknownNameError("parameter", name, truth, "the true values")
            table.insert(0, "true", [truth[name] for name in self.names])
        r_hats, ess = self.convergence()
        return table.assign(**{"R-hat": r_hats, "ESS": ess})

    def convergence(self) -> tuple[np.ndarray, np.ndarray]:
        """R-hat (NaN for one chain) and effective draws, each of shape (estimated,), as ArviZ finds them in the file.

        For weighted draws those of `equal`: what weights and chains lose together.
        """
        columns = np.moveaxis(self.equal(), 2, 0)
        return np.array([r_hat(c) for c in columns]), np.array([effective_draws(c) for c in columns])

    def equal(self) -> Float[np.ndarray, "chains draws estimated"]:
        """Draws that count equally, as many as `values` holds: what the file's group `posterior` has.

        A weighted draw stands there as often in a row as its weight asks for (systematic resampling in the order of the
        chains). Who counts its autocorrelation, as for a Metropolis chain that stays where it is, finds what the
        weights cost; shuffled, the copies would pass for independent draws.
        """
        if self.weights is None:
            return self.values
        flat, weights = self.values.reshape(-1, len(self.names)), self.weights.ravel()
        ends = np.floor(len(flat) * np.cumsum(weights) / weights.sum() + 0.5).astype(int)
        ends[-1] = len(flat)  # whatever rounding says
        return np.repeat(flat, np.diff(ends, prepend=0), axis=0).reshape(self.values.shape)

    def to_arviz(self) -> xr.DataTree:
        """Groups as ArviZ names them: `posterior` (see `equal`), `prior`, and `sample_stats` where there are any.

        Weighted draws add `weighted_posterior`: the draws before resampling, with `log_weight`. ArviZ from 1.0 takes
        the tree as it is (`arviz.summary(posterior.to_arviz())`), any version the file that `save` writes.
        """
        equal = self.equal()
        prior = self._prior_like(equal.shape[:2])
        groups = {"posterior": self._dataset(equal), "prior": self._dataset(prior)}
        if self.sample is not None:
            statistics = {
                "lp": self.sample.log_density,
                "acceptance_rate": self.sample.acceptance,
                "diverging": self.sample.divergent,
            }
            groups["sample_stats"] = _chains(statistics)
        if self.weights is not None:
            with np.errstate(divide="ignore"):
                log_weights = np.log(self.weights)
            weighted = self._dataset(self.values)
            groups["weighted_posterior"] = weighted.assign(log_weight=(("chain", "draw"), log_weights))
        notes = {"inference_library": "hanknn", "inference_library_version": __version__}
        root = xr.Dataset(attrs=notes | {k: str(v) for k, v in self.notes.items()})
        return xr.DataTree.from_dict({"/": root, **groups})

    def save(self, path: str | Path) -> Path:
        """Write as netCDF, which every version of ArviZ reads (`arviz.from_netcdf(path)`); returns the path."""
        path = Path(path)
        temporary = path.with_name(f".{path.name}.partial")
        self.to_arviz().to_netcdf(str(temporary), engine="h5netcdf")
        os.replace(temporary, path)
        return path

    def _dataset(self, values: np.ndarray) -> xr.Dataset:
        dataset = _chains({name: values[..., i] for i, name in enumerate(self.names)})
        for name in self.names:
            parameter = self.box.space[name]
            dataset[name].attrs.update(long_name=parameter.text, unit=parameter.unit)
        return dataset

    @functools.cached_property
    def _prior(self) -> Float[np.ndarray, "draws estimated"]:
        """Prior draws inside the support, evenly spread over each parameter where there is no other."""
        u = (np.arange(PRIOR_DRAWS) + 0.5) / PRIOR_DRAWS
        rng = np.random.default_rng(0)
        even = self.box.prior_draws(np.stack([rng.permutation(u) for _ in self.names], axis=1))
        return even if self.box.supported(self.box.full(even)).all() else self._sampled_prior(PRIOR_DRAWS)

    def _prior_like(self, shape: tuple[int, int]) -> np.ndarray:
        chosen = np.random.default_rng(0).integers(PRIOR_DRAWS, size=shape)
        return self._prior[chosen]

    @in_float64
    def _sampled_prior(self, count: int) -> np.ndarray:
        return self.box.prior_sample(count, jax.random.key(0))


def _chains(variables: Mapping[str, np.ndarray]) -> xr.Dataset:
    """Arrays (chains, draws) as ArviZ labels them."""
    chains, draws = next(iter(variables.values())).shape
    coordinates = {"chain": np.arange(chains), "draw": np.arange(draws)}
    return xr.Dataset({name: (("chain", "draw"), a) for name, a in variables.items()}, coordinates)


def weighted_quantiles(values: np.ndarray, weights: np.ndarray, probabilities: tuple[float, ...]) -> np.ndarray:
    """Quantiles of weighted draws; raises `ShapeError` where shapes differ."""
    if values.shape != weights.shape:
        raise ShapeError(f"values have shape {values.shape}, their weights {weights.shape}")
    order = np.argsort(values)
    middle = np.cumsum(weights[order]) - 0.5 * weights[order]
    return np.interp(probabilities, middle, values[order])
