"""Moments of very long simulations: many independent paths at once, at one or many parameter values."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float

from .compiled import jit
from .devices import split_over_devices
from .errors import SettingError
from .precision import in_float64
from .simulation import path
from .solution import Solution, Values, reads_solution

PATHS, BURN = 200, 100


@reads_solution
@in_float64
def long_run(
    solution: Solution,
    parameters: Values | None = None,
    quarters: int = 1_000_000,
    seed: int = 0,
    extrapolate: bool = False,
) -> pd.DataFrame:
    """Mean and s.d. of every observable, and how often each constraint binds, over `quarters` quarters.

    They are taken in 200 independent paths from the centre, the first 100 quarters of each discarded. One row a
    variable, columns `mean`, `sd` and `unit`; with columns of `parameters`, an outer index level `draw`. A
    constraint's row holds the share of quarters in which it binds. The same seed gives the same shocks at every
    parameter value, so differences between values are known better than levels. Raises `SettingError` for fewer
    quarters than paths, and `OutOfRangeError` unless `extrapolate`.
    """
    if quarters < PATHS:
        raise SettingError(f"quarters is {quarters}; give at least {PATHS}, one for each path")
    model, equilibrium = solution.model, solution.equilibrium
    resolved = model.parameters.resolve(parameters)
    solution.require_solved(resolved, extrapolate)
    length = -(-quarters // PATHS)

    def one(theta: Float[Array, " parameters"], key: Array) -> tuple[Array, Array]:
        shocks = jax.random.normal(key, (BURN + length, len(equilibrium.shocks)))
        found = path(solution, equilibrium.units(theta)["state_center"], shocks, theta)
        binds = (found["constraints"] < 0).astype(shocks.dtype)
        shown = jnp.concatenate([found["observables"], binds], axis=1)[BURN:]
        return jnp.mean(shown, axis=0), jnp.var(shown, axis=0)

    run = split_over_devices(lambda rows: jax.vmap(one)(*rows), PATHS)
    keys = jax.random.split(jax.random.key(seed), PATHS)
    # Not in the paths: they are many at one economy, and XLA's two devices have waited for each other there for ever.
    prepare = jit(equilibrium.prepared)
    tables = []
    for theta in np.atleast_2d(resolved):
        rows = jnp.tile(prepare(theta), (PATHS, 1))
        means, variances = (np.asarray(a) for a in run((rows, keys)))
        tables.append(np.stack([means.mean(axis=0), np.sqrt(variances.mean(axis=0) + means.var(axis=0))], axis=1))
    names = [*model.observables, *model.constraints]
    units = [*(v.unit for v in model.observables.values()), *["share of quarters"] * len(model.constraints)]
    table = pd.concat(
        {draw: pd.DataFrame(values, names, ["mean", "sd"]).assign(unit=units) for draw, values in enumerate(tables)},
        names=["draw", "variable"],
    )
    return table if resolved.ndim == 2 else table.droplevel("draw")
