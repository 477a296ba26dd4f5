"""The Krusell-Smith economy's solution: choices anywhere, paths of the distribution, and how exact it is."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from ...machine.errors import OutOfRangeError, SettingError, ShapeError
from .economy import KrusellSmithEconomy, Numbers, States
from .histogram import Histogram
from .household import Household, Policy
from .law import PerceivedLaw
from .simulation import KrusellSmithPath, Walk, draw_times

MASS = 1e-8
"""How far the masses of a distribution may be from one and from the rate of unemployment."""


@dataclass(frozen=True, eq=False)
class KrusellSmithSolution:
    """`law`: what households believe. `start`: mean distributions (z, e, assets) of bad and of good quarters.

    `policy`: consumption at which the Euler equation holds (`household.Policy`). `change`: how far the last round moved
    log K' (see `KrusellSmithReference.tolerance`). `iterations`: rounds of simulation.
    """

    household: Household
    policy: Policy
    law: PerceivedLaw
    histogram: Histogram
    start: Float[np.ndarray, "2 2 bins"]
    change: float
    iterations: int

    @property
    def economy(self) -> KrusellSmithEconomy:
        return self.household.economy

    def consumption(self, assets: Numbers, employment: States, capital: Numbers, z: States) -> Numbers:
        """What households consume, at the states of `assets_ahead`."""
        cash = self.economy.cash(assets, employment, capital, z)
        return cash - self.assets_ahead(assets, employment, capital, z)

    def assets_ahead(self, assets: Numbers, employment: States, capital: Numbers, z: States) -> Numbers:
        """What households keep, at numbers or arrays that broadcast; employment and z: 1 employed, good, 0 otherwise.

        Raises `OutOfRangeError` where `capital` is not on its grid or `assets` are below the limit.
        """
        e, (low, high) = self.economy, np.exp(self.household.log_capital[[0, -1]])
        given = np.broadcast_arrays(*(np.asarray(a) for a in (assets, employment, capital, z)))
        a, job, k, state = (array.ravel() for array in given)
        if not (k.min() >= low and k.max() <= high and a.min() >= e.borrowing_limit):
            raise OutOfRangeError(
                f"a choice was asked at capital in [{k.min():g}, {k.max():g}] and assets from {a.min():g}; it is "
                f"solved for capital in [{low:g}, {high:g}] (capital_width) and assets from {e.borrowing_limit:g}"
            )
        found = np.empty(a.shape)
        for group in np.ndindex(2, 2):
            at = np.flatnonzero((state == group[0]) & (job == group[1]))
            found[at] = self._within(group, a[at], k[at])
        return np.maximum(found, e.borrowing_limit).reshape(given[0].shape)[()]

    def _within(
        self, group: tuple[int, ...], assets: Float[np.ndarray, " places"], capital: Float[np.ndarray, " places"]
    ) -> Float[np.ndarray, " places"]:
        """Assets kept in one state (z, e): at each node of capital, then by the spline."""
        e, (z, job) = self.economy, group
        curves, nodes = self.household.curves(self.policy), np.exp(self.household.log_capital)
        rows = slice((2 * z + job) * len(nodes), (2 * z + job + 1) * len(nodes))
        cash = np.asarray(e.cash(assets, job, nodes[:, None], z))
        asked = type(curves)(*(table[rows] for table in curves))(cash)
        table = np.maximum(cash - asked, e.borrowing_limit)
        return np.einsum("pj,jp->p", self.household.spline(np.log(capital)), table)

    def times(self, periods: int, seed: int) -> Int[np.ndarray, " periods"]:
        """A random path of productivity: 0 bad, 1 good."""
        return draw_times(self.economy.times, periods, np.random.default_rng(seed))

    def simulate(
        self,
        z: ArrayLike,
        distribution: ArrayLike | None = None,
        quarters: Collection[int] = (),
    ) -> KrusellSmithPath:
        """The path under productivity `z`, 0 bad and 1 good, from `distribution`, or the mean one of such quarters.

        A distribution is masses (e, assets) at `histogram.nodes`; the path has those at the start of the `quarters`
        asked for, counted from 0. Raises `ShapeError` where shapes do not fit, `SettingError` where `z` has other
        values or masses do not add up to unemployment in the first quarter, and `OutOfRangeError` where capital leaves
        its grid.
        """
        given = np.asarray(z)
        if given.ndim != 1 or not given.size or not np.isin(given, (0, 1)).all():
            raise SettingError(
                f"z has shape {given.shape}; give a path (periods,) of 0 in bad times and 1 in good ones"
            )
        times = given.astype(np.int64)
        begin = self.start[times[0]] if distribution is None else np.asarray(distribution, float)
        self._require_fit(begin, int(times[0]))
        path = Walk(self.household, self.policy, self.histogram)(times, begin, frozenset(quarters))
        low, high = np.exp(self.household.log_capital[[0, -1]])
        if not (path.capital.min() >= low and path.capital.max() <= high):
            raise OutOfRangeError(
                f"capital moves over [{path.capital.min():g}, {path.capital.max():g}]; it is solved for over "
                f"[{low:g}, {high:g}]: give a larger capital_width"
            )
        return path

    def _require_fit(self, mass: np.ndarray, z: int) -> None:
        if mass.shape != (2, self.histogram.count):
            raise ShapeError(
                f"distribution has shape {mass.shape}; give (2, {self.histogram.count}): employment, assets"
            )
        rate = self.economy.unemployment[z]
        if not np.abs(mass.sum(axis=1) - [rate, 1 - rate]).max() <= MASS:
            raise SettingError(
                f"distribution's masses of unemployed and employed are {mass.sum(axis=1)}; z[0] = {z} needs {rate:g} "
                f"and {1 - rate:g}"
            )
