"""The guided particle filter: shocks proposed where this period's data say that they are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...economy import Now
from ...machine.arguments import require_whole
from .particle import Advance, ParticleFilter, resampled, reweighted
from .space import Period
from .stratified import WIDER, lattice, log_ratio, student_quantile


class Proposal(NamedTuple):
    """Where the data put a particle's shock: mean, and the Cholesky factor of the precision."""

    mean: Float[Array, " shocks"]
    factor: Float[Array, "shocks shocks"]


def propose(
    look: Callable[[Array], tuple[Now, Array]], data: Period, shocks: int, power: float | Array = 1.0, steps: int = 1
) -> Proposal:
    """Gauss-Newton steps in the shock from zero towards the peak of the data's density, to `power`, times the normal.

    `look`: next period and its observables by the shocks (`Observation.ahead`). One step is an extended-Kalman update;
    further ones help where policies are strongly nonlinear.
    """
    predict = lambda e: data.whitening @ look(e)[1]
    dtype = data.values.dtype
    at, factor = jnp.zeros(shocks, dtype), jnp.eye(shocks, dtype=dtype)
    for _ in range(steps):
        error, slope = data.whitening @ data.values - predict(at), jax.jacfwd(predict)(at)
        # A model that breaks down at this particle gives no direction: propose from the prior there.
        fine = jnp.all(jnp.isfinite(slope)) & jnp.all(jnp.isfinite(error))
        slope, error = jnp.where(fine, slope, 0.0), jnp.where(fine, error, 0.0)
        precision = jnp.eye(shocks, dtype=dtype) + power * slope.T @ slope
        factor = jnp.sqrt(precision) if shocks == 1 else jnp.linalg.cholesky(precision)
        at = _solve(factor, _solve_transposed(factor, power * slope.T @ (error + slope @ at)))
    return Proposal(at, factor)


def _solve_transposed(factor, vector):
    """L⁻¹ v."""
    return (
        vector / factor[0] if factor.shape == (1, 1) else jax.scipy.linalg.solve_triangular(factor, vector, lower=True)
    )


def _solve(factor, vector):
    """L⁻ᵀ v."""
    if factor.shape == (1, 1):
        return vector / factor[0]
    return jax.scipy.linalg.solve_triangular(factor.T, vector, lower=False)


@dataclass(frozen=True)
class Guided(ParticleFilter):
    """Extended-Kalman steps on the policy network for each particle, with Student-t tails, evenly spread.

    Particles are resampled every period, sorted by the model's first scalar state, and proposed from a lattice instead
    of independent draws: unbiased like those, and several times as precise where one state matters most. Student's t
    has four degrees of freedom in each shock, so that weights stay bounded where the linearisation is off.
    `steps`: Gauss-Newton steps to the proposal's centre.
    """

    particles: int = 100
    resample_below: float = 1.0
    steps: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole(self, steps=1)

    def advance(self, seen, data, turn, theta, cloud, key):
        first, second = jax.random.split(key)
        order = jnp.argsort(getattr(cloud.position.state, seen.economy.equations.scalar_states[0]))
        cloud, chosen = resampled(jax.tree.map(lambda x: x[order], cloud), self.resample_below, first)
        shocks = len(seen.economy.equations.shocks)
        spread = student_quantile(lattice(self.particles, shocks, second, theta.dtype))

        def move(last, standard):
            look = seen.ahead(last, theta)
            proposal = propose(look, data, shocks, steps=self.steps)
            shock = proposal.mean + WIDER * _solve(proposal.factor, standard)
            now, predicted = look(shock)
            log_scale = -jnp.sum(jnp.log(jnp.diag(proposal.factor) / WIDER))
            return now, shock, data.log_density(predicted) + log_ratio(shock, standard, log_scale)

        position, moves, log_ratios = jax.vmap(move)(cloud.position, spread)
        cloud, increment = reweighted(position, cloud.log_weights, log_ratios)
        return Advance(cloud, order[chosen], moves, increment, cloud.log_weights)
