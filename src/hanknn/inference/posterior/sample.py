"""What a sampler returns."""

from typing import NamedTuple

import numpy as np


class Sample(NamedTuple):
    """Posterior draws in the model's units.

    `values`: (chains, draws, estimated). `log_density`: of the unbounded coordinates' target,
    (chains, draws). `acceptance`: acceptance probability; `divergent`: NUTS only, else False.
    `log_evidence`: from tempered SMC, with its standard error over the runs, else NaN.
    """

    values: np.ndarray
    log_density: np.ndarray
    acceptance: np.ndarray
    divergent: np.ndarray
    log_evidence: float = float("nan")
    log_evidence_se: float = float("nan")
