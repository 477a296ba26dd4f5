"""The Krusell-Smith economy by Krusell and Smith's method, the whole distribution simulated (`rounds`)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Int

from ...machine.errors import NotSolvedError, SettingError, UnknownNameError
from ...machine.fixed_point import FixedPoint
from .economy import KrusellSmithEconomy
from .histogram import Histogram
from .household import Household, Z
from .law import PerceivedLaw
from .rounds import Rounds, Tolerances
from .simulation import draw_times
from .solution import KrusellSmithSolution

HISTOGRAM_TOP = 0.4
"""Share of the grid of assets over which households are: the baseline's have a mass of 1e-11 above 350."""

AT_TOP = 1e-7
"""The mass that may be at the histogram's top."""

COARSE = 4
"""How many times fewer nodes and quarters the first rounds have, from which those with all of them start."""

FIRST_TOLERANCE = 1e-5
"""Of those rounds: their path is another one, so their law is not the answer to more digits anyway."""

LEAST = 40 * COARSE

DENSE = 40.0
"""Nodes of own assets lie evenly below 1/40 of capital at rest, half a quarter's wage, and in logs far above."""


PLANNED = 50
"""Quarters: Anderson's method starts once policies have the right shape."""


@dataclass(frozen=True)
class KrusellSmithReference:
    """Settings: nodes of own assets, closer together near the limit, up to `top`; nodes of log capital over ±
    `capital_width`, both around capital at rest under complete markets; nodes of the histogram; quarters of the
    simulated path, and its seed; powers of log capital in the law, the constant among them; the change of log K' at
    which the law has converged, and of log consumption at which policies have, and how many iterations each may take.
    """

    assets: int = 400
    top: float = 25.0
    capital: int = 12
    capital_width: float = 0.3
    histogram: int = 1000
    periods: int = 10_000
    seed: int = 0
    powers: int = 3
    tolerance: float = 1e-7
    rounds: int = 60
    policy_tolerance: float = 1e-9
    policy_iterations: int = 3000

    def __post_init__(self) -> None:
        if min(self.assets, self.histogram, self.periods) < LEAST or self.capital < 4 or self.powers < 2:
            raise SettingError(
                f"{self}: give at least {LEAST} assets, nodes of the histogram and periods, 4 nodes of capital and 2 "
                "powers"
            )
        positive = self.capital_width, self.tolerance, self.policy_tolerance, self.policy_iterations, self.rounds
        if not (min(positive) > 0 and self.top > 1 / HISTOGRAM_TOP):
            raise SettingError(f"{self}: give a top of more than 2.5, and positive tolerances, width and iterations")

    def solve(self, values: Mapping[str, float] | None = None) -> KrusellSmithSolution:
        """The solution at named values of `KrusellSmithEconomy`, the rest at Den Haan, Judd and Juillard's.

        Raises `UnknownNameError`, `SettingError` for values that make no sense, and `NotSolvedError` where rounds do
        not settle or the economy leaves the grids.
        """
        known = [field.name for field in fields(KrusellSmithEconomy)]
        for name in values or {}:
            if name not in known:
                raise UnknownNameError("parameter", name, known, "the Krusell-Smith economy")
        economy = KrusellSmithEconomy(**{name: float(value) for name, value in (values or {}).items()})
        tolerances = Tolerances(self.tolerance, self.rounds, self.policy_tolerance, self.policy_iterations)
        law = self._guess(economy)
        first = self._first_rounds(economy, law)
        law, _ = first.settle(law, tolerances._replace(law=max(FIRST_TOLERANCE, self.tolerance)))
        rounds = self._finer_rounds(first)
        law, found = rounds.settle(law, tolerances)
        self._require_solved(rounds, found)
        return KrusellSmithSolution(
            rounds.household, rounds.policy, law, rounds.histogram, rounds.path.average, found.change, found.iterations
        )

    def _guess(self, economy: KrusellSmithEconomy) -> PerceivedLaw:
        """Capital comes back to where it rests under complete markets, as fast as it would there."""
        rest = float(np.log(economy.complete_capital))
        coefficients = np.zeros((2, self.powers))
        coefficients[:, :2] = rest, economy.complete_persistence
        return PerceivedLaw(coefficients, rest)

    def _first_rounds(self, economy: KrusellSmithEconomy, law: PerceivedLaw) -> Rounds:
        """On coarse grids; everybody holds the same, and plans for a few quarters under this law."""
        household, histogram, z = self._grids(economy, COARSE)
        wage = economy.wage(np.exp(household.log_capital)[:, None], Z)
        policy = 0.03 * (household.assets - economy.borrowing_limit) + 0.8 * wage + 0 * household.cash
        outlook = household.outlook(law)
        for _ in range(PLANNED):
            policy = household.step(policy, outlook)
        rate = economy.unemployment[z[0]]
        start = histogram.moved(np.array([[rate], [1 - rate]]), np.full((2, 1), economy.complete_capital))
        return Rounds(household, histogram, z, policy, start)

    def _finer_rounds(self, first: Rounds) -> Rounds:
        """From what the first ones have found."""
        household, histogram, z = self._grids(first.household.economy, 1)
        policy = first.household.at_other_assets(first.policy, household.assets)
        held = np.broadcast_to(first.histogram.nodes, first.distribution.shape)
        return Rounds(household, histogram, z, policy, histogram.moved(first.distribution, held))

    def _grids(
        self, economy: KrusellSmithEconomy, coarseness: int
    ) -> tuple[Household, Histogram, Int[np.ndarray, " periods"]]:
        """The grids with so many times fewer nodes, and a path of productivity with so many times fewer quarters."""
        rest, low = economy.complete_capital, economy.borrowing_limit
        own = np.expm1(np.linspace(0, np.log1p(DENSE * self.top), self.assets // coarseness)) / DENSE
        around = self.capital_width * np.linspace(-1, 1, self.capital)
        household = Household(economy, low + rest * own, np.log(rest) + around)
        histogram = Histogram(low, low + HISTOGRAM_TOP * self.top * rest, self.histogram // coarseness)
        rng = np.random.default_rng(self.seed)
        return household, histogram, draw_times(economy.times, self.periods // coarseness, rng)

    def _require_solved(self, rounds: Rounds, found: FixedPoint) -> None:
        if not found.change <= self.tolerance:
            raise NotSolvedError(
                f"KrusellSmithReference: after {found.iterations} rounds one still moves log K' by {found.change:.2g}; "
                "give more rounds or periods"
            )
        capital, (low, high) = rounds.path.capital, np.exp(rounds.household.log_capital[[0, -1]])
        if not (capital.min() > low and capital.max() < high):
            raise NotSolvedError(
                f"KrusellSmithReference: capital moves over [{capital.min():.4g}, {capital.max():.4g}], its grid is "
                f"[{low:.4g}, {high:.4g}]; give a larger capital_width"
            )
        richest = rounds.path.average[..., -1].sum(axis=1).max()
        if not richest <= AT_TOP:
            raise NotSolvedError(
                f"KrusellSmithReference: a mass of {richest:.2g} holds assets of {rounds.histogram.top:.4g}, where the "
                "histogram ends; give a larger top"
            )
