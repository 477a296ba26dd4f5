"""Tempered sequential Monte Carlo: from the prior to the posterior, with the evidence on the way."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ...machine.arguments import require_whole, require_within
from ...machine.compiled import jit
from ...machine.errors import SettingError
from ...machine.log_space import log_mean
from ...machine.work import Report, Step, Store, silent
from .sample import Sample
from .target import Target

MAX_STAGES = 200


@dataclass(frozen=True)
class TemperedSMC:
    """Adaptive tempering with random-walk Metropolis moves, from blackjax.

    `particles` a run, `runs` independent runs (their spread shows the sampling error), `moves`:
    Metropolis steps at each temperature, `target_ess`: share of particles that stays effective
    from one temperature to the next.
    """

    particles: int = 1000
    runs: int = 4
    moves: int = 10
    target_ess: float = 0.6

    def __post_init__(self) -> None:
        require_whole(self, particles=16, runs=1, moves=1)
        require_within(self, "(0, 1)", "target_ess")

    def sample(self, target: Target, key: PRNGKeyArray, store: Store = Store(), report: Report = silent) -> Sample:
        found = []
        for i in range(self.runs):
            found.append(self.run(target, jax.random.fold_in(key, i)))
            report(Step("tempered SMC", i + 1, self.runs))
        zs, evidence = np.stack([z for z, _ in found]), np.array([e for _, e in found])
        values = np.asarray(jit(jax.vmap(jax.vmap(target.box.estimated)))(zs))
        density = np.asarray(jit(jax.vmap(jax.vmap(target.log_density)))(zs))
        shape = values.shape[:2]
        level = float(log_mean(evidence))
        error = float(np.exp(evidence - level).std(ddof=1) / np.sqrt(self.runs)) if self.runs > 1 else float("nan")
        return Sample(values, density, np.full(shape, np.nan), np.zeros(shape, bool), level, error)

    def run(self, target: Target, key: PRNGKeyArray, report: Report = silent) -> tuple[np.ndarray, float]:
        """One run: coordinates (particles, estimated) and the log evidence. Raises `SettingError` if it gets stuck.

        Reports the share of the likelihood that counts so far, in percent.
        """
        # Importing blackjax starts JAX's backend, after which the number of devices cannot be set any more.
        import blackjax.smc.adaptive_tempered as adaptive

        first, key = jax.random.split(key)
        start = jnp.asarray(target.box.coordinates(target.box.full(target.box.prior_sample(self.particles, first))))
        stage = jit(lambda key, state: self._stage(target, key, state))
        state, evidence = adaptive.init(start), 0.0
        for _ in range(MAX_STAGES):
            key, sub = jax.random.split(key)
            # blackjax moves particles at the temperature before and leaves them weighted for the new one: a
            # last stage at temperature one resamples by those weights and moves at the posterior itself.
            last = float(state.tempering_param) >= 1
            report(Step("tempering", round(100 * float(state.tempering_param)), 100))
            state, gained = stage(sub, state)
            if last:
                return np.asarray(state.particles), evidence
            evidence += float(gained)
        raise SettingError(
            f"tempered SMC did not reach the posterior in {MAX_STAGES} stages; use more particles, or look at the "
            "likelihood: is it finite over most of the prior?"
        )

    def _stage(self, target: Target, key, state):
        import blackjax
        import blackjax.smc.adaptive_tempered as adaptive
        import blackjax.smc.resampling as resampling

        particles = state.particles
        count, width = particles.shape
        centred = particles - jnp.mean(particles, axis=0)[None, :]
        covariance = centred.T @ centred / count + 1e-10 * jnp.eye(width, dtype=particles.dtype)
        factor = 2.38 / np.sqrt(width) * jnp.linalg.cholesky(covariance)
        kernel = blackjax.additive_step_random_walk.build_kernel()

        def step(rng_key, inner, log_density, factor):
            scale = jnp.exp(jax.random.uniform(rng_key, (), particles.dtype, -2.5, 0.3))
            move = lambda k, z: scale * factor @ jax.random.normal(k, z.shape, z.dtype)
            return kernel(jax.random.fold_in(rng_key, 1), inner, log_density, move)

        algorithm: Any = adaptive.as_top_level_api(
            target.log_prior,
            lambda z: finite(target.log_likelihood(target.box.theta(z))),
            step,
            blackjax.additive_step_random_walk.init,
            {"factor": factor[None]},
            resampling.systematic,
            self.target_ess,
            num_mcmc_steps=self.moves,
        )
        state, info = algorithm.step(key, state)
        return state, info.log_likelihood_increment


def finite(log_likelihood: Float[Array, ""]) -> Float[Array, ""]:
    """A very small likelihood in place of none: where all weights are compared, infinities would make NaN."""
    return jnp.maximum(jnp.nan_to_num(log_likelihood, nan=-1e30, neginf=-1e30), -1e30)
