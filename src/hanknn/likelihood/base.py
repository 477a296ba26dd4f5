"""What every filter offers: the log-likelihood at one parameter value, and what it tracks on the way."""

import abc
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .space import Period, Position, StateSpace


class Cloud(NamedTuple):
    """Weighted particles; `log_weights` are normalised."""

    position: Position
    log_weights: Float[Array, "*batch particles"]


class Track(NamedTuple):
    """A filter's answer period by period.

    `increments`: log p(y_t | y_1…y_{t−1}). `effective`: effective number of particles (NaN where a
    filter has none). Variables are states and policies; `filtered` uses data up to t, `smoothed`
    also later data, `predicted` those up to t − 1 (observables, measurement error included).
    `final`: particles that stand for the last period's distribution.
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
    """Minus infinity for NaN: data that are impossible at these parameters."""
    return jnp.where(jnp.isnan(log_likelihood), -jnp.inf, log_likelihood)


class Filter(abc.ABC):
    """A way to integrate over states. Its functions are pure and written for one parameter value."""

    def require(self, space: StateSpace) -> None:
        """Raise `ModelError` where this filter does not fit the model."""
        return None

    @abc.abstractmethod
    def log_likelihood(
        self, space: StateSpace, data: Period, theta: Float[Array, " parameters"], key: PRNGKeyArray
    ) -> Float[Array, ""]:
        """Log-likelihood of all periods; minus infinity, never NaN, where the data are impossible."""

    @abc.abstractmethod
    def track(self, space: StateSpace, data: Period, theta: Float[Array, " parameters"], key: PRNGKeyArray) -> Track:
        """The same pass, with everything on the way."""
