"""Particle Metropolis-Hastings (Andrieu, Doucet and Holenstein 2010), plain or with delayed acceptance.

The target is exact whatever the number of particles, because the likelihood's estimate is unbiased.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ...machine.arguments import require_whole
from ...machine.compiled import jit
from ...machine.work import Report, Store, silent
from .chains import Record, run_chains
from .random_walk import proposal_factor
from .sample import Sample
from .target import Target

Estimate = Callable[[Float[Array, " parameters"], PRNGKeyArray], Float[Array, ""]]
"""An estimated log-likelihood at a parameter vector, from a random key."""


class PseudoState(NamedTuple):
    """Coordinates, the guide's log density there, and the likelihood estimate that is kept with them."""

    z: Float[Array, " estimated"]
    guide: Float[Array, ""]
    log_likelihood: Float[Array, ""]


@dataclass(frozen=True)
class ParticleMetropolis:
    """`guided_steps`: random-walk steps on the guide (a surrogate's posterior) between two likelihood estimates.

    With one or more, the guide decides first and the particle filter only corrects it (delayed
    acceptance, Christen and Fox 2005; several steps: Liu 2001). With 0 the guide serves only to
    start the chains and to scale the steps.
    """

    chains: int = 8
    warmup: int = 100
    draws: int = 1000
    guided_steps: int = 200
    chunk: int = 50

    def __post_init__(self) -> None:
        require_whole(self, chains=1, warmup=0, draws=1, guided_steps=0, chunk=1)

    def sample(
        self,
        guide: Target,
        cloud: np.ndarray,
        estimate: Estimate,
        key: PRNGKeyArray,
        store: Store = Store(),
        report: Report = silent,
    ) -> Sample:
        """Chains whose likelihood is `estimate`; `cloud`: draws (draws, estimated) of the guide's posterior, in `z`."""
        store = store.within(sampler=self)
        first, second, third = jax.random.split(key, 3)
        step = self.kernel(guide, proposal_factor(cloud), estimate)
        chosen = np.asarray(jax.random.choice(first, len(cloud), (self.chains,), replace=False))
        begin = lambda z, k: PseudoState(z, guide.log_density(z), estimate(guide.box.theta(z), k))
        states = jit(jax.vmap(begin))(jnp.asarray(cloud[chosen]), jax.random.split(second, self.chains))
        keys, total = jax.random.split(third, self.chains), self.warmup + self.draws
        _, kept = run_chains(step, states, keys, total, min(self.chunk, total), "particle Metropolis", store, report)
        kept = kept.between(self.warmup, total)
        values = np.asarray(jit(jax.vmap(jax.vmap(guide.box.estimated)))(kept.z))
        return Sample(values, kept.log_density, kept.acceptance, kept.divergent)

    def kernel(self, guide: Target, factor: np.ndarray, estimate: Estimate):
        """One transition as a function (state, key) -> (state, record)."""
        scaled = jnp.asarray(factor)

        def walk(carry, key):
            z, density = carry
            first, second = jax.random.split(key)
            trial = z + scaled @ jax.random.normal(first, z.shape, z.dtype)
            there = guide.log_density(trial)
            accept = jnp.log(jax.random.uniform(second, (), z.dtype)) < there - density
            return (jnp.where(accept, trial, z), jnp.where(accept, there, density)), None

        def step(state: PseudoState, key):
            first, second, third = jax.random.split(key, 3)
            if self.guided_steps:
                moves = jax.random.split(first, self.guided_steps)
                (z, density), _ = jax.lax.scan(walk, (state.z, state.guide), moves)
            else:
                z = state.z + scaled @ jax.random.normal(first, state.z.shape, state.z.dtype)
                density = guide.log_density(z)
            found = estimate(guide.box.theta(z), second)
            gain = found + guide.log_prior(z) - state.log_likelihood - guide.log_prior(state.z)
            if self.guided_steps:
                # The guided steps are reversible for the guide: its ratio is taken out again.
                gain = gain - (density - state.guide)
            # From a start without likelihood any finite one is better; NaN never is.
            chance = jnp.where(jnp.isnan(gain), 0.0, jnp.exp(jnp.minimum(gain, 0.0)))
            accept = jax.random.uniform(third, (), z.dtype) < chance
            new = jax.tree.map(lambda a, b: jnp.where(accept, a, b), PseudoState(z, density, found), state)
            log_density = guide.log_prior(new.z) + new.log_likelihood
            return new, Record(new.z, log_density, chance, jnp.asarray(False))

        return step
