"""Data simulated from a solution, with the truth kept."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
import pandas as pd
import xarray as xr

from ...machine.arguments import require, require_counts, require_once
from ...machine.errors import DataError, SettingError
from ...machine.precision import in_float64
from ...solution import Solution, Values, reads_solution
from ...solution.simulation import simulate
from .measurement import Setting, VarianceShare, covariance
from .observed import Observed, observable, require_values


class SimulatedData(NamedTuple):
    """Observed series, the truth behind them (states, policies and shocks), and the true parameters."""

    observed: Observed
    truth: xr.Dataset
    parameters: dict[str, float]


@reads_solution
@in_float64
def simulate_data(
    solution: Solution,
    observables: Sequence[str],
    periods: int = 100,
    parameters: Values | None = None,
    measurement_error: Setting = VarianceShare(),
    seed: int = 0,
) -> SimulatedData:
    """Series of `observables` with measurement error, at one parameter value; the same seed gives the same data.

    A share of the variance is of each series' own sample variance, as in KMR. Raises `UnknownNameError` for an
    observable that the model does not have, and `DataError` for one that is named twice.

    Example: `simulate_data(solution, ["output_growth", "inflation_rate"], 100, {"rho": 0.9}).observed`.
    """
    require(observables, list | tuple, "observables as a list of names, such as ['output_growth', 'inflation_rate']")
    names = tuple(observables)
    if not names:
        raise SettingError("name at least one observable")
    require_counts(periods=(periods, 1))
    for name in names:
        observable(solution.model, name)
    require_once(names, "observable", DataError)
    theta = solution.one_value(parameters)
    # The first quarter has no quarter before it, which growth needs.
    truth = simulate(solution, periods + 1, parameters, seed).isel(period=slice(1, None))
    truth = truth.assign_coords(period=np.arange(1, periods + 1))
    clean = np.stack([truth[name].to_numpy() for name in names], axis=1)
    table = pd.DataFrame(clean, columns=list(names), index=pd.RangeIndex(1, periods + 1, name="period"))
    require_values(table)
    noise = covariance(table, measurement_error)
    normal = np.asarray(jax.random.normal(jax.random.fold_in(jax.random.key(seed), 1), clean.shape))
    named = dict(zip(solution.model.parameters, (float(t) for t in theta), strict=True))
    errors = normal * np.sqrt(np.diagonal(noise, axis1=-2, axis2=-1))
    observed = Observed(table + errors, noise, f"simulated from {solution.model.name}")
    return SimulatedData(observed, truth, named)
