"""Data simulated from a solution, with the truth kept."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr

from ..compiled import jit
from ..errors import SettingError
from ..precision import in_float64
from ..simulation import simulate
from ..solution import Solution, Values
from .measurement import Setting, VarianceShare, covariance
from .observed import Observed


class SimulatedData(NamedTuple):
    """Observed series, the truth behind them (states, policies and shocks), and the true parameters."""

    observed: Observed
    truth: xr.Dataset
    parameters: dict[str, float]


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

    A share of the variance is of each series' own sample variance, as in KMR.
    """
    names = tuple(observables)
    if not names:
        raise SettingError("name at least one observable")
    theta = solution.one_value(parameters)
    equilibrium = solution.equilibrium
    whole = simulate(solution, periods + 1, parameters, seed)
    states, policies = (
        np.stack([whole[name].to_numpy() for name in kind], axis=1)
        for kind in (equilibrium.states, equilibrium.policies)
    )
    clean_table = pd.DataFrame(np.zeros((1, len(names))), columns=list(names))
    Observed(clean_table, np.eye(len(names))).require_observables(solution.model)
    observe = lambda s0, p0, s1, p1: equilibrium.observe(s0, p0, s1, p1, jnp.asarray(theta), names)
    clean = np.asarray(jit(jax.vmap(observe))(states[:-1], policies[:-1], states[1:], policies[1:]))
    table = pd.DataFrame(clean, columns=list(names), index=pd.RangeIndex(1, periods + 1, name="period"))
    noise = covariance(table, measurement_error)
    normal = np.asarray(jax.random.normal(jax.random.fold_in(jax.random.key(seed), 1), clean.shape))
    truth = whole.isel(period=slice(1, None)).assign_coords(period=np.arange(1, periods + 1))
    named = dict(zip(solution.model.parameters, (float(t) for t in theta), strict=True))
    observed = Observed(table + normal * np.sqrt(np.diag(noise)), noise, f"simulated from {solution.model.name}")
    return SimulatedData(observed, truth, named)
