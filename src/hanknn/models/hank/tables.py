"""What is known of households before an economy is solved."""

import functools
from dataclasses import dataclass

from ...economy.households.grids import Grids
from .steady_map import SteadyMap, shipped_map
from .summary_map import SummaryMap, summary_map


@dataclass(frozen=True, eq=False)
class HouseholdTables:
    """Steady states over (σ_s, B), and what summarises households around them, on one grid."""

    steady: SteadyMap
    summaries: SummaryMap

    @property
    def grids(self) -> Grids:
        return self.steady.grids


@functools.cache
def shipped_tables() -> HouseholdTables:
    """The tables that ship with the library."""
    return HouseholdTables(shipped_map(), summary_map())
