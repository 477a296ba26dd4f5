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
from ...machine.batches import in_batches
from ...machine.errors import SettingError
from ...machine.precision import in_float64
from ...solution import Solution, Values, reads_solution
from ..data.observed import Observed
from .base import Filter, Track
from .collapse import warn_of_collapse
from .kalman import Kalman
from .run import Likelihood
from .space import Observation, binds
from .twisted import Twisted


@reads_solution
@in_float64
def filter_states(
    solution: Solution,
    data: Observed,
    parameters: Values | np.ndarray | None = None,
    filter: Filter = Twisted(particles=1000),
    seed: int = 0,
    extrapolate: bool = False,
) -> xr.Dataset:
    """Filtered and smoothed states, policies and shocks, and one-step predictions of the data.

    `parameters`: named values, or rows of full parameter vectors such as `Posterior.draws(50)`: means and s.d. are then
    over the draws, too. Dimension `period`. For each state and policy `NAME_filtered`, `NAME_smoothed` (means) and the
    same with `_sd`; particle filters tell the same of the model's observables and shocks, and with which probability a
    constraint `NAME_binds`. For each series `NAME_data`, `NAME_predicted`, `NAME_predicted_sd` (measurement error
    included, whether the value is there or missing); `log_likelihood` by period (its mean over draws). Particle filters
    smooth with data up to 10 quarters ahead. A demeaned series has the mean that was taken out in its attribute
    `demeaned_by`. Warns (`CollapseWarning`) of a period that hardly any particle can have produced; raises
    `SettingError` where none can.

    Example: `filter_states(solution, data, {"rho": 0.9}, Kalman())["zeta_smoothed"]`.
    """
    likelihood = Likelihood(solution, data, filter)
    thetas = several(solution, parameters, extrapolate)
    track = _over_draws(_track(likelihood, thetas, jax.random.key(seed)))
    warn_of_collapse(filter, np.asarray(track.effective), list(likelihood.observed.table.index))
    return _dataset(likelihood, track, data)


def several(solution: Solution, parameters: Values | np.ndarray | None, extrapolate: bool) -> np.ndarray:
    """Rows of full parameter vectors from named values or from rows; refused where the solution does not hold."""
    rows = parameters if isinstance(parameters, np.ndarray) else solution.model.parameters.resolve(parameters)
    thetas = np.atleast_2d(rows)
    solution.require_solved(thetas, extrapolate)
    return thetas


def dates(data: Observed) -> np.ndarray:
    """The data's periods as a coordinate: dates (first day of the quarter), or numbers."""
    index = data.table.index
    return np.asarray(index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index)


def _track(likelihood: Likelihood, thetas: np.ndarray, key: PRNGKeyArray) -> Track:
    """The tracks of all rows, stacked, without their last clouds."""
    run = likelihood.solution.program(_tracking, likelihood.filter, likelihood.seen.names)
    track = run(likelihood.data, jnp.asarray(thetas), jax.random.split(key, len(thetas)))
    increments = np.asarray(track.increments)
    if not np.isfinite(increments).all():
        when = likelihood.observed.table.index[int(np.argmax(~np.isfinite(increments).all(axis=0)))]
        raise SettingError(
            f"the data of period {when} are impossible at these parameters (likelihood zero to machine precision); "
            "use more particles or the Twisted filter, or look at that period's data and their units"
        )
    return track


def _tracking(economy: Economy, filter: Filter, names: tuple[str, ...]) -> Callable[..., Track]:
    seen = Observation(economy, names)

    def one(data, vector, key):
        return filter.track(seen, data, economy.parameters(vector), key)._replace(final=())

    return lambda data, *rows: in_batches(lambda *row: one(data, *row), rows, filter.together(seen))


def _over_draws(tracks: Track) -> Track:
    """Means, and s.d. within and between draws together."""
    found = tracks._asdict()
    for kind in ("filtered", "smoothed", "predicted"):
        mean, sd = np.asarray(found[f"{kind}_mean"]), np.asarray(found[f"{kind}_sd"])
        found[f"{kind}_sd"] = np.sqrt(np.mean(sd**2, axis=0) + np.var(mean, axis=0))
        found[f"{kind}_mean"] = np.mean(mean, axis=0)
    averages = {name: np.mean(np.asarray(found[name]), axis=0) for name in ("increments", "effective")}
    return Track(**found | averages)


def _dataset(likelihood: Likelihood, track: Track, data: Observed) -> xr.Dataset:
    seen = likelihood.seen
    equations = likelihood.filter.view(seen).economy.equations
    known, model = equations.observables, equations.model
    likely = {binds(name): f"probability of the {variable.text}" for name, variable in model.constraints.items()}
    values = {}
    for i, name in enumerate(likelihood.filter.tracked(seen)):
        if name in likely:
            for kind in ("filtered", "smoothed"):
                shares = np.asarray(getattr(track, f"{kind}_mean"))[:, i]
                values[f"{name}_{kind}"] = ("period", shares, {"long_name": likely[name], "unit": ""})
            continue
        labels = (model.shocks[name] if name in model.shocks else known[name]).attributes
        for kind in ("filtered", "smoothed"):
            values[f"{name}_{kind}"] = ("period", np.asarray(getattr(track, f"{kind}_mean"))[:, i], labels)
            values[f"{name}_{kind}_sd"] = ("period", np.asarray(getattr(track, f"{kind}_sd"))[:, i], labels)
    for i, name in enumerate(data.names):
        labels = known[name].attributes
        values[f"{name}_data"] = ("period", data.table[name].to_numpy(np.float64), labels | data.attributes(name))
        values[f"{name}_predicted"] = ("period", np.asarray(track.predicted_mean)[:, i], labels | data.attributes(name))
        spread = np.sqrt(np.asarray(track.predicted_sd)[:, i] ** 2 + data.noises[:, i, i])
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
