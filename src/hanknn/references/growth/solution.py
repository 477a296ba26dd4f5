"""The growth economy's solution by time iteration: policies anywhere, and paths."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from ...machine.errors import ShapeError
from .economy import Numbers
from .expected import Expected
from .log_linear import LogLinear

NEWTON_STEPS = 10


class GrowthPolicies(NamedTuple):
    """Levels. `multiplier`: of the floor, in units of utility; zero where investment is above it."""

    consumption: Numbers
    labor: Numbers
    investment: Numbers
    multiplier: Numbers


class GrowthPath(NamedTuple):
    """Simulated states and policies; `binds`: investment is at the floor."""

    capital: Float[np.ndarray, "periods paths"]
    z: Float[np.ndarray, "periods paths"]
    policies: GrowthPolicies
    binds: Bool[np.ndarray, "periods paths"]


@dataclass(frozen=True, eq=False)
class GrowthSolution:
    """`expected`: the marginal value of capital. `change`: the last step's largest change of its logarithm."""

    expected: Expected
    linear: LogLinear
    change: float
    iterations: int

    def policy(self, capital: Numbers | float, z: Numbers | float) -> GrowthPolicies:
        """Consumption, labour, investment and the multiplier at states of one shape, or of shapes that broadcast."""
        e = self.expected.economy
        given = np.broadcast_arrays(np.asarray(capital, float), np.asarray(z, float))
        k, z = np.log(given[0].ravel()), given[1].ravel()
        at = self.expected.along(k, z)
        free = self.expected.consumption(at, self.linear.consumption(e, k, z), NEWTON_STEPS)
        most = e.most_consumption(k, z)
        chosen = np.minimum(free, most)
        lost = np.exp(-e.gamma * chosen) - np.exp(self.expected.log_value(at, chosen))
        consumption, output = np.exp(chosen), e.output(k, z, chosen)
        found = consumption, e.labor(k, z, chosen), output - consumption, np.where(free > most, lost, 0.0)
        return GrowthPolicies(*(values.reshape(given[0].shape) for values in found))

    def simulate(self, shocks: np.ndarray, capital: float | None = None, z: float = 0.0) -> GrowthPath:
        """Paths from the steady state, or from `capital` and `z`, under standard normal `shocks` (periods, paths).

        The first period's shock has moved its z. `binds.mean()` is how often the floor binds. Raises `ShapeError` for
        shocks without two axes.
        """
        shocks = np.asarray(shocks, float)
        if shocks.ndim != 2 or not shocks.size:
            raise ShapeError(f"shocks have shape {shocks.shape}; give (periods, paths)")
        e = self.expected.economy
        held = np.full(shocks.shape[1], e.rest.capital if capital is None else capital)
        level, rows = np.full(shocks.shape[1], z), []
        for shock in shocks:
            level = e.rho * level + e.sigma * shock
            now = self.policy(held, level)
            rows.append((held, level, *now))
            held = (1 - e.delta) * held + now.investment
        k, levels, *policies = np.stack(rows, axis=1)
        return GrowthPath(k, levels, GrowthPolicies(*policies), policies[-1] > 0)
