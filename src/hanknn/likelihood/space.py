"""A solved model as a state space: what filters step forward and compare with data."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ..data.observed import Observed
from ..equilibrium import Equilibrium, PolicyFunction
from ..errors import ModelError


class Position(NamedTuple):
    """Where an economy is: this period's state, and the policies there."""

    state: Float[Array, "*batch states"]
    policy: Float[Array, "*batch policies"]


@dataclass(frozen=True, eq=False)
class StateSpace:
    """State transition and observation at one point, for a policy function.

    `names`: the observables that the data hold, in their order. Raises `ModelError` for a model with array states or
    policies.
    """

    equilibrium: Equilibrium
    policy: PolicyFunction
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        model = self.equilibrium.model
        for kind, variables in (("state", model.states), ("policy", model.policies)):
            arrays = [name for name, variable in variables.items() if variable.shape != ()]
            if arrays:
                raise ModelError(
                    f"filters track scalar states only so far; model '{model.name}' has the array {kind} '{arrays[0]}'"
                )

    def at(self, state: Float[Array, " states"], theta: Float[Array, " parameters"]) -> Position:
        return Position(state, self.policy(state, theta))

    def start(self, key: PRNGKeyArray, theta: Float[Array, " parameters"]) -> Position:
        """A draw from the ergodic distribution: the period before the first observation."""
        normal = jax.random.normal(key, (len(self.equilibrium.states),), theta.dtype)
        return self.at(self.equilibrium.ergodic_state(normal, theta), theta)

    def step(self, last: Position, shock: Float[Array, " shocks"], theta: Float[Array, " parameters"]) -> Position:
        return self.at(self.equilibrium.transition(last.state, last.policy, shock, theta), theta)

    def observe(
        self, last: Position, now: Position, theta: Float[Array, " parameters"]
    ) -> Float[Array, " observables"]:
        """The data's observables without measurement error."""
        return self.equilibrium.observe(last.state, last.policy, now.state, now.policy, theta, self.names)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of states and policies, in the order in which tracked variables are stored."""
        return (*self.equilibrium.states, *self.equilibrium.policies)


class Period(NamedTuple):
    """One period's data, whitened: the log density of y given h is constant − ½ ‖W (y − h)‖²."""

    values: Float[Array, "*periods observables"]
    whitening: Float[Array, "*periods observables observables"]
    constant: Float[Array, "*periods"]

    def log_density(self, predicted: Float[Array, " observables"]) -> Float[Array, ""]:
        """Of this period's values around `predicted`; minus infinity where that is not finite."""
        whitened = self.whitening @ (self.values - predicted)
        value = self.constant - 0.5 * jnp.sum(whitened**2)
        return jnp.where(jnp.isfinite(value), value, -jnp.inf)


def panel(data: Observed) -> Period:
    """All periods, stacked; missing values get zero rows in the whitening, so that filters skip them."""
    values = data.table.to_numpy(np.float64)
    whitening = np.zeros((*values.shape, values.shape[1]))
    constant = np.zeros(len(values))
    for t, row in enumerate(values):
        seen = np.flatnonzero(np.isfinite(row))
        factor = np.linalg.cholesky(np.asarray(data.noise)[np.ix_(seen, seen)])
        whitening[t][np.ix_(seen, seen)] = np.linalg.inv(factor)
        constant[t] = -np.log(np.diag(factor)).sum() - 0.5 * len(seen) * np.log(2 * np.pi)
    return Period(jnp.asarray(np.nan_to_num(values)), jnp.asarray(whitening), jnp.asarray(constant))
