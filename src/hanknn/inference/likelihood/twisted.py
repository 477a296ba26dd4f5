"""The twisted particle filter: shocks proposed where all the data, not the period's alone, say that they are."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...machine.arguments import require_whole
from .likely_path import Outlook, likely_path
from .particle import Advance, Begun, ParticleFilter, resampled, reweighted
from .stratified import WIDER, lattice, log_ratio, student_quantile


class Turn(NamedTuple):
    """A period of the plan: the path's state before and after it, the outlook from either."""

    before: Float[Array, "*periods states"]
    after: Float[Array, "*periods states"]
    outlook: Outlook
    next: Outlook


@dataclass(frozen=True)
class Twisted(ParticleFilter):
    """Proposals from an iterated extended Kalman smoother, and weights that know how likely all later data are.

    The path that is most likely given all data is computed once (`likely_path`), and what later data say from states
    near it. Each particle's shock is drawn around what that says of it, from Student's t, and its weight is corrected:
    the likelihood is unbiased, whatever the approximation is worth (Whiteley and Lee 2014; Guarniero, Johansen and Lee
    2017). For a linear model weights differ by the proposals' shape alone. A particle costs one policy evaluation a
    period. Where a state is an array, the path is that of the summarised economy (`hanknn.summarise`).

    `iterations`: Gauss-Newton steps to the path.
    """

    particles: int = 100
    resample_below: float = 1.0
    iterations: int = 3

    lead: ClassVar[int] = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole(self, iterations=1)

    def require(self, seen):
        _ = seen.linear  # raises where there is none

    def plan(self, seen, data, theta):
        linear = seen.linear
        start = linear.vector(linear.economy.center(theta), theta)
        shocks = len(seen.economy.equations.shocks)
        path, outlook = likely_path(linear.step(theta), start, data, shocks, self.iterations)
        shifted = lambda a: jnp.concatenate([a[1:], jnp.zeros_like(a[:1])])
        return Turn(path.states, shifted(path.states), outlook, jax.tree.map(shifted, outlook))

    def begin(self, seen, plan, theta, key):
        begun = super().begin(seen, plan, theta, key)
        first = jax.tree.map(lambda a: a[0], plan)
        likely = jax.vmap(lambda now: first.outlook.bend(seen.vector(now, theta) - first.before))(begun.cloud.position)
        cloud, gained = reweighted(*begun.cloud, likely)
        return Begun(cloud, begun.filtered, gained)

    def advance(self, seen, data, turn, theta, cloud, key):
        first, second = jax.random.split(key)
        away = jax.vmap(lambda now: seen.vector(now, theta) - turn.before)(cloud.position)
        order = jnp.argsort(away @ turn.outlook.gain[0])
        cloud, chosen = resampled(jax.tree.map(lambda x: x[order], cloud), self.resample_below, first)
        ancestors, away = order[chosen], away[order[chosen]]
        shocks = turn.outlook.mean.shape[0]
        spread = student_quantile(lattice(self.particles, shocks, second, theta.dtype))
        root = WIDER * turn.outlook.root
        log_scale = jnp.sum(jnp.log(jnp.diag(root)))

        def move(last, away, standard):
            shock = turn.outlook.mean + turn.outlook.gain @ away + root @ standard
            now, predicted = seen.ahead(last, theta)(shock)
            later = turn.next.bend(seen.vector(now, theta) - turn.after)
            proposed = log_ratio(shock, standard, log_scale)
            return now, shock, later, data.log_density(predicted) + proposed + later - turn.outlook.bend(away)

        position, moves, later, log_ratios = jax.vmap(move)(cloud.position, away, spread)
        cloud, increment = reweighted(position, cloud.log_weights, log_ratios)
        # What later data say of a particle is in its weight: without it, the weight is the filter's.
        filtered = jax.nn.log_softmax(jnp.where(jnp.isneginf(cloud.log_weights), -jnp.inf, cloud.log_weights - later))
        return Advance(cloud, ancestors, moves, increment, filtered)
