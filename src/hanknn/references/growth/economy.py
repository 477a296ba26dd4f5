"""The growth economy's static equations and steady state, in NumPy."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

NEWTON_STEPS = 12
EXACT = 1e-9
"""A step of Newton's method, in logs, after which what is left is rounding."""

Numbers = Float[np.ndarray, "..."]
"""Arrays that broadcast."""


class AtRest(NamedTuple):
    """The steady state without uncertainty."""

    capital: float
    labor: float
    output: float
    consumption: float


@dataclass(frozen=True)
class GrowthEconomy:
    """Parameters of `rbc`, and the floor under investment as a share of its steady state (minus infinity: none).

    Consumption enters as its logarithm. Hours follow from it: χ n^η c^γ = (1 − α) y / n.
    """

    alpha: float
    beta: float
    delta: float
    eta: float
    rho: float
    sigma: float
    gamma: float
    chi: float
    floor: float = -np.inf

    @property
    def elasticity(self) -> float:
        """Of output in consumption, at given capital and productivity: who consumes more works less."""
        return -(1 - self.alpha) * self.gamma / (self.eta + self.alpha)

    @property
    def productivity_sd(self) -> float:
        """The ergodic s.d. of z."""
        return self.sigma / np.sqrt(1 - self.rho**2)

    @property
    def rest(self) -> AtRest:
        rent = 1 / self.beta - 1 + self.delta
        capital = (self.alpha / rent) ** (1 / (1 - self.alpha))  # an hour's
        output = capital**self.alpha
        consumption = output - self.delta * capital
        wage = (1 - self.alpha) * output
        labor = (wage / (self.chi * consumption**self.gamma)) ** (1 / (self.eta + self.gamma))
        return AtRest(capital * labor, labor, output * labor, consumption * labor)

    @property
    def least_investment(self) -> float:
        """The floor in units of goods."""
        return self.floor * self.delta * self.rest.capital

    def labor(self, log_capital: Numbers, z: Numbers, log_consumption: Numbers) -> Numbers:
        product = np.log((1 - self.alpha) / self.chi) + z + self.alpha * log_capital
        return np.exp((product - self.gamma * log_consumption) / (self.eta + self.alpha))

    def output(self, log_capital: Numbers, z: Numbers, log_consumption: Numbers) -> Numbers:
        labor = self.labor(log_capital, z, log_consumption)
        return np.exp(z + self.alpha * log_capital) * labor ** (1 - self.alpha)

    def most_consumption(self, log_capital: Numbers, z: Numbers) -> Numbers:
        """The logarithm of what is consumed where investment is at the floor; infinite without one.

        log(c + i) − log y is convex and rises in log c: Newton's method arrives from anywhere.
        """
        if self.floor == -np.inf:
            return np.full(np.broadcast_shapes(log_capital.shape, z.shape), np.inf)
        found = np.log(self.rest.consumption) + 0 * (log_capital + z)
        for _ in range(NEWTON_STEPS):
            spent = np.exp(found) + self.least_investment
            excess = np.log(spent / self.output(log_capital, z, found))
            step = excess / (np.exp(found) / spent - self.elasticity)
            found = found - step
            if np.max(np.abs(step)) <= EXACT:
                break
        return found
