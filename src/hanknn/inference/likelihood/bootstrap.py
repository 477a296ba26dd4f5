"""The bootstrap particle filter (Gordon, Salmond and Smith 1993)."""

from dataclasses import dataclass

import jax

from .particle import Advance, ParticleFilter, resampled, reweighted


@dataclass(frozen=True)
class Bootstrap(ParticleFilter):
    """Particles move by the model's own shocks and are weighted by the data's density."""

    def advance(self, seen, data, turn, theta, cloud, key):
        first, second = jax.random.split(key)
        cloud, ancestors = resampled(cloud, self.resample_below, first)
        shocks = jax.random.normal(second, (self.particles, len(seen.economy.equations.shocks)), theta.dtype)

        def move(last, shock):
            now, predicted = seen.ahead(last, theta)(shock)
            return now, data.log_density(predicted)

        position, log_densities = jax.vmap(move)(cloud.position, shocks)
        cloud, increment = reweighted(position, cloud.log_weights, log_densities)
        return Advance(cloud, ancestors, shocks, increment, cloud.log_weights)
