"""What the particle filters share: the pass over the periods, resampling, and what is tracked."""

import abc
import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ...economy import Now
from ...economy.points import Point
from ...machine.arguments import require_whole, require_within
from .base import MOST_TOGETHER, Cloud, Filter, Increments, Track, weighted_moments
from .space import Observation, Period

SMOOTHING_LAG = 10
CACHED = 2**15
"""Numbers in the states of clouds that are moved at once: more, with what is computed from them, leave the caches."""


class Begun(NamedTuple):
    """The cloud before the first period, its log weights given no data yet, and what `increment` of a period says."""

    cloud: Cloud
    filtered: Float[Array, " particles"]
    increment: Float[Array, ""]


class Advance(NamedTuple):
    """One period further: the new cloud, each particle's ancestor and shock, and log p(y_t | y_1…y_{t−1}).

    `filtered`: log weights given data up to this period; those of the cloud itself may know later ones.
    """

    cloud: Cloud
    ancestors: Int[Array, " particles"]
    shocks: Float[Array, "particles shocks"]
    increment: Float[Array, ""]
    filtered: Float[Array, " particles"]

    @property
    def effective(self) -> Float[Array, ""]:
        """Effective number of particles; zero where none can have produced the data, and all go on."""
        return jnp.where(jnp.isneginf(self.increment), 0.0, _effective(self.cloud.log_weights))


@dataclass(frozen=True)
class ParticleFilter(Filter):
    """Settings of every particle filter.

    `particles`: their number; choose it so that the log-likelihood's s.d. is about 1 near the mode.
    `resample_below`: resample where the effective number of particles falls below this share of
    them; 1 resamples every period.
    """

    particles: int = 1000
    resample_below: float = 0.5

    lead: ClassVar[int] = 0
    """Quarters before the data with which the pass begins."""

    def __post_init__(self) -> None:
        require_whole(self, particles=2)
        require_within(self, "[0, 1]", "resample_below")

    def tracked(self, seen):
        return seen.everything

    def together(self, seen):
        width = sum(math.prod(state.shape) for state in seen.economy.equations.model.states.values())
        return min(max(CACHED // (self.particles * width), 1), MOST_TOGETHER)

    @abc.abstractmethod
    def advance(
        self, seen: Observation, data: Period, turn: Any, theta: Point, cloud: Cloud, key: PRNGKeyArray
    ) -> Advance:
        """Move the cloud one period ahead, given that period's data and its part of the plan."""

    def plan(self, seen: Observation, data: Period, theta: Point) -> Any:
        """What is settled before the pass, period by period, stacked (default: nothing)."""
        return ()

    def begin(self, seen: Observation, plan: Any, theta: Point, key: PRNGKeyArray) -> Begun:
        """The cloud before the first period: draws from the ergodic distribution."""
        positions = seen.economy.starts(key, theta, self.particles)
        even = jnp.full(self.particles, -jnp.log(self.particles), theta.dtype)
        return Begun(Cloud(positions, even), even, jnp.zeros((), theta.dtype))

    def increments(self, seen, data, theta, key):
        def period(cloud, inputs):
            now, turn, sub = inputs
            moved = self.advance(seen, now, turn, theta, cloud, sub)
            return moved.cloud, Increments(moved.increment, moved.effective)

        begun, inputs = self._begin(seen, data, theta, key)
        found = jax.lax.scan(period, begun.cloud, inputs)[1]
        return Increments(self._of_data(begun, found.log_densities), found.effective[self.lead :])

    def track(self, seen, data, theta, key):
        def period(carry, inputs):
            cloud, before, recent = carry
            now, turn, sub = inputs
            ahead = jax.random.fold_in(sub, 1)
            predicted = self._predict(seen, theta, Cloud(cloud.position, before), ahead)
            moved = self.advance(seen, now, turn, theta, cloud, sub)
            last = jax.tree.map(lambda x: x[moved.ancestors], cloud.position)
            tell = lambda last, now, shock: seen.all_values(last, now, shock, theta)
            values = jax.vmap(tell)(last, moved.cloud.position, moved.shocks)
            recent = jnp.concatenate([values[None], recent[:-1, moved.ancestors]])
            weights = jnp.exp(moved.cloud.log_weights)
            filtered = weighted_moments(jnp.exp(moved.filtered), values)
            # The oldest values kept: what later data say of them.
            lagged = jax.vmap(weighted_moments, in_axes=(None, 0))(weights, recent)
            return (moved.cloud, moved.filtered, recent), (
                moved.increment,
                moved.effective,
                filtered,
                lagged,
                predicted,
            )

        begun, inputs = self._begin(seen, data, theta, key)
        width = len(self.tracked(seen))
        empty = jnp.zeros((SMOOTHING_LAG + 1, self.particles, width), theta.dtype)
        (final, _, _), (increments, effective, filtered, lagged, predicted) = jax.lax.scan(
            period, (begun.cloud, begun.filtered, empty), inputs
        )
        smoothed = _fixed_lag(lagged[0]), _fixed_lag(lagged[1])
        told = Track(increments, effective, *filtered, *smoothed, *predicted, final)
        periods = {name: value[self.lead :] for name, value in told._asdict().items() if name != "final"}
        return told._replace(**periods | {"increments": self._of_data(begun, increments)})

    def _of_data(self, begun: Begun, increments: Float[Array, " all"]) -> Float[Array, " periods"]:
        """Increments of the data's periods: what comes before them belongs to the first."""
        before = begun.increment + jnp.sum(increments[: self.lead])
        return increments[self.lead :].at[0].add(before)

    def _begin(self, seen, data, theta, key):
        first, rest = jax.random.split(key)
        # A period without data: whitened values of zero, whatever is predicted.
        blank = lambda a: jnp.concatenate([jnp.zeros((self.lead, *a.shape[1:]), a.dtype), a]) if self.lead else a
        data = jax.tree.map(blank, data)
        plan = self.plan(seen, data, theta)
        begun = self.begin(seen, plan, theta, first)
        return begun, (data, plan, jax.random.split(rest, data.constant.shape[0]))

    def _predict(self, seen, theta, cloud: Cloud, key):
        shocks = jax.random.normal(key, (self.particles, len(seen.economy.equations.shocks)), theta.dtype)

        ahead = lambda last, shock: seen.ahead(last, theta)(shock)[1]
        return weighted_moments(jnp.exp(cloud.log_weights), jax.vmap(ahead)(cloud.position, shocks))


def resampled(cloud: Cloud, below: float, key: PRNGKeyArray) -> tuple[Cloud, Int[Array, " particles"]]:
    """The cloud, resampled where its effective number of particles is below this share; and the ancestors."""
    count = cloud.log_weights.shape[0]
    everyone = jnp.arange(count)
    if below == 0:
        return cloud, everyone
    ancestors = systematic(key, cloud.log_weights)
    even = jnp.full_like(cloud.log_weights, -jnp.log(count))
    if below < 1:
        poor = _effective(cloud.log_weights) < below * count
        ancestors = jnp.where(poor, ancestors, everyone)
        even = jnp.where(poor, even, cloud.log_weights)
    return Cloud(jax.tree.map(lambda x: x[ancestors], cloud.position), even), ancestors


def _effective(log_weights: Float[Array, " particles"]) -> Float[Array, ""]:
    return 1 / jnp.sum(jnp.exp(2 * log_weights))


def systematic(key: PRNGKeyArray, log_weights: Float[Array, " particles"]) -> Int[Array, " particles"]:
    """Ancestors by systematic resampling, with a fresh uniform: unbiased, sorted, never out of range."""
    count = log_weights.shape[0]
    weights = jnp.exp(log_weights)
    cumulative = jnp.cumsum(weights)
    cumulative = cumulative / cumulative[-1]
    u = jax.random.uniform(key, (), log_weights.dtype)
    # Particle i has offspring at the positions from ends[i − 1] to ends[i] − 1.
    ends = jnp.clip(jnp.ceil(count * cumulative - u), 0, count).astype(jnp.int32)
    starts = jnp.zeros(count + 1, jnp.int32).at[ends].add(1)
    return jnp.clip(jnp.cumsum(starts)[:count], 0, count - 1)


def reweighted(
    position: Now, log_weights: Float[Array, " particles"], log_ratios: Float[Array, " particles"]
) -> tuple[Cloud, Float[Array, ""]]:
    """The cloud with weights multiplied by the ratios, and the log of their weighted mean.

    Where no particle has any weight the mean is minus infinity, and the cloud goes on evenly weighted.
    """
    log_ratios = jnp.where(jnp.isnan(log_ratios), -jnp.inf, log_ratios)
    raw = log_weights + log_ratios
    total = logsumexp(raw)
    lost = jnp.isneginf(total)
    even = jnp.full_like(raw, -jnp.log(raw.shape[0]))
    return Cloud(position, jnp.where(lost, even, raw - jnp.where(lost, 0.0, total))), total


def _fixed_lag(lagged: Float[Array, "periods lags variables"]) -> Float[Array, "periods variables"]:
    """Period t as seen from t + lag, or from the end of the sample where that is nearer."""
    periods = lagged.shape[0]
    t = jnp.arange(periods)
    seen = jnp.minimum(t + lagged.shape[1] - 1, periods - 1)
    return lagged[seen, seen - t]
