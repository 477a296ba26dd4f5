"""The exact last step: weigh a surrogate's posterior draws by fresh likelihood estimates."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from ...machine.arguments import require_whole
from ...machine.errors import SettingError
from ...machine.log_space import log_mean
from .diagnostics import pareto_smoothed

GOOD_K = 0.7
"""Pareto shape below which importance sampling is reliable (Vehtari et al. 2024)."""


class Reweighted(NamedTuple):
    """`weights`: normalised, smoothed, shape (draws,). `pareto_k`: their tail's shape. `ess`: effective draws, were the
    draws themselves independent.

    `log_ratio_sd`: s.d. of log L̂ less the surrogate's log L: the surrogate's error and the filter's together.
    `log_mean_ratio`: log of the mean of L̂/L, and its standard error: exact over surrogate's marginal data density.
    """

    weights: np.ndarray
    pareto_k: float
    ess: float
    log_ratio_sd: float
    log_mean_ratio: float
    log_mean_ratio_se: float


@dataclass(frozen=True)
class Reweighting:
    """`draws` of the surrogate's posterior get fresh estimates.

    Weights L̂/L are unbiased up to a constant, so the weighted draws aim at the exact posterior.
    """

    draws: int = 2000

    def __post_init__(self) -> None:
        require_whole(self, draws=100)  # which Pareto smoothing needs


def reweight(log_estimates: np.ndarray, log_surrogate: np.ndarray) -> Reweighted:
    """Pareto-smoothed importance weights from log L̂ and the surrogate's log L at the same draws, shape (draws,)."""
    ratios = np.asarray(log_estimates, np.float64) - np.asarray(log_surrogate, np.float64)
    finite = np.isfinite(ratios)
    if not finite.any():
        raise SettingError("no draw of the surrogate's posterior has a finite likelihood estimate; use more particles")
    floor = ratios[finite].min() - 1e3
    weights, k = pareto_smoothed(np.where(finite, ratios, floor))
    effective, level = float(1 / (weights**2).sum()), float(log_mean(np.where(finite, ratios, -np.inf)))
    error = float(np.sqrt(max(1 / effective - 1 / len(ratios), 0.0)))
    return Reweighted(weights, k, effective, float(ratios[finite].std()), level, error)


def thin(count: int, draws: int, key: PRNGKeyArray) -> np.ndarray:
    """Which of `count` draws to keep: `draws` of them, evenly spaced from a random start."""
    if draws >= count:
        return np.arange(count)
    start = float(jax.random.uniform(key))
    return np.floor((np.arange(draws) + start) * count / draws).astype(int)
