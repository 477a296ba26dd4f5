"""What a method of estimation works with, and what it returns."""

import abc
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import PRNGKeyArray

from ...machine.work import Report, Store
from ...solution import Solution
from ..data.observed import Observed
from ..likelihood import Filter, Likelihood
from ..posterior import NUTS, Box, RandomWalk, TemperedSMC
from ..posterior.result import Posterior
from ..surrogate import Design, Surrogate
from ..surrogate.design import Evaluate, Evaluated

Sampler = NUTS | RandomWalk | TemperedSMC
Evaluation = Callable[[Filter], Evaluate]
"""From a filter to its likelihoods at rows of parameters."""


@dataclass(frozen=True)
class Work:
    """What a method of estimation works with."""

    likelihood: Likelihood
    box: Box
    key: PRNGKeyArray
    store: Store
    report: Report
    evaluation: Evaluation

    def estimates(self, filter: Filter, design: Design, thetas: np.ndarray, key: PRNGKeyArray, name: str) -> np.ndarray:
        """The filter's log-likelihoods at rows of full parameter vectors, in the design's chunks, saved as `name`."""
        return design.in_chunks(thetas, self.evaluation(filter), key, name, self.store, self.report)


class Estimation(abc.ABC):
    """A way from data to a posterior."""

    filter: Filter

    @abc.abstractmethod
    def run(self, work: Work) -> "Estimate":
        """Sample the posterior."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """What `estimate` found, and what it was asked: `solution`, `data`, `method`.

    `posterior`: the answer. For a surrogate: `uncorrected`, its own posterior before the exact last
    step; `surrogate`; `surrogate_errors`, in log-likelihood units, over the held design and over the
    posterior's draws; `design`, the estimates it was fitted to. `verdict`: how far to trust it, in words.
    """

    solution: Solution
    data: Observed
    method: Estimation
    posterior: Posterior
    verdict: str
    uncorrected: Posterior | None = None
    surrogate: Surrogate | None = None
    surrogate_errors: pd.DataFrame | None = None
    surrogate_losses: np.ndarray | None = None
    design: Evaluated | None = None
    notes: dict[str, Any] = field(default_factory=dict)
