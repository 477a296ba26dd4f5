"""Moments of simulated paths, and of very long ones: many independent paths at once."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Array

from ...economy.points import Point
from ...machine.arguments import require_counts, require_seed
from ...machine.devices import split_over_devices
from ...machine.errors import SettingError
from ...machine.precision import in_float64
from .. import Solution, Values, reads_solution
from .paths import shown_path

PATHS, BURN = 200, 100


def moments(simulation: xr.Dataset) -> pd.DataFrame:
    """Mean, s.d., first autocorrelation, minimum and maximum of each variable, with its unit."""
    _require_simulation(simulation)
    tables = []
    for name, data in simulation.data_vars.items():
        values = np.atleast_2d(data.to_numpy())
        centred = values - values.mean(axis=1, keepdims=True)
        table = pd.DataFrame(
            {
                "variable": name,
                "unit": data.attrs["unit"],
                "mean": values.mean(axis=1),
                "sd": values.std(axis=1),
                "autocorrelation": (centred[:, 1:] * centred[:, :-1]).mean(axis=1) / (centred**2).mean(axis=1),
                "min": values.min(axis=1),
                "max": values.max(axis=1),
            }
        )
        tables.append(table.rename_axis("draw").reset_index())
    stacked = pd.concat(tables)
    index = ["draw", "variable"] if "draw" in simulation.dims else ["variable"]
    return stacked.set_index(index) if len(index) == 2 else stacked.drop(columns="draw").set_index("variable")


def _require_simulation(given: object) -> None:
    if not isinstance(given, xr.Dataset):
        raise SettingError(f"give what simulate returns, not {type(given).__name__}")


def constraint_spells(simulation: xr.Dataset) -> pd.DataFrame:
    """How often and for how long each constraint binds in simulated paths.

    `frequency`: share of quarters; `spells`: their number; mean, median, 90 % and longest length in quarters.
    Spells cut off by an end of the path count as they are. One row a constraint, and a draw where there are several.
    """
    _require_simulation(simulation)
    if not simulation.attrs.get("constraints"):
        raise SettingError(f"model '{simulation.attrs.get('model')}' has no constraint that could bind")
    rows = {}
    for name in simulation.attrs["constraints"]:
        binds = np.atleast_2d(simulation[name].to_numpy()) < 0
        for draw, column in enumerate(binds):
            edges = np.diff(np.concatenate([[0], column.astype(int), [0]]))
            lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
            known = lengths if len(lengths) else np.zeros(1)
            rows[draw, name] = {
                "frequency": column.mean(),
                "spells": len(lengths),
                "mean_length": known.mean(),
                "median_length": np.median(known),
                "p90_length": np.quantile(known, 0.9),
                "longest": known.max(),
            }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis(["draw", "constraint"])
    return table if "draw" in simulation.dims else table.droplevel("draw")


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
    require_counts(quarters=(quarters, PATHS))  # one for each path
    seed = require_seed(seed)
    model, economy = solution.model, solution.economy
    equations = economy.equations
    resolved = model.parameters.resolve(parameters)
    solution.require_solved(resolved, extrapolate)
    length = -(-quarters // PATHS)

    def one(theta: Point, key: Array) -> tuple[Array, Array]:
        shocks = jax.random.normal(key, (BURN + length, len(equations.shocks)))
        found = shown_path(economy, equations.units(theta).state_center, shocks, theta)
        binds = (found["constraints"] < 0).astype(shocks.dtype)
        shown = jnp.concatenate([found["observables"], binds], axis=1)[BURN:]
        return jnp.mean(shown, axis=0), jnp.var(shown, axis=0)

    run = split_over_devices(lambda rows: jax.vmap(one)(*rows), PATHS)
    keys = jax.random.split(jax.random.key(seed), PATHS)
    # Not in the paths: they are many at one economy, and XLA's two devices have waited for each other there for ever.
    tables = []
    for theta in np.atleast_2d(resolved):
        known = jax.tree.map(lambda a: a[0], solution.prepared(theta))
        rows = jax.tree.map(lambda a: jnp.broadcast_to(a, (PATHS, *a.shape)), known)
        means, variances = (np.asarray(a) for a in run((rows, keys)))
        tables.append(np.stack([means.mean(axis=0), np.sqrt(variances.mean(axis=0) + means.var(axis=0))], axis=1))
    names = [*model.observables, *model.constraints]
    units = [*(v.unit for v in model.observables.values()), *["share of quarters"] * len(model.constraints)]
    table = pd.concat(
        {draw: pd.DataFrame(values, names, ["mean", "sd"]).assign(unit=units) for draw, values in enumerate(tables)},
        names=["draw", "variable"],
    )
    return table if resolved.ndim == 2 else table.droplevel("draw")
