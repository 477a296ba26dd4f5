"""Rounds of Krusell and Smith's method: policies under a law, a path of the distribution, the law that fits it."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from ...machine.errors import NotSolvedError
from ...machine.fixed_point import FixedPoint, fixed_point
from .histogram import Histogram, jobs_changed
from .household import Household, Policy
from .law import PerceivedLaw, fitted, through
from .simulation import KrusellSmithPath, Walk

DAMPING = 0.3
"""Undamped rounds diverge: who believes in much capital, and so in a low return, saves little."""


class Tolerances(NamedTuple):
    """Of the change of log K' and how many rounds it may take; of the change of log consumption and its iterations."""

    law: float
    rounds: int
    policy: float
    iterations: int


class Rounds:
    """Rounds on one set of grids; the policy and the distribution of one are where the next one starts.

    The path of productivity is a circle: the distribution that a round ends with is the next one's first, so no quarter
    is left out.
    """

    def __init__(
        self,
        household: Household,
        histogram: Histogram,
        z: Int[np.ndarray, " periods"],
        policy: Policy,
        distribution: Float[np.ndarray, "2 bins"],
    ) -> None:
        self.household, self.histogram, self.z = household, histogram, z
        self.policy, self.distribution = policy, distribution
        self.path: KrusellSmithPath

    def settle(self, law: PerceivedLaw, tolerances: Tolerances) -> tuple[PerceivedLaw, FixedPoint]:
        """The law that comes out where it is believed in, from `law` on."""
        shape = law.coefficients.shape

        def round_from(values):
            believed = through(values.reshape(shape), law.center)
            self._choose(believed, tolerances)
            found = fitted(self._walk(), self.z, law.center, shape[1]).values.ravel()
            return values + DAMPING * (found - values)

        found = fixed_point(round_from, law.values.ravel(), DAMPING * tolerances.law, tolerances.rounds)
        found = found._replace(change=found.change / DAMPING)
        return through(found.values.reshape(shape), law.center), found

    def _choose(self, law: PerceivedLaw, tolerances: Tolerances) -> None:
        found = self.household.solved(self.policy, law, tolerances.policy, tolerances.iterations)
        if not found.change <= tolerances.policy:
            raise NotSolvedError(
                f"the household's problem: after {found.iterations} iterations one still changes log consumption by "
                f"{found.change:.2g}; give more policy_iterations, or check beta, gamma and the limit"
            )
        self.policy = np.exp(found.values).reshape(self.policy.shape)

    def _walk(self) -> Float[np.ndarray, " dates"]:
        path = Walk(self.household, self.policy, self.histogram)(self.z, self.distribution)
        if not path.capital.min() > 0:
            raise NotSolvedError(
                "capital is eaten up on the way to the law that comes out where it is believed in; check the parameters"
            )
        chances = self.household.economy.job_chances[self.z[-1], self.z[0]]
        self.path, self.distribution = path, jobs_changed(path.last, chances)
        return path.capital
