"""Forecasts: from the filtered end of the sample, over parameters, shocks and measurement error."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr

from ..batches import in_batches
from ..compiled import jit
from ..data.observed import Observed
from ..errors import SettingError
from ..precision import in_float64
from ..solution import Solution, Values
from .base import Filter
from .guided import Guided
from .run import Likelihood
from .tracked import dates

PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95)


@in_float64
def forecast(
    solution: Solution,
    data: Observed,
    parameters: Values | np.ndarray | None = None,
    horizon: int = 12,
    filter: Filter = Guided(particles=200),
    paths: int = 1000,
    seed: int = 0,
    extrapolate: bool = False,
) -> xr.Dataset:
    """Quantiles of the data's series over the next `horizon` quarters.

    `parameters`: named values, or rows of full parameter vectors such as `Posterior.draws(200)`; `paths`
    are spread over them. Dimensions `period` and `probability`. The forecast of a demeaned series is without its mean,
    which is in the attribute `demeaned_by`: added, it gives levels. Raises `SettingError` where a draw cannot have
    produced the data.
    """
    if horizon < 1 or paths < 1:
        raise SettingError(f"horizon is {horizon} and paths {paths}; both must be at least 1")
    likelihood = Likelihood(solution, data, filter)
    rows = parameters if isinstance(parameters, np.ndarray) else solution.model.parameters.resolve(parameters)
    thetas = np.atleast_2d(rows)
    solution.require_solved(thetas, extrapolate)
    each = -(-paths // len(thetas))
    keys = jax.random.split(jax.random.key(seed), len(thetas))
    noise = jnp.asarray(np.linalg.cholesky(data.noise))
    run = jit(lambda *rows: in_batches(lambda t, k: _paths(likelihood, noise, horizon, each, t, k), rows, 16))
    values = np.asarray(run(jnp.asarray(thetas), keys)).reshape(-1, horizon, len(data.names))
    if not np.isfinite(values).all():
        raise SettingError("a forecast is not finite at some draw; look at the data, or use more particles")
    quantiles = np.quantile(values, PROBABILITIES, axis=0)
    known = likelihood.space.equilibrium.observables
    return xr.Dataset(
        {
            name: (
                ("probability", "period"),
                quantiles[:, :, i],
                known[name].attributes | data.attributes(name),
            )
            for i, name in enumerate(data.names)
        },
        coords={"probability": list(PROBABILITIES), "period": _after(data, horizon)},
        attrs={"model": solution.model.name, "draws": len(thetas), "paths": len(values)},
    )


def _paths(likelihood: Likelihood, noise, horizon: int, count: int, theta, key):
    """Simulated observables (count, horizon, series) from the end of the sample at one parameter vector."""
    first, second = jax.random.split(key)
    final = likelihood.filter.track(likelihood.space, likelihood.data, theta, first).final
    equilibrium, names = likelihood.space.equilibrium, likelihood.space.names

    def one(key):
        pick, *rest = jax.random.split(key, 3)
        chosen = jax.random.categorical(pick, final.log_weights)
        start = jax.tree.map(lambda x: x[chosen], final.position)
        shocks = jax.random.normal(rest[0], (horizon, len(equilibrium.shocks)), theta.dtype)
        errors = jax.random.normal(rest[1], (horizon, len(names)), theta.dtype) @ noise.T

        def step(last, shock):
            now = likelihood.space.step(last, shock, theta)
            return now, likelihood.space.observe(last, now, theta)

        return jax.lax.scan(step, start, shocks)[1] + errors

    return jax.vmap(one)(jax.random.split(second, count))


def _after(data: Observed, horizon: int) -> np.ndarray:
    index = data.table.index
    if isinstance(index, pd.PeriodIndex):
        return np.asarray(pd.period_range(index[-1] + 1, periods=horizon, freq="Q").to_timestamp())
    return np.arange(horizon) + dates(data)[-1] + 1
