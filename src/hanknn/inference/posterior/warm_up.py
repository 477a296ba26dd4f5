"""What NUTS learns before it counts: where chains start, their step size, the shape of the posterior."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ...machine.compiled import jit
from ...machine.fingerprint import fingerprint
from ...machine.work import Report, Store
from .chains import Record
from .smc import TemperedSMC
from .target import Target

PARTICLES = 256
RIDGE = 1e-10
"""Variance that is added where all draws of the cloud agree."""


def starting_cloud(
    target: Target, chains: int, key: PRNGKeyArray, store: Store, report: Report
) -> Float[np.ndarray, "draws estimated"]:
    """Draws near the target in its coordinates, at least one a chain, from a short tempered SMC; saved once found."""
    store = store.within(keys=fingerprint(np.asarray(jax.random.key_data(key))))
    saved = store.load("start")
    if saved is not None:
        return saved.arrays[0]
    cloud = TemperedSMC(max(PARTICLES, chains), runs=1, moves=5, target_ess=0.5).run(target, key, report)[0]
    store.save("start", {}, [cloud])
    return cloud


def covariance(cloud: Float[np.ndarray, "draws estimated"]) -> Float[np.ndarray, "estimated estimated"]:
    """Of draws; never singular."""
    return np.atleast_2d(np.cov(cloud.T)) + RIDGE * np.eye(cloud.shape[1])


class Adapting(NamedTuple):
    """A chain in its warm-up: blackjax's states of the chain, its step size and its mass matrix, and how far it is."""

    chain: Any
    size: Any
    mass: Any
    done: Array


class WarmUp:
    """Stan's warm-up of a chain of NUTS, step by step, so that it can stop and go on.

    The inverse mass matrix starts from the covariance of a cloud near the target, not from the identity: along a ridge
    the first trees would otherwise be as deep as they may be. It is then learned in windows that double, the step size
    by dual averaging (Stan reference manual, section on adaptation; Hoffman and Gelman 2014).
    """

    def __init__(self, target: Target, steps: int, max_doublings: int, acceptance: float) -> None:
        import blackjax  # starts JAX's backend: not before the user has set the number of devices
        from blackjax.adaptation.mass_matrix import mass_matrix_adaptation
        from blackjax.adaptation.step_size import dual_averaging_adaptation
        from blackjax.adaptation.window_adaptation import build_schedule

        self.target, self.max_doublings = target, max_doublings
        self.init, self.kernel = blackjax.nuts.init, blackjax.nuts.build_kernel()
        self.size, self.mass = dual_averaging_adaptation(acceptance), mass_matrix_adaptation(False)
        self.schedule = jnp.asarray(build_schedule(steps)).astype(int)  # by step: whether slow, whether a window ends

    def begin(self, cloud: Float[np.ndarray, "draws estimated"], chains: int) -> Adapting:
        """Chains at the first draws of the cloud; leaves have a leading axis of chains."""
        inverse = jnp.asarray(covariance(cloud))

        def one(z):
            mass = self.mass[0](len(z))._replace(inverse_mass_matrix=inverse)
            return Adapting(self.init(z, self.target.log_density), self.size[0](1.0), mass, jnp.asarray(0))

        return jit(jax.vmap(one))(jnp.asarray(cloud[:chains]))

    def step(self, now: Adapting, key: PRNGKeyArray) -> tuple[Adapting, Record]:
        """One step of the chain, and what is learned from it."""
        log_density, matrix = self.target.log_density, now.mass.inverse_mass_matrix
        size = jnp.exp(now.size.log_step_size)
        chain, info = self.kernel(key, now.chain, log_density, size, matrix, self.max_doublings)
        slow, ends = self.schedule[jnp.minimum(now.done, len(self.schedule) - 1)]
        learned = self.mass[1](now.mass, chain.position)
        mass = jax.tree.map(lambda new, old: jnp.where(slow, new, old), learned, now.mass)
        tuned = self.size[1](now.size, info.acceptance_rate)
        after = tuned, mass
        ended = self.size[0](self.size[2](tuned)), self.mass[2](mass)
        tuned, mass = jax.tree.map(lambda new, old: jnp.where(ends, new, old), ended, after)
        record = Record(chain.position, chain.logdensity, info.acceptance_rate, info.is_divergent)
        return Adapting(chain, tuned, mass, now.done + 1), record

    def learned(self, end: Adapting) -> tuple[Any, Array, Array]:
        """The chains with their step sizes and inverse mass matrices."""
        return end.chain, jnp.exp(end.size.log_step_size_avg), end.mass.inverse_mass_matrix
