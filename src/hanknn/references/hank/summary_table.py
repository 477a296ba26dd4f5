"""The table behind `households.SummaryMap`: value modes and distribution weights at steady states over the box."""

import jax.numpy as jnp
import numpy as np

from ...economy.households import Grids, Prices
from ...economy.households.chebyshev import Ranges, fit, table_nodes
from ...economy.households.summaries import Steady, distribution_weights, next_distribution, value_responses
from ...economy.points import Point, unpack
from ...machine.compiled import jit
from ...machine.precision import in_float64
from ...machine.work import Report, Step, silent
from ...models.hank.parameters import PARAMETERS
from ...models.hank.summary_map import SummaryMap
from ...models.hank.tables import HouseholdTables
from .steady_state import SteadyState
from .steady_table import RANGES, tabulate

MIDDLE = 0.06, -0.5
"""(σ_s, B) at which the modes are chosen; elsewhere they are the same combinations of responses."""

NEAR = 1e-3
"""Half the range, relative and absolute, of the tables for one economy."""

MODES, AHEAD = 8, (4, 16)
"""Numbers that tell how households' value moves; quarters ahead whose expected consumption tells of a distribution."""


@in_float64
def tabulate_summaries(
    settings: SteadyState = SteadyState(tolerance=1e-9),
    nodes: tuple[int, int] = (8, 5),
    ranges: Ranges = RANGES,
    modes: int = MODES,
    ahead: tuple[int, ...] = AHEAD,
    report: Report = silent,
) -> SummaryMap:
    """The map over these ranges of (σ_s, B), from steady states at `nodes` Chebyshev nodes in each.

    The modes are the leading principal components of households' responses to prices at the middle of the model's
    own ranges, under the distribution there; at most sixteen. `ahead`: see `summaries.distribution_weights`.
    Raises `NotSolvedError` where a steady state is not found.
    """
    risks, limits = table_nodes(ranges, *nodes)
    combine = _combination(*_economy(settings, *MIDDLE), settings.grids, modes)
    rows = []
    for sigma_s in risks:
        for limit in limits:
            theta, steady = _economy(settings, float(sigma_s), float(limit))
            responses = np.asarray(value_responses(settings.grids, theta, steady))
            combined = np.einsum("rk,rab->kab", combine, responses)
            rows.append(np.concatenate([combined, distribution_weights(settings.grids, theta, steady, ahead)]))
            report(Step("summaries", len(rows), len(risks) * len(limits)))
    return SummaryMap(fit(np.reshape(rows, (*nodes, *rows[0].shape))), ranges, ahead)


def _economy(settings: SteadyState, sigma_s: float, limit: float) -> tuple[Point, Steady]:
    found = settings.solve(sigma_s, limit)
    theta = PARAMETERS.resolve({"sigma_s": sigma_s, "borrowing_limit": limit})
    prices = Prices(*(jnp.asarray(price, jnp.float64) for price in found.prices))
    steady = Steady(prices, jnp.asarray(found.euler_consumption), jnp.asarray(found.distribution))
    return unpack(PARAMETERS.names, jnp.asarray(theta), "parameter"), steady


def _combination(theta: Point, steady: Steady, grids: Grids, modes: int) -> np.ndarray:
    """Which combinations of responses (responses, modes) are the leading ones, each response counting alike."""
    weights = np.maximum(np.asarray(next_distribution(grids, theta, steady)), 0)
    responses = np.asarray(jit(lambda s: value_responses(grids, theta, s))(steady))
    sizes = np.sqrt(np.einsum("rab,ab->r", responses**2, weights))
    scaled = (responses / sizes[:, None, None] * np.sqrt(weights)).reshape(len(responses), -1)
    left, values, _ = np.linalg.svd(scaled, full_matrices=False)
    return left[:, :modes] / sizes[:, None] / values[:modes]


def tables_near(
    sigma_s: float,
    borrowing_limit: float,
    settings: SteadyState = SteadyState(tolerance=1e-9),
    modes: int = MODES,
    ahead: tuple[int, ...] = AHEAD,
) -> HouseholdTables:
    """Tables for one economy, on any grid: over so small a range around it that two nodes in each are enough."""
    ranges = (sigma_s * (1 - NEAR), sigma_s * (1 + NEAR)), (borrowing_limit - NEAR, borrowing_limit + NEAR)
    steady = tabulate(settings, (2, 2), ranges)
    return HouseholdTables(steady, tabulate_summaries(settings, (2, 2), ranges, modes, ahead))
