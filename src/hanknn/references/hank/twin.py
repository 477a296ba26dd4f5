"""`hank` without heterogeneity: the representative economy with the same steady-state rate, rules and slopes.

Its equilibrium can be found, or shown to be missing, by time iteration, which `hank`'s cannot. What the two share is
what decides whether the zero lower bound leaves an equilibrium: how far the rate is from its bound on average, how
strongly inflation moves with output, how persistent and large preference shocks are. What the twin leaves out:
households' reactions, and the growth and monetary shocks.
"""

import jax
import numpy as np
from jaxtyping import Float

from ...machine.precision import in_float64
from ...models import HANK, RANK
from ...models.hank.steady_map import steady_state
from ...solution import Values
from ..rank.time_iteration import TimeIteration

BESIDE_THE_FRONTIER = TimeIteration(tolerance=1e-9, max_iterations=20_000)
"""Iterations slow down there, without end on the frontier itself."""

HALVINGS = 11
LARGEST = 0.04
"""S.d. of the preference shock at which no twin in `hank`'s box has an equilibrium."""

SHARED = ("theta_pi", "theta_y", "varphi", "rho_zeta", "sigma_zeta", "sigma", "eta", "epsilon", "target")


@in_float64
def representative_twin(parameters: Values | np.ndarray | None = None) -> Float[np.ndarray, "rows parameters"]:
    """Full parameter vectors of `rank`, for `TimeIteration`, that go with `hank`'s (named, or rows of full vectors).

    Its discount factor gives the steady-state rate of `hank` at the same idiosyncratic risk and borrowing limit; labour
    is in units of its steady state.
    """
    space = HANK.parameters
    given = parameters if isinstance(parameters, np.ndarray) else space.resolve(parameters)
    thetas = np.atleast_2d(given)
    column = lambda name: thetas[:, space.names.index(name)]
    rate = np.exp(np.asarray(_log_rates(column("sigma_s"), column("borrowing_limit"))))
    values = {name: column(name) for name in SHARED}
    values |= {"beta": values["target"] / rate, "chi": 1 - 1 / values["epsilon"], "output_target": np.ones(len(thetas))}
    return np.stack([values[name] for name in RANK.parameters.names], axis=1)


def twin_frontier(
    parameters: Values | np.ndarray | None = None, settings: TimeIteration | None = None
) -> Float[np.ndarray, " rows"]:
    """The s.d. of the preference shock up to which time iteration finds the twin's equilibrium, within 2e-5.

    Whatever s.d. `parameters` give is not looked at.
    """
    rows = representative_twin(parameters)
    place = RANK.parameters.names.index("sigma_zeta")
    settings = settings or BESIDE_THE_FRONTIER
    low, high = np.zeros(len(rows)), np.full(len(rows), LARGEST)
    for _ in range(HALVINGS):
        rows[:, place] = 0.5 * (low + high)
        found = settings.solve(rows).converged
        low, high = np.where(found, rows[:, place], low), np.where(found, high, rows[:, place])
    return low


_log_rates = jax.jit(jax.vmap(lambda sigma_s, borrowing_limit: steady_state(sigma_s, borrowing_limit).log_rate))
