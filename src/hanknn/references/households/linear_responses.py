"""Linear responses of an economy with households, in sequence space: perfect foresight, linearised around rest.

Boppart, Krusell and Mitman (2018); the Jacobian of all conditions in all unknowns along a path (Auclert, Bardóczy,
Rognlie and Straub 2021), here by differentiating the path itself.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float

from ...economy.households import HouseholdModel
from ...economy.households.block import ByHousehold
from ...economy.households.distribution import split
from ...economy.households.foreseen import Foreseen, foreseen, moved as moved_states
from ...economy.households.steady import AtRest, SteadySearch
from ...machine.compiled import jit
from ...machine.errors import ModelError, SettingError, UnknownNameError
from ...machine.precision import in_float64


@in_float64
def linear_responses(
    model: HouseholdModel,
    shock: str,
    parameters: dict[str, float] | None = None,
    periods: int = 20,
    horizon: int = 200,
) -> pd.DataFrame:
    """Responses of policies and of `assets` to a shock of one s.d., in their units, a row a quarter.

    `horizon`: quarters after which everything is at rest again. Raises `UnknownNameError` for a shock that the model
    does not have, `ModelError` where one of its states is a Markov chain, which moves in steps, and `NotSolvedError`
    where there is no steady state.
    """
    if shock not in model.shocks:
        raise UnknownNameError("shock", shock, list(model.shocks))
    if model.chains:
        raise ModelError(f"model '{model.name}' has a MarkovChain, which moves in steps: it has no linear response")
    if not 0 < periods <= horizon:
        raise SettingError(f"periods is {periods} and horizon {horizon}; give 1 up to the horizon")
    search = SteadySearch(model)
    vector = model.parameters.resolve(parameters)
    path = _Path(search, jnp.asarray(vector), search.solve(np.asarray(vector)), horizon)
    calm = jnp.zeros((horizon, len(search.names)))
    impulse = jnp.zeros(len(model.shocks)).at[list(model.shocks).index(shock)].set(1.0)
    to_unknowns = jit(jax.jacfwd(lambda moved: path.missed(moved, 0 * impulse).ravel()))(calm)
    to_shock = jit(lambda news: jax.jvp(lambda e: path.missed(calm, e).ravel(), (0 * news,), (news,))[1])(impulse)
    moved = -np.linalg.solve(np.asarray(to_unknowns).reshape(to_shock.size, -1), np.asarray(to_shock))
    table = pd.DataFrame(moved.reshape(horizon, -1)[:periods], columns=list(search.names))
    return table.rename_axis("horizon")


class _Path:
    """Conditions along a path on which unknowns depart from rest, after one shock."""

    def __init__(self, search: SteadySearch, vector: Array, rest: AtRest, horizon: int) -> None:
        self.search, self.rest, self.horizon = search, rest, horizon
        self.theta = search.theta(vector)
        self.calm = search.period(self.theta, rest.unknowns)

    def missed(
        self, moved: Float[Array, "horizon unknowns"], impulse: Float[Array, " shocks"]
    ) -> Float[Array, "horizon conditions"]:
        search, theta, rest = self.search, self.theta, self.rest
        quiet = jnp.zeros((self.horizon, len(impulse)), impulse.dtype)
        start = moved_states(search.model, self.calm, impulse, theta)
        path = foreseen(search, theta, rest, start, rest.unknowns[None] + moved, quiet)

        def forward(mass: ByHousehold, there: Foreseen):
            choices = search.block.chosen(jnp.exp(there.log_value), there.now, theta)
            off = search.missed(theta, there.now, choices, mass)
            return split(search.block.nodes(theta), mass, choices.assets) @ there.odds, off

        return jax.lax.scan(forward, rest.distribution, path)[1]
