"""The table behind `households.SteadyMap`: a steady state at every node, solved one from another."""

import numpy as np

from ...economy.households.chebyshev import Ranges, table_nodes
from ...machine.work import Report, Step, silent
from ...models.hank.parameters import PARAMETERS
from ...models.hank.steady_map import SteadyMap, pack_values
from .steady_state import SteadyState

RANGES = PARAMETERS["sigma_s"].bounds, PARAMETERS["borrowing_limit"].bounds


def tabulate(
    settings: SteadyState = SteadyState(tolerance=1e-9),
    nodes: tuple[int, int] = (12, 8),
    ranges: Ranges = RANGES,
    report: Report = silent,
) -> SteadyMap:
    """The map over these ranges of (σ_s, B), from steady states at `nodes` Chebyshev nodes in each.

    Raises `NotSolvedError` where one of them is not found. The tolerance is what rounding allows at the smallest
    σ_s, where wealth moves slowest.
    """
    risks, limits = table_nodes(ranges, *nodes)
    rows, near = [], None
    for i, sigma_s in enumerate(risks):
        # Back and forth over the limits, so that each steady state has a neighbour solved just before it.
        order = range(len(limits)) if i % 2 == 0 else range(len(limits))[::-1]
        row = {}
        for j in order:
            near = settings.solve(float(sigma_s), float(limits[j]), near=near)
            row[j] = pack_values(near.rate, near.labor, near.tax_level, near.euler_consumption, near.distribution)
            report(Step("steady states", i * len(limits) + len(row), len(risks) * len(limits)))
        rows.append([row[j] for j in range(len(limits))])
    fixed = {name: PARAMETERS[name].value for name in ("beta", "eta", "sigma", "growth", "chi", "gamma", "debt")}
    fixed |= {name: PARAMETERS[name].value for name in ("target", "epsilon")}
    return SteadyMap.fit(settings.grids, ranges, fixed, np.array(rows))
