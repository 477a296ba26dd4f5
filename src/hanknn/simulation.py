"""Simulated paths, impulse responses and moments, for one or many parameter values at once."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from .batches import in_batches
from .compiled import jit
from .errors import SettingError, UnknownNameError
from .model import Model
from .precision import in_float64
from .solution import Solution, Values, reads_solution
from .training.problem import Problem
from .training.walk import AT_ONCE, walk


@reads_solution
@in_float64
def simulate(
    solution: Solution,
    periods: int = 200,
    parameters: Values | None = None,
    seed: int = 0,
    burn: int = 100,
    extrapolate: bool = False,
) -> xr.Dataset:
    """Simulated states, shocks, policies and observables after `burn` discarded quarters.

    Each of the model's constraints is there too, as its slackness (negative where it binds). Dimension `period`, and
    `draw` before it where `parameters` holds columns. A path starts from an
    ergodic draw; the same seed gives the same shocks at every parameter value. Parameters outside
    the solved ranges raise `OutOfRangeError` unless `extrapolate`.
    """
    if periods < 1 or burn < 0:
        raise SettingError(f"periods is {periods} and burn {burn}; they must be at least 1 and 0")
    equilibrium = solution.equilibrium
    theta = _solved(solution, parameters, extrapolate)
    first, second = jax.random.split(jax.random.key(seed))
    normal = jax.random.normal(first, (len(equilibrium.scalar_states),))
    shocks = jax.random.normal(second, (burn + periods, len(equilibrium.shocks)))

    def one(t):
        return path(solution, equilibrium.ergodic_state(normal, t), shocks, t)

    found = {kind: np.asarray(values)[:, burn:] for kind, values in jit(jax.vmap(one))(theta).items()}
    return _dataset(solution, parameters, "period", found)


@reads_solution
@in_float64
def irf(
    solution: Solution,
    shock: str | None = None,
    size: float = 1.0,
    periods: int = 20,
    parameters: Values | None = None,
    extrapolate: bool = False,
) -> xr.Dataset:
    """Responses to a shock of `size` standard deviations in period 0.

    The difference between two paths from the centre of the ergodic distribution, one hit in
    period 0 and one not, no other shocks. `shock` may be left out where the model has one.
    Dimensions as in `simulate`, with `horizon` in quarters.
    """
    equilibrium = solution.equilibrium
    name = which_shock(solution, shock)
    if periods < 1:
        raise SettingError(f"periods is {periods}; it must be at least 1")
    impulse = jnp.zeros((periods + 1, len(equilibrium.shocks)))
    impulse = impulse.at[0, equilibrium.shocks.index(name)].set(size)

    def one(t):
        start = equilibrium.units(t)["state_center"]
        hit, calm = (path(solution, start, shocks, t) for shocks in (impulse, 0 * impulse))
        return {kind: hit[kind] - calm[kind] for kind in ("states", "policies", "observables")}

    # The path's first point precedes the shock, which moves next period's state.
    found = jit(jax.vmap(one))(_solved(solution, parameters, extrapolate))
    data = _dataset(solution, parameters, "horizon", {kind: np.asarray(v)[:, 1:] for kind, v in found.items()})
    return data.assign_attrs(shock=name, size=size, size_unit="s.d.")


def settled_states(
    solution: Solution, thetas: Float[Array, "draws parameters"], key: PRNGKeyArray, quarters: int = 100
) -> Float[Array, "draws states"]:
    """One state for each row of `thetas`: an ergodic draw, moved on where the model knows its ergodic
    distribution by simulation only."""
    equilibrium = solution.equilibrium
    first, second = jax.random.split(key)
    normals = jax.random.normal(first, (len(thetas), len(equilibrium.scalar_states)), thetas.dtype)
    starts = jit(jax.vmap(equilibrium.ergodic_state))(normals, thetas)
    if not equilibrium.model.simulated:
        return starts
    problem = Problem(equilibrium, thetas.dtype)

    def one(start, theta, key):
        return walk(
            problem, solution.network, theta, start, jax.random.normal(key, (quarters, len(equilibrium.shocks)))
        )

    run = jit(lambda *rows: in_batches(one, rows, AT_ONCE))
    return run(starts, thetas, jax.random.split(second, len(thetas)))


def moments(simulation: xr.Dataset) -> pd.DataFrame:
    """Mean, s.d., first autocorrelation, minimum and maximum of each variable, with its unit."""
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


def constraint_spells(simulation: xr.Dataset) -> pd.DataFrame:
    """How often and for how long each constraint binds in simulated paths.

    `frequency`: share of quarters; `spells`: their number; mean, median, 90 % and longest length in quarters.
    Spells cut off by an end of the path count as they are. One row a constraint, and a draw where there are several.
    """
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


def which_shock(solution: Solution, shock: str | None) -> str:
    """The named shock, or the only one; raises `UnknownNameError`, and `SettingError` where a name is needed."""
    names = list(solution.model.shocks)
    if shock is None and len(names) > 1:
        raise SettingError(f"name the shock: one of {', '.join(names)}")
    if shock is not None and shock not in names:
        raise UnknownNameError("shock", shock, names)
    return names[0] if shock is None else shock


def _solved(solution: Solution, parameters: Values | None, extrapolate: bool) -> jax.Array:
    theta = solution.model.parameters.resolve(parameters)
    solution.require_solved(theta, extrapolate)
    return jnp.asarray(np.atleast_2d(theta))


def path(
    solution: Solution,
    start: Float[Array, " states"],
    shocks: Float[Array, "periods shocks"],
    theta: Float[Array, " parameters"],
) -> dict[str, Float[Array, "periods _"]]:
    """One path by kind of variable, scalars only; row t holds period t's state, before shock t + 1 moves it.

    The first period is its own last period: nothing is known of what came before.
    """
    equilibrium = solution.equilibrium
    theta, observables = equilibrium.prepared(theta), tuple(equilibrium.model.observables)

    def step(carry, shock):
        state, (before, policy_before), hit = carry
        policy = solution.policy_function(state, theta)
        shown = {
            "states": state[equilibrium.scalar_state_places],
            "policies": policy[equilibrium.scalar_policy_places],
            "shocks": hit,
            "observables": equilibrium.observe(before, policy_before, state, policy, theta, observables),
            "constraints": equilibrium.slackness(state, policy, theta),
        }
        return (equilibrium.transition(state, policy, shock, theta), (state, policy), shock), shown

    first = start, (start, solution.policy_function(start, theta)), jnp.zeros_like(shocks[0])
    return jax.lax.scan(step, first, shocks)[1]


def _dataset(solution: Solution, parameters: Values | None, time: str, arrays: dict[str, np.ndarray]) -> xr.Dataset:
    model = solution.model
    many = model.parameters.resolve(parameters).ndim == 2
    dims = ("draw", time) if many else (time,)
    variables = labelled(model, arrays if many else {kind: values[0] for kind, values in arrays.items()}, dims)
    coordinates = {time: np.arange(next(iter(arrays.values())).shape[1])}
    if many:
        theta = model.parameters.resolve(parameters)
        coordinates["draw"] = np.arange(len(theta))
        coordinates |= {
            name: ("draw", theta[:, i])
            for i, name in enumerate(model.parameters)
            if name in (parameters if parameters is not None else ())
        }
    attributes = {"model": model.name, "frequency": "quarterly", "constraints": list(model.constraints)}
    return xr.Dataset(variables, coords=coordinates, attrs=attributes)


def labelled(model: Model, arrays: dict[str, np.ndarray], dims: tuple[str, ...]) -> dict[str, tuple]:
    """Variables of a dataset with names, long names and units; arrays by kind, variables on their last axis."""
    return {
        name: (dims, values[..., i], variable.attributes)
        for kind, values in arrays.items()
        for i, (name, variable) in enumerate((n, v) for n, v in getattr(model, kind).items() if v.shape == ())
    }
