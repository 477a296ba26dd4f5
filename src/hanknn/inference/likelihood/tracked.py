"""What filters track, as labelled tables: filtered and smoothed states, one-step predictions."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import PRNGKeyArray

from ...economy import Economy
from ...machine.errors import SettingError
from ...machine.precision import in_float64
from ...solution import Solution, Values, reads_solution
from ..data.observed import Observed
from .base import Filter, Track
from .collapse import warn_of_collapse
from .guided import Guided
from .kalman import Kalman
from .run import Likelihood
from .space import Observation


@reads_solution
@in_float64
def filter_states(
    solution: Solution,
    data: Observed,
    parameters: Values | None = None,
    filter: Filter = Guided(particles=2000),
    seed: int = 0,
    extrapolate: bool = False,
) -> xr.Dataset:
    """Filtered and smoothed states and policies, and one-step predictions of the data, at one parameter value.

    Dimension `period`. For each state and policy `NAME_filtered`, `NAME_smoothed` (means) and the same
    with `_sd`; for each series `NAME_data`, `NAME_predicted`, `NAME_predicted_sd` (measurement error
    included, whether the value is there or missing); `log_likelihood` by period. Particle filters smooth with data up
    to 10 quarters ahead. A demeaned series has the mean that was taken out in its attribute `demeaned_by`. Warns
    (`CollapseWarning`) of a period that hardly any particle can have produced; raises `SettingError` where none can.

    Example: `filter_states(solution, data, {"rho": 0.9}, Kalman())["zeta_smoothed"]`.
    """
    likelihood = Likelihood(solution, data, filter)
    theta = solution.one_value(parameters, extrapolate)
    track = _track(likelihood, theta, jax.random.key(seed))
    warn_of_collapse(filter, np.asarray(track.effective), list(likelihood.observed.table.index))
    return _dataset(likelihood, track, data)


def dates(data: Observed) -> np.ndarray:
    """The data's periods as a coordinate: dates (first day of the quarter), or numbers."""
    index = data.table.index
    return np.asarray(index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index)


def _track(likelihood: Likelihood, theta: np.ndarray, key: PRNGKeyArray) -> Track:
    run = likelihood.solution.program(_tracking, likelihood.filter, likelihood.seen.names)
    track = run(likelihood.data, jnp.asarray(theta), key)
    increments = np.asarray(track.increments)
    if not np.isfinite(increments).all():
        when = likelihood.observed.table.index[int(np.argmax(~np.isfinite(increments)))]
        raise SettingError(
            f"the data of period {when} are impossible at these parameters (likelihood zero to machine precision); "
            "use more particles or the Guided filter, or look at that period's data and their units"
        )
    return track


def _tracking(economy: Economy, filter: Filter, names: tuple[str, ...]) -> Callable[..., Track]:
    seen = Observation(economy, names)
    return lambda data, vector, key: filter.track(seen, data, economy.parameters(vector), key)


def _dataset(likelihood: Likelihood, track: Track, data: Observed) -> xr.Dataset:
    known = likelihood.seen.economy.equations.observables
    values = {}
    for i, name in enumerate(likelihood.seen.variables):
        labels = known[name].attributes
        for kind in ("filtered", "smoothed"):
            values[f"{name}_{kind}"] = ("period", np.asarray(getattr(track, f"{kind}_mean"))[:, i], labels)
            values[f"{name}_{kind}_sd"] = ("period", np.asarray(getattr(track, f"{kind}_sd"))[:, i], labels)
    for i, name in enumerate(data.names):
        labels = known[name].attributes
        values[f"{name}_data"] = ("period", data.table[name].to_numpy(np.float64), labels | data.attributes(name))
        values[f"{name}_predicted"] = ("period", np.asarray(track.predicted_mean)[:, i], labels | data.attributes(name))
        spread = np.sqrt(np.asarray(track.predicted_sd)[:, i] ** 2 + data.noise[i, i])
        values[f"{name}_predicted_sd"] = ("period", spread, labels)
    values["log_likelihood"] = ("period", np.asarray(track.increments), {"long_name": "log-likelihood of the period"})
    effective = np.asarray(track.effective)
    if np.isfinite(effective).any():
        values["effective_particles"] = ("period", effective, {"long_name": "effective particles"})
    attributes = {
        "model": likelihood.solution.model.name,
        "filter": repr(likelihood.filter),
        "log_likelihood": float(np.asarray(track.increments).sum()),
    }
    return xr.Dataset(values, coords={"period": dates(data)}, attrs=attributes)


@reads_solution
@in_float64
def shock_decomposition(
    solution: Solution, data: Observed, parameters: Values | None = None, extrapolate: bool = False
) -> xr.Dataset:
    """What each shock contributed to each series, for models in which contributions add up: linear ones.

    Dimensions `period` and `source`: the shocks, `initial` (the start of the sample), `constant`, and
    `measurement` (error, and what the model leaves unexplained); they sum to the data, whose mean, where one was taken
    out, is in the attribute `demeaned_by`. Raises `ModelError` for a nonlinear model, where shocks interact and no such
    sum exists.
    """
    likelihood = Likelihood(solution, data, Kalman())
    theta = jnp.asarray(solution.one_value(parameters, extrapolate))
    linear, first, shocks = solution.program(_smoothing, data.names)(likelihood.data, theta)
    periods = shocks.shape[0]
    calm = np.zeros_like(shocks)
    mean = np.asarray(linear.start)
    paths = {"initial": _path(linear, np.asarray(first) - mean, calm)}
    for i, name in enumerate(solution.model.shocks):
        alone = calm.copy()
        alone[:, i] = shocks[:, i]
        paths[name] = _path(linear, np.zeros_like(mean), alone)
    constant = np.asarray(linear.level) + np.asarray(linear.show) @ mean
    paths["constant"] = np.tile(constant, (periods, 1))
    values = data.table.to_numpy(np.float64)
    paths["measurement"] = values - sum(paths.values())
    stacked = np.stack(list(paths.values()), axis=1)
    known = likelihood.seen.economy.equations.observables
    return xr.Dataset(
        {
            name: (("period", "source"), stacked[:, :, i], known[name].attributes | data.attributes(name))
            for i, name in enumerate(data.names)
        },
        coords={"period": dates(data), "source": list(paths)},
        attrs={"model": solution.model.name},
    )


def _smoothing(economy: Economy, names: tuple[str, ...]) -> Callable[..., Any]:
    seen = Observation(economy, names)
    return lambda data, vector: Kalman().smoothed_shocks(seen, data, economy.parameters(vector))


def _path(linear, start: np.ndarray, shocks: np.ndarray) -> np.ndarray:
    """Observables (periods, series) of deviations; `shocks[t]` arrives in period t, the first one is in `start`."""
    z, rows = start, []
    for t, shock in enumerate(np.asarray(shocks)):
        if t:
            z = np.asarray(linear.move) @ z + np.asarray(linear.hit) @ shock
        rows.append(np.asarray(linear.show) @ z)
    return np.array(rows)
