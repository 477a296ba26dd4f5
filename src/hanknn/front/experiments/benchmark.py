"""KMR's second exercise, its data, and the benchmark likelihood: time iteration and a grid filter for every draw."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ...economy import Economy
from ...economy.points import Point
from ...inference.data import simulate_data
from ...inference.data.measurement import VarianceShare
from ...inference.data.observed import Observed
from ...inference.data.simulated import SimulatedData
from ...inference.likelihood import Grid
from ...inference.likelihood.space import Observation, panel
from ...references import TimeIteration
from ...references.rank.time_iteration import Choices
from ...solution import Solution

OBSERVABLES = ("output_growth", "inflation_rate", "interest_rate")
PERIODS = 500
ERROR = VarianceShare(0.1)


def exercise(solution: Solution, seed: int) -> SimulatedData:
    """500 quarters of KMR's observables (43), simulated at the true values; errors of 10 % of each variance."""
    return simulate_data(solution, OBSERVABLES, PERIODS, measurement_error=ERROR, seed=seed)


@dataclasses.dataclass(frozen=True, eq=False)
class GridLikelihood:
    """The log-likelihood of `rank` by a grid filter, from policies by time iteration or from a solution.

    With `reference` None the solution's own policies are used: the difference is the solution's error alone.
    """

    solution: Solution
    data: Observed
    reference: TimeIteration | None = TimeIteration(tolerance=1e-10)
    grid: Grid = Grid(nodes=101, width=5.0)

    def at(self, theta: Float[Array, " parameters"], key: PRNGKeyArray | None = None) -> Float[Array, ""]:
        """At one parameter vector, a pure function; minus infinity where time iteration diverges."""
        reference, economy = self.reference, self.solution.economy
        exists = jnp.asarray(True)
        if reference is not None:
            found = reference.iterate(theta)
            exists = found.converged
            policy = lambda state, point: _policy(reference.choices(theta, found, state.zeta[None]), point)
            economy = Economy(economy.equations, policy)
        seen = Observation(economy, self.data.names)
        value = self.grid.log_likelihood(seen, panel(self.data), economy.parameters(theta), jax.random.key(0))
        return jnp.where(exists, value, -jnp.inf)


def _policy(at: Choices, theta: Point) -> Point:
    gap = at.inflation_gap[0]
    return Point({"labor": jnp.exp(at.labor[0]), "inflation": theta.target * jnp.exp(gap)}, "policy")
