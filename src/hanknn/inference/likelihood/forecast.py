"""Forecasts: from the filtered end of the sample, over parameters, shocks and measurement error."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Array

from ...economy import Economy
from ...machine.arguments import require_counts
from ...machine.batches import in_batches
from ...machine.errors import SettingError
from ...machine.precision import in_float64
from ...solution import Solution, Values, reads_solution
from ..data.observed import Observed
from .base import Filter
from .run import Likelihood
from .space import Observation
from .tracked import dates, several
from .twisted import Twisted

PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95)


@reads_solution
@in_float64
def forecast(
    solution: Solution,
    data: Observed,
    parameters: Values | np.ndarray | None = None,
    horizon: int = 12,
    filter: Filter = Twisted(particles=200),
    paths: int = 1000,
    seed: int = 0,
    extrapolate: bool = False,
) -> xr.Dataset:
    """Quantiles of the data's series over the next `horizon` quarters.

    `parameters`: named values, or rows of full parameter vectors such as `Posterior.draws(200)`; `paths` are spread
    over them. Measurement errors are those of the last quarter. Dimensions `period` and `probability`. The forecast of
    a demeaned series is without its mean, which is in the attribute `demeaned_by`: added, it gives levels. Raises
    `SettingError` where a draw cannot have produced the data.
    """
    require_counts(horizon=(horizon, 1), paths=(paths, 1))
    likelihood = Likelihood(solution, data, filter)
    thetas = several(solution, parameters, extrapolate)
    each = -(-paths // len(thetas))
    keys = jax.random.split(jax.random.key(seed), len(thetas))
    noise = jnp.asarray(np.linalg.cholesky(data.noises[-1]))
    run = solution.program(_futures, filter, data.names, horizon, each)
    values = np.asarray(run(likelihood.data, noise, jnp.asarray(thetas), keys)).reshape(-1, horizon, len(data.names))
    if not np.isfinite(values).all():
        raise SettingError("a forecast is not finite at some draw; look at the data, or use more particles")
    quantiles = np.quantile(values, PROBABILITIES, axis=0)
    known = solution.equations.observables
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


def _futures(
    economy: Economy, filter: Filter, names: tuple[str, ...], horizon: int, count: int
) -> Callable[..., Array]:
    """Simulated observables (draws, count, horizon, series) from the end of the sample at each parameter vector."""
    seen, shocks = Observation(economy, names), len(economy.equations.shocks)

    def at(data, noise, vector, key):
        theta = economy.parameters(vector)
        first, second = jax.random.split(key)
        final = filter.track(seen, data, theta, first).final

        def one(key):
            pick, *rest = jax.random.split(key, 3)
            chosen = jax.random.categorical(pick, final.log_weights)
            start = jax.tree.map(lambda x: x[chosen], final.position)
            errors = jax.random.normal(rest[1], (horizon, len(names)), theta.dtype) @ noise.T
            hits = jax.random.normal(rest[0], (horizon, shocks), theta.dtype)
            return jax.lax.scan(lambda last, shock: seen.ahead(last, theta)(shock), start, hits)[1] + errors

        return jax.vmap(one)(jax.random.split(second, count))

    return lambda data, noise, *rows: in_batches(
        lambda vector, key: at(data, noise, vector, key), rows, min(filter.together(seen), 16)
    )


def _after(data: Observed, horizon: int) -> np.ndarray:
    index = data.table.index
    if isinstance(index, pd.PeriodIndex):
        return np.asarray(pd.period_range(index[-1] + 1, periods=horizon, freq="Q").to_timestamp())
    return np.arange(horizon) + dates(data)[-1] + 1
