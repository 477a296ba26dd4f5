"""Paths of the whole distribution under given policies."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from .histogram import Histogram, jobs_changed
from .household import Household, Policy


class KrusellSmithPath(NamedTuple):
    """`capital`: at the start of each quarter, and what is kept after the last. `z`: 0 bad, 1 good.

    `average`: the mean distribution at the start of bad and of good quarters (not a number where there are none).
    `last`: the distribution after the last quarter's choices, before jobs change. `distributions`: at the start of the
    quarters that were asked for, in order.
    """

    capital: Float[np.ndarray, " dates"]
    z: Int[np.ndarray, " periods"]
    average: Float[np.ndarray, "2 2 bins"]
    last: Float[np.ndarray, "2 bins"]
    distributions: Float[np.ndarray, "asked 2 bins"]


class Walk:
    """One quarter after another: what is kept is tabled once at the histogram's nodes for each node of capital."""

    def __init__(self, household: Household, policy: Policy, histogram: Histogram) -> None:
        self.household, self.histogram = household, histogram
        cash = household.cash_at(np.exp(household.log_capital), histogram.nodes)
        self.table = household.kept(policy, cash)

    def kept(self, capital: float, z: int) -> Float[np.ndarray, "2 bins"]:
        """Next quarter's assets of who is at the histogram's nodes."""
        ends = self.household.log_capital[[0, -1]]
        weights = self.household.spline(np.clip(np.log(capital), *ends))
        found = np.einsum("j,eja->ea", weights, self.table[z])
        return np.maximum(found, self.histogram.limit)

    def __call__(
        self, z: Int[np.ndarray, " periods"], start: Float[np.ndarray, "2 bins"], asked: Collection[int] = ()
    ) -> KrusellSmithPath:
        """From the distribution `start`, which has the first quarter's unemployment."""
        chances, histogram, now = self.household.economy.job_chances, self.histogram, start
        capital, total, kept = np.empty(len(z) + 1), np.zeros((2, *start.shape)), []
        last, held = start, np.tile(histogram.nodes, (2, 1))
        for t, state in enumerate(z.tolist()):
            if t:
                now = jobs_changed(last, chances[z[t - 1], state])
            capital[t] = np.vdot(now, held)
            total[state] += now
            if t in asked:
                kept.append(now)
            last = histogram.moved(now, self.kept(float(capital[t]), state))
        capital[-1] = np.vdot(last, held)
        counts = np.bincount(z, minlength=2)[:, None, None]
        average = np.divide(total, counts, out=np.full_like(total, np.nan), where=counts > 0)
        return KrusellSmithPath(capital, z, average, last, np.array(kept).reshape(-1, *start.shape))


def draw_times(times: Float[np.ndarray, "2 2"], periods: int, rng: np.random.Generator) -> Int[np.ndarray, " periods"]:
    """A path of productivity from a state drawn at its long-run odds; `times`: probabilities [z, z']."""
    draws, z = rng.random(periods), np.empty(periods, np.int64)
    z[0] = draws[0] < times[0, 1] / (times[0, 1] + times[1, 0])
    for t in range(1, periods):
        z[t] = draws[t] < times[z[t - 1], 1]
    return z
