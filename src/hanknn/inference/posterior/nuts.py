"""The no-U-turn sampler (Hoffman and Gelman 2014), from blackjax."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

from ...machine.arguments import require_whole
from ...machine.compiled import jit
from ...machine.work import Report, Step, Store, silent
from .chains import Record, run_chains
from .sample import Sample
from .smc import TemperedSMC
from .target import Target

ACCEPTANCE = 0.85
"""That warm-up aims at."""


@dataclass(frozen=True)
class NUTS:
    """For likelihoods that can be differentiated: Kalman, surrogate. Chains start from a short tempered SMC."""

    chains: int = 4
    warmup: int = 500
    draws: int = 1000
    max_doublings: int = 7
    chunk: int = 50

    def __post_init__(self) -> None:
        require_whole(self, chains=1, warmup=1, draws=1, max_doublings=1, chunk=1)

    def sample(self, target: Target, key: PRNGKeyArray, store: Store = Store(), report: Report = silent) -> Sample:
        import blackjax  # starts JAX's backend: not before the user has set the number of devices

        store = store.within(sampler=self)
        first, second, third = jax.random.split(key, 3)
        starts = TemperedSMC(particles=max(256, self.chains), runs=1, moves=5, target_ess=0.5).run(target, first)[0]
        report(Step("warm-up", 0, self.warmup))
        states = jit(jax.vmap(lambda z, k: self.warm_up(target, z, k)))(
            jnp.asarray(starts[: self.chains]), jax.random.split(second, self.chains)
        )
        report(Step("warm-up", self.warmup, self.warmup))
        kernel = blackjax.nuts.build_kernel()

        def step(carry, key):
            state, size, mass = carry
            state, info = kernel(key, state, target.log_density, size, mass, self.max_doublings)
            record = Record(state.position, state.logdensity, info.acceptance_rate, info.is_divergent)
            return (state, size, mass), record

        keys = jax.random.split(third, self.chains)
        _, kept = run_chains(step, states, keys, self.draws, min(self.chunk, self.draws), "NUTS", store, report)
        values = np.asarray(jit(jax.vmap(jax.vmap(target.box.estimated)))(kept.z))
        return Sample(values, kept.log_density, kept.acceptance, kept.divergent)

    def warm_up(self, target: Target, z, key):
        """A warmed-up state with its step size and inverse mass matrix."""
        import blackjax

        adaptation: Any = blackjax.window_adaptation(
            blackjax.nuts,
            target.log_density,
            is_mass_matrix_diagonal=False,
            target_acceptance_rate=ACCEPTANCE,
            adaptation_info_fn=lambda *_: None,
            max_num_doublings=self.max_doublings,
        )
        (state, parameters), _ = adaptation.run(key, z, self.warmup)
        return state, parameters["step_size"], parameters["inverse_mass_matrix"]
