"""The marginal data density: what two models are compared by."""

from typing import NamedTuple

import jax
import numpy as np

from ...machine.arguments import require, require_counts, require_seed
from ...machine.precision import in_float64
from ..likelihood import Likelihood
from ..posterior import Target, TemperedSMC
from .method import Estimate


class Evidence(NamedTuple):
    """Log marginal data density and its Monte Carlo standard error."""

    value: float
    se: float


@in_float64
def log_evidence(found: Estimate, seed: int = 0, runs: int = 4, particles: int = 1000) -> Evidence:
    """Log ∫ p(data | θ) p(θ) dθ over the prior where an equilibrium is known, by tempered SMC.

    For an estimate by a surrogate it is the surrogate's, corrected by the mean of the exact last step's weights (where
    there was one). Models are comparable on the same data with the same measurement errors. Source: Herbst and
    Schorfheide (2016), chapter 5. Raises `SettingError` for anything but what `estimate` returned.

    Example: `log_evidence(estimate(solution, data)).value`.
    """
    require(found, Estimate, "what estimate returned")
    seed = require_seed(seed)
    require_counts(runs=(runs, 2), particles=(particles, 16))
    target = Target(found.posterior.box, _log_likelihood(found))
    sample = TemperedSMC(particles=particles, runs=runs).sample(target, jax.random.key(seed))
    notes = found.posterior.notes
    gained, gained_se = notes.get("log_mean_ratio", 0.0), notes.get("log_mean_ratio_se", 0.0)
    return Evidence(sample.log_evidence + gained, float(np.hypot(sample.log_evidence_se, gained_se)))


def _log_likelihood(found: Estimate):
    if found.surrogate is not None:
        return found.surrogate.at
    likelihood = Likelihood(found.solution, found.data, found.method.filter)
    return lambda theta: likelihood.at(theta, jax.random.key(0))
