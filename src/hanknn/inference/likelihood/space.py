"""What data show of an economy, and the data themselves, period by period."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...economy import Economy, Now
from ...economy.points import Point, like, pack, scalars
from ...economy.summarised import Summarised
from ...machine.errors import ModelError
from ..data.observed import Observed


@dataclass(frozen=True, eq=False)
class Observation:
    """An economy and the series that data show of it: what filters step forward and compare.

    `names`: the observables that the data hold, in their order.
    """

    economy: Economy
    names: tuple[str, ...]

    def observe(self, last: Now, now: Now, theta: Point) -> Float[Array, " observables"]:
        """The data's observables without measurement error."""
        return self.economy.observe(last, now, theta, self.names)

    def ahead(self, last: Now, theta: Point) -> Callable[[Float[Array, " shocks"]], tuple[Now, Array]]:
        """Next period and its observables as a function of the shocks; what they do not move is computed once."""
        law = self.economy.equations.law(*last, theta)

        def look(shock: Float[Array, " shocks"]) -> tuple[Now, Array]:
            now = self.economy.at(law(shock), theta)
            return now, self.observe(last, now, theta)

        return look

    @property
    def linear(self) -> "Observation":
        """The economy that is linearised along a path: this one, or with summaries where a state is an array.

        Raises `ModelError` where there are arrays without summaries, and where summaries do not show the data.
        """
        model = self.economy.equations.model
        if not model.arrays:
            return self
        summarised = self.economy.summarised
        if summarised is None:
            raise ModelError(
                f"state '{model.arrays[0]}' of model '{model.name}' is an array, which this filter knows by summaries "
                "only: give it a solution with a law of motion for them, hanknn.summarise(solution), or use Guided()"
            )
        for name in self.names:
            if name not in summarised.equations.observables:
                raise ModelError(f"'{name}' is seen in '{model.arrays[0]}', not in its summaries: use Guided()")
        return Observation(summarised, self.names)

    def vector(self, now: Now, theta: Point) -> Float[Array, " states"]:
        """The state of `linear` as a vector, in its scale."""
        linear, state = self.linear, now.state
        equations = linear.economy.equations
        if linear is not self and isinstance(equations.model, Summarised):
            state = equations.model.summary(state, theta)
        return pack(state) / pack(equations.units(theta).state_scale)

    def step(self, theta: Point) -> Callable[[Array, Array], tuple[Array, Array]]:
        """From a state's vector and shocks to the next one's and its observables."""
        units = self.economy.equations.units(theta)
        scale = pack(units.state_scale)

        def step(vector, shock):
            now, seen = self.ahead(self.economy.at(like(vector * scale, units.state_center), theta), theta)(shock)
            return pack(now.state) / scale, seen

        return step

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of what every filter tracks: scalar states and policies."""
        return (*self.economy.equations.scalar_states, *self.economy.equations.scalar_policies)

    @property
    def everything(self) -> tuple[str, ...]:
        """Names of what particles tell: `variables`, the model's observables, whether constraints bind, shocks."""
        equations = self.economy.equations
        binding = tuple(binds(name) for name in equations.constraints)
        return (*self.variables, *equations.model.observables, *binding, *equations.shocks)

    def values(self, now: Now) -> Float[Array, " variables"]:
        """Those of `variables`."""
        equations, dtype = self.economy.equations, now.state.dtype
        return jnp.concatenate(
            [scalars(now.state, equations.scalar_states, dtype), scalars(now.policy, equations.scalar_policies, dtype)]
        )

    def all_values(self, last: Now, now: Now, shock: Float[Array, " shocks"], theta: Point) -> Float[Array, " all"]:
        """Those of `everything`, in the period whose shock led from `last` to `now`."""
        shown = self.economy.observe(last, now, theta, tuple(self.economy.equations.model.observables))
        binding = (self.economy.equations.slackness(*now, theta) < 0).astype(shown.dtype)
        return jnp.concatenate([self.values(now), shown, binding, shock])

    def require_scalars(self, filter: str) -> None:
        """Raise `ModelError` for a model with array states or policies."""
        model = self.economy.equations.model
        for kind, variables in (("state", model.states), ("policy", model.policies)):
            arrays = [name for name, variable in variables.items() if variable.shape != ()]
            if arrays:
                raise ModelError(
                    f"the {filter} filter tracks scalars only; model '{model.name}' has the array {kind} "
                    f"'{arrays[0]}': use a particle filter (Twisted, Bootstrap)"
                )


def binds(constraint: str) -> str:
    """The name under which it is told how likely a constraint binds."""
    return f"{constraint}_binds"


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
    for t, (row, noise) in enumerate(zip(values, data.noises, strict=True)):
        seen = np.flatnonzero(np.isfinite(row))
        factor = np.linalg.cholesky(noise[np.ix_(seen, seen)])
        whitening[t][np.ix_(seen, seen)] = np.linalg.inv(factor)
        constant[t] = -np.log(np.diag(factor)).sum() - 0.5 * len(seen) * np.log(2 * np.pi)
    return Period(jnp.asarray(np.nan_to_num(values)), jnp.asarray(whitening), jnp.asarray(constant))
