"""The table behind `households.SummaryMap`: value modes and distribution weights at steady states over the box."""

import jax
import jax.numpy as jnp
import numpy as np

from ..households import Grids, Prices
from ..households.chebyshev import fit, table_nodes
from ..households.summaries import Steady, distribution_weights, next_distribution, value_responses
from ..households.summary_map import VALUE_MODES, SummaryMap
from ..models.hank_parameters import PARAMETERS
from ..points import Point, unpack
from ..posterior.sample import Report, Step, silent
from ..precision import in_float64
from .steady_state import SteadyState
from .steady_table import RANGES

MIDDLE = 0.06, -0.5
"""(σ_s, B) at which the modes are chosen; elsewhere they are the same combinations of responses."""


@in_float64
def tabulate_summaries(
    settings: SteadyState = SteadyState(tolerance=1e-9), nodes: tuple[int, int] = (8, 5), report: Report = silent
) -> SummaryMap:
    """The map over the parameter ranges, from steady states at `nodes` Chebyshev nodes in each.

    The modes are the leading principal components of households' responses to prices at the middle of the box,
    under the distribution there. Raises `NotSolvedError` where a steady state is not found.
    """
    risks, limits = table_nodes(RANGES, *nodes)
    combine = _combination(*_economy(settings, *MIDDLE), settings.grids)
    rows = []
    for sigma_s in risks:
        for limit in limits:
            theta, steady = _economy(settings, float(sigma_s), float(limit))
            responses = np.asarray(value_responses(settings.grids, theta, steady))
            modes = np.einsum("rk,rab->kab", combine, responses)
            rows.append(np.concatenate([modes, distribution_weights(settings.grids, theta, steady)]))
            report(Step("summaries", len(rows), len(risks) * len(limits)))
    return SummaryMap(fit(np.reshape(rows, (*nodes, *rows[0].shape))), RANGES)


def _economy(settings: SteadyState, sigma_s: float, limit: float) -> tuple[Point, Steady]:
    found = settings.solve(sigma_s, limit)
    theta = PARAMETERS.resolve({"sigma_s": sigma_s, "borrowing_limit": limit})
    prices = Prices(*(jnp.asarray(price, jnp.float64) for price in found.prices))
    steady = Steady(prices, jnp.asarray(found.euler_consumption), jnp.asarray(found.distribution))
    return unpack(PARAMETERS.names, jnp.asarray(theta), "parameter"), steady


def _combination(theta: Point, steady: Steady, grids: Grids) -> np.ndarray:
    """Which combinations of responses (responses, modes) are the leading ones, each response counting alike."""
    weights = np.asarray(next_distribution(grids, theta, steady))
    responses = np.asarray(jax.jit(lambda s: value_responses(grids, theta, s))(steady))
    sizes = np.sqrt(np.einsum("rab,ab->r", responses**2, weights))
    scaled = (responses / sizes[:, None, None] * np.sqrt(weights)).reshape(len(responses), -1)
    left, values, _ = np.linalg.svd(scaled, full_matrices=False)
    return left[:, :VALUE_MODES] / sizes[:, None] / values[:VALUE_MODES]
