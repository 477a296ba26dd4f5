"""Sample with a filter's own likelihood."""

from dataclasses import dataclass

import jax

from ...machine.arguments import require_fields
from ...machine.errors import SettingError
from ..likelihood import Filter, Kalman, ParticleFilter
from ..posterior import NUTS, Target
from ..posterior.result import Posterior
from .method import Estimate, Estimation, Sampler, Work
from .verdicts import chains_verdict


@dataclass(frozen=True)
class Direct(Estimation):
    """Sample with the filter's own likelihood: exact with the Kalman filter, and with a grid up to its spacing."""

    filter: Filter = Kalman()
    sampler: Sampler = NUTS()

    def __post_init__(self) -> None:
        require_fields(self, filter=(Filter, "Kalman()"), sampler=(Sampler, "NUTS()"))
        if isinstance(self.filter, ParticleFilter):
            raise SettingError(
                "a particle filter's likelihood is random, so Direct would not sample the posterior; "
                "use ViaSurrogate(filter=…), which corrects for that"
            )

    def run(self, work: Work) -> Estimate:
        likelihood, key = work.likelihood, jax.random.key(0)  # the filter draws nothing
        target = Target(work.box, lambda theta: likelihood.at(theta, key))
        sample = self.sampler.sample(target, work.key, work.store, work.report)
        posterior = Posterior(work.box, sample.values, sample)
        return Estimate(likelihood.solution, likelihood.observed, self, posterior, chains_verdict(posterior))
