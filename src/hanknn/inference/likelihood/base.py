"""What every filter offers: the log-likelihood at one parameter value, and what it tracks on the way."""

import abc
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ...economy import Now
from ...economy.points import Point
from .space import Observation, Period

MOST_TOGETHER = 128


class Cloud(NamedTuple):
    """Weighted particles; `log_weights` are normalised."""

    position: Now
    log_weights: Float[Array, "*batch particles"]


class Increments(NamedTuple):
    """A filter's likelihood period by period: log p(y_t | y_1…y_{t−1}), and the effective number of particles.

    `effective` is NaN where a filter has none, and zero where no particle can have produced the data.
    """

    log_densities: Float[Array, " periods"]
    effective: Float[Array, " periods"]


class Track(NamedTuple):
    """A filter's answer period by period.

    `increments` and `effective`: as in `Increments`. Variables are those of `Filter.tracked`; `filtered` uses data up
    to t, `smoothed` also later data, `predicted` those up to t − 1 (observables, without measurement error). `final`:
    particles that stand for the last period's distribution.
    """

    increments: Float[Array, " periods"]
    effective: Float[Array, " periods"]
    filtered_mean: Float[Array, "periods variables"]
    filtered_sd: Float[Array, "periods variables"]
    smoothed_mean: Float[Array, "periods variables"]
    smoothed_sd: Float[Array, "periods variables"]
    predicted_mean: Float[Array, "periods observables"]
    predicted_sd: Float[Array, "periods observables"]
    final: Cloud


def weighted_moments(
    weights: Float[Array, " points"], values: Float[Array, "points n"]
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Mean and s.d. under weights that sum to one."""
    mean = weights @ values
    return mean, jnp.sqrt(jnp.maximum(weights @ (values - mean[None, :]) ** 2, 0))


def never_nan(log_likelihood: Float[Array, ""]) -> Float[Array, ""]:
    """Minus infinity for what is not finite: data that are impossible at these parameters."""
    return jnp.where(jnp.isfinite(log_likelihood), log_likelihood, -jnp.inf)


class Filter(abc.ABC):
    """A way to integrate over states. Its functions are pure and written for one parameter value."""

    def require(self, seen: Observation) -> None:
        """Raise `ModelError` where this filter does not fit the model."""
        return None

    def view(self, seen: Observation) -> Observation:
        """What it steps forward (default: the economy as it is)."""
        return seen

    def tracked(self, seen: Observation) -> tuple[str, ...]:
        """Names of what `track` tells of each period."""
        return seen.variables

    def together(self, seen: Observation) -> int:
        """Parameter values to compute at once, for speed."""
        return MOST_TOGETHER

    @abc.abstractmethod
    def increments(self, seen: Observation, data: Period, theta: Point, key: PRNGKeyArray) -> Increments:
        """The likelihood of each period; not finite where the data are impossible."""

    def log_likelihood(self, seen: Observation, data: Period, theta: Point, key: PRNGKeyArray) -> Float[Array, ""]:
        """Log-likelihood of all periods; minus infinity, never NaN, where the data are impossible."""
        return never_nan(jnp.sum(self.increments(seen, data, theta, key).log_densities))

    @abc.abstractmethod
    def track(self, seen: Observation, data: Period, theta: Point, key: PRNGKeyArray) -> Track:
        """The same pass, with everything on the way."""
