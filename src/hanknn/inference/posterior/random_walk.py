"""Random-walk Metropolis, as in KMR's appendix A."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

from ...machine.arguments import require_whole
from ...machine.compiled import jit
from ...machine.work import Report, Store, silent
from .chains import Record, run_chains
from .sample import Sample
from .target import Target
from .warm_up import covariance, starting_cloud

GOAL = 0.25
"""Acceptance rate that warm-up aims at (Roberts, Gelman and Gilks 1997: 0.234 in many dimensions)."""


@dataclass(frozen=True)
class RandomWalk:
    """Normal steps with the covariance of a short tempered SMC; their scale is tuned in warm-up, then fixed."""

    chains: int = 8
    warmup: int = 1000
    draws: int = 5000
    chunk: int = 500

    def __post_init__(self) -> None:
        require_whole(self, chains=1, warmup=1, draws=1, chunk=1)

    def sample(self, target: Target, key: PRNGKeyArray, store: Store = Store(), report: Report = silent) -> Sample:
        import blackjax  # starts JAX's backend: not before the user has set the number of devices

        store = store.within(sampler=self)
        first, second, third = jax.random.split(key, 3)
        cloud = starting_cloud(target, self.chains, first, store, report)
        factor = proposal_factor(cloud)
        kernel = blackjax.additive_step_random_walk.build_kernel()
        start = blackjax.additive_step_random_walk.init

        def step(carry, key):
            state, log_scale = carry
            move = lambda k, z: jnp.exp(log_scale) * factor @ jax.random.normal(k, z.shape, z.dtype)
            state, info = kernel(key, state, target.log_density, move)
            record = Record(state.position, state.logdensity, info.acceptance_rate, jnp.asarray(False))
            return (state, log_scale), record

        def tune(carry, key):
            # Robbins-Monro on the log scale; a constant gain keeps it moving, the mean of chains is taken after.
            (state, log_scale), record = step(carry, key)
            return (state, log_scale + 0.05 * (record.acceptance - GOAL)), record

        states = jit(jax.vmap(lambda z: (start(z, target.log_density), jnp.zeros((), z.dtype))))(
            jnp.asarray(cloud[: self.chains])
        )
        one, two = (jax.random.split(k, self.chains) for k in (second, third))
        (state, scales), _ = run_chains(
            tune, states, one, self.warmup, min(self.chunk, self.warmup), "warm-up", store, report
        )
        states = state, jnp.full_like(scales, jnp.mean(scales))
        _, kept = run_chains(step, states, two, self.draws, min(self.chunk, self.draws), "random walk", store, report)
        values = np.asarray(jit(jax.vmap(jax.vmap(target.box.estimated)))(kept.z))
        return Sample(values, kept.log_density, kept.acceptance, kept.divergent)


def proposal_factor(cloud: np.ndarray) -> np.ndarray:
    """A Cholesky factor for random-walk steps from draws (draws, estimated) of the target or near it."""
    width = cloud.shape[1]
    return 2.38 / np.sqrt(width) * np.linalg.cholesky(covariance(cloud))
