"""The no-U-turn sampler (Hoffman and Gelman 2014), from blackjax."""

from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from ...machine.arguments import require_whole
from ...machine.compiled import jit
from ...machine.work import Report, Step, Store, silent
from .chains import Record, run_chains
from .sample import Sample
from .target import Target
from .warm_up import WarmUp, starting_cloud

ACCEPTANCE = 0.85
"""That warm-up aims at."""


@dataclass(frozen=True)
class NUTS:
    """For likelihoods that can be differentiated: Kalman, surrogate. Chains start from a short tempered SMC."""

    chains: int = 4
    warmup: int = 500
    draws: int = 1000
    max_doublings: int = 7
    chunk: int = 10

    def __post_init__(self) -> None:
        require_whole(self, chains=1, warmup=1, draws=1, max_doublings=1, chunk=1)

    def sample(self, target: Target, key: PRNGKeyArray, store: Store = Store(), report: Report = silent) -> Sample:
        import blackjax  # starts JAX's backend: not before the user has set the number of devices

        store = store.within(sampler=self)
        first, second, third = jax.random.split(key, 3)
        cloud = starting_cloud(target, self.chains, first, store, report)
        report(Step("warm-up", 0, self.warmup))
        warm_up = WarmUp(target, self.warmup, self.max_doublings, ACCEPTANCE)
        start = warm_up.begin(cloud, self.chains)
        one, two = (jax.random.split(k, self.chains) for k in (second, third))
        chunk = min(self.chunk, self.warmup)
        end, _ = run_chains(warm_up.step, start, one, self.warmup, chunk, "warm-up", store, report)
        kernel = blackjax.nuts.build_kernel()

        def step(carry, key):
            state, size, mass = carry
            state, info = kernel(key, state, target.log_density, size, mass, self.max_doublings)
            record = Record(state.position, state.logdensity, info.acceptance_rate, info.is_divergent)
            return (state, size, mass), record

        chunk = min(self.chunk, self.draws)
        _, kept = run_chains(step, warm_up.learned(end), two, self.draws, chunk, "NUTS", store, report)
        values = np.asarray(jit(jax.vmap(jax.vmap(target.box.estimated)))(kept.z))
        return Sample(values, kept.log_density, kept.acceptance, kept.divergent)
