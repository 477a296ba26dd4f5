"""A solved perfect-foresight path, and responses as a labelled table with units."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import ArrayLike, Float

from .foreseen_equations import PROCESSES, Aggregates
from .household_path import Totals
from .steady_result import DeterministicSteadyState

PERCENT = "percent, deviation from the steady state"
ANNUAL = "percentage points, annualised, deviation from the steady state"


@dataclass(frozen=True, eq=False)
class ForeseenPath:
    """What `ForeseenEconomy.path` found; arrays have shape (quarters,) unless said otherwise.

    `aggregates`: logs and levels as named there. `totals`: means over households. `processes`: ζ, z and mp
    (3, quarters + 1). `residuals`: of the markets for labour, the budget and bonds (3, quarters), relative to
    output. `iterations`: Newton steps. `bound`: whether the rate was cut at one.
    """

    steady: DeterministicSteadyState
    aggregates: Aggregates
    totals: Totals
    processes: Float[np.ndarray, "3 quarters_and_one"]
    residuals: Float[np.ndarray, "3 quarters"]
    iterations: int
    bound: bool

    @property
    def binds(self) -> np.ndarray:
        """Whether the zero lower bound binds, by quarter."""
        return self.bound & (np.asarray(self.aggregates.notional_rate) < 0)

    @property
    def goods(self) -> np.ndarray:
        """∫C less output, which Walras's law makes zero, by quarter, detrended."""
        return np.asarray(self.totals.consumption) - self.steady.labor * np.exp(self.aggregates.labor)

    def to_dataset(self) -> xr.Dataset:
        """Dimension `horizon` (quarters from the shock): deviations from the steady state, in logs but
        for inflation and rates; `binds`, and the processes. Steady-state levels are among the attributes."""
        a = self.aggregates
        levels = {
            "output": 100 * a.labor,
            "consumption": 100 * np.log(self.totals.consumption / self.steady.labor),
            "real_wage": 100 * np.log(a.wage / self.steady.wage),
            "tax_level": 100 * a.tax_level,
            "inflation": 400 * float(self.steady.theta.target) * np.expm1(a.inflation),
            "interest_rate": 400 * (np.exp(a.rate) - self.steady.rate),
            "notional_rate": 400 * (np.exp(a.notional_rate) - self.steady.rate),
        }
        return labelled(self.steady, levels, self.processes).assign(binds=("horizon", self.binds))


def first_order(
    steady: DeterministicSteadyState,
    aggregates: Aggregates,
    totals: Totals,
    processes: Float[np.ndarray, "3 quarters_and_one"],
) -> xr.Dataset:
    """Derivatives of the aggregates and totals in the units of `ForeseenPath.to_dataset`."""
    changes = {
        "output": 100 * aggregates.labor,
        "consumption": 100 * totals.consumption / steady.labor,
        "real_wage": 100 * aggregates.wage / steady.wage,
        "tax_level": 100 * aggregates.tax_level,
        "inflation": 400 * float(steady.theta.target) * aggregates.inflation,
        "interest_rate": 400 * steady.rate * aggregates.rate,
        "notional_rate": 400 * steady.rate * aggregates.notional_rate,
    }
    return labelled(steady, changes, processes)


def by_household(
    steady: DeterministicSteadyState, moves: Float[np.ndarray, "3 quarters assets productivities"]
) -> xr.Dataset:
    """Output, inflation and the notional rate where inflation, labour and tax level move by `moves` (logs)."""
    inflation, labor, _ = moves
    levels = {
        "output": (100 * labor, PERCENT),
        "inflation": (400 * float(steady.theta.target) * inflation, ANNUAL),
        "notional_rate": (
            400 * steady.rate * (steady.theta.theta_pi * inflation + steady.theta.theta_y * labor),
            ANNUAL,
        ),
    }
    dims = ("horizon", "assets", "productivity")
    variables = {name: (dims, np.asarray(values), {"units": unit}) for name, (values, unit) in levels.items()}
    return xr.Dataset(variables, {"horizon": np.arange(labor.shape[0])}, {"model": "hank"})


def labelled(
    steady: DeterministicSteadyState,
    responses: Mapping[str, ArrayLike],
    processes: Float[np.ndarray, "3 quarters_and_one"],
) -> xr.Dataset:
    """Responses (quarters,) by name and the processes, with units."""
    annual = ("inflation", "interest_rate", "notional_rate")
    variables = {
        name: ("horizon", np.asarray(values), {"units": ANNUAL if name in annual else PERCENT})
        for name, values in responses.items()
    }
    shocks = {
        name: ("horizon", np.asarray(values)[:-1], {"units": "log"})
        for name, values in zip(PROCESSES, processes, strict=True)
    }
    attributes = {
        "model": "hank",
        "steady_inflation": 400 * (float(steady.theta.target) - 1),
        "steady_rate": 400 * (steady.rate - 1),
        "steady_units": "percent, annualised",
    }
    quarters = {"horizon": np.arange(processes.shape[1] - 1)}
    return xr.Dataset({**variables, **shocks}, quarters, attributes)
