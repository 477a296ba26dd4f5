"""The tempered particle filter (Herbst and Schorfheide 2019), with a fixed schedule."""

from dataclasses import dataclass
from itertools import pairwise

import jax
import jax.numpy as jnp

from ...machine.arguments import require_whole, require_within
from .base import Cloud
from .guided import propose
from .particle import Advance, ParticleFilter, resampled, reweighted, systematic

STEP = 1.5
"""Length of a Metropolis step, in conditional s.d. of the shock."""


@dataclass(frozen=True)
class Tempered(ParticleFilter):
    """Each period's data come in over `stages` powers of their density, with Metropolis steps between.

    Power k is (k / stages)^`bend`. A fixed schedule keeps the likelihood's estimate unbiased. `steps`:
    random-walk Metropolis steps on the shock at each stage.
    """

    stages: int = 4
    bend: float = 2.0
    steps: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole(self, stages=1, steps=0)
        require_within(self, "(0, inf)", "bend")

    def advance(self, seen, data, turn, theta, cloud, key):
        first, second, third = jax.random.split(key, 3)
        cloud, ancestors = resampled(cloud, self.resample_below, first)
        shocks = jax.random.normal(second, (self.particles, len(seen.economy.equations.shocks)), theta.dtype)

        def look(last, shock):
            now, predicted = seen.ahead(last, theta)(shock)
            return now, data.log_density(predicted)

        now, density = jax.vmap(look)(cloud.position, shocks)
        propose_from = lambda last: propose(seen.ahead(last, theta), data, shocks.shape[1])
        slopes = jax.vmap(lambda last: jnp.diag(propose_from(last).factor))(cloud.position)
        last, log_weights, increment = cloud.position, cloud.log_weights, jnp.zeros((), theta.dtype)
        powers = [(k / self.stages) ** self.bend for k in range(self.stages + 1)]
        for before, power in pairwise(powers):
            ratios = jnp.where(jnp.isneginf(density), -jnp.inf, (power - before) * density)
            weighted, gained = reweighted(now, log_weights, ratios)
            increment, log_weights = increment + gained, weighted.log_weights
            if power == 1.0:
                break
            # Every stage resamples; the last one leaves its weights to the next period.
            third, draw, walk = jax.random.split(third, 3)
            chosen = systematic(draw, log_weights)
            ancestors = ancestors[chosen]
            last, now, shocks, density, slopes = jax.tree.map(
                lambda x: x[chosen],  # noqa: B023
                (last, now, shocks, density, slopes),
            )
            log_weights = jnp.full_like(log_weights, -jnp.log(self.particles))
            for sub in jax.random.split(walk, self.steps):
                now, shocks, density = self._metropolis(look, power, last, now, shocks, density, slopes, sub)
        return Advance(Cloud(now, log_weights), ancestors, shocks, increment, log_weights)

    def _metropolis(self, look, power, last, now, shocks, density, slopes, key):
        """A random-walk step on each shock, at the tempered target; its scale depends on the ancestor alone."""
        first, second = jax.random.split(key)
        # slopes² = 1 + g² at full power; at this power the precision is 1 + power · g².
        scale = STEP / jnp.sqrt(1 + power * (slopes**2 - 1))
        trial = shocks + scale * jax.random.normal(first, shocks.shape, shocks.dtype)
        trial_now, trial_density = jax.vmap(look)(last, trial)
        gain = power * (trial_density - density) - 0.5 * jnp.sum(trial**2 - shocks**2, axis=1)
        accept = jnp.log(jax.random.uniform(second, gain.shape, gain.dtype)) < gain
        pick = lambda new, old: jnp.where(accept.reshape(-1, *[1] * (new.ndim - 1)), new, old)
        chosen = jax.tree.map(pick, (trial_now, trial, trial_density), (now, shocks, density))
        return chosen
