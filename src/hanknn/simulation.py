"""Simulated paths, impulse responses and moments, for one or many parameter values at once."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr

from .equilibrium import Equilibrium
from .errors import SettingError, UnknownNameError
from .precision import in_float64
from .solution import Solution, Values


@in_float64
def simulate(
    solution: Solution,
    periods: int = 200,
    parameters: Values | None = None,
    seed: int = 0,
    burn: int = 100,
    extrapolate: bool = False,
) -> xr.Dataset:
    """Simulated states, shocks and policies after `burn` discarded quarters.

    Dimension `period`, and `draw` before it where `parameters` holds columns. A path starts from an
    ergodic draw; the same seed gives the same shocks at every parameter value. Parameters outside
    the solved ranges raise `OutOfRangeError` unless `extrapolate`.
    """
    if periods < 1 or burn < 0:
        raise SettingError(f"periods is {periods} and burn {burn}; they must be at least 1 and 0")
    equilibrium = solution.equilibrium
    theta = _solved(solution, parameters, extrapolate)
    first, second = jax.random.split(jax.random.key(seed))
    normal = jax.random.normal(first, (len(equilibrium.states),))
    shocks = jax.random.normal(second, (burn + periods, len(equilibrium.shocks)))

    def one(t):
        return _path(solution, equilibrium, equilibrium.ergodic_state(normal, t), shocks, t)

    states, policies, hit = (np.asarray(a)[:, burn:] for a in jax.jit(jax.vmap(one))(theta))
    return _dataset(solution, parameters, "period", {"states": states, "policies": policies, "shocks": hit})


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
    if shock is None and len(equilibrium.shocks) > 1:
        raise SettingError(f"name the shock: one of {', '.join(equilibrium.shocks)}")
    name = next(iter(equilibrium.shocks)) if shock is None else shock
    if name not in equilibrium.shocks:
        raise UnknownNameError("shock", name, equilibrium.shocks)
    if periods < 1:
        raise SettingError(f"periods is {periods}; it must be at least 1")
    impulse = jnp.zeros((periods + 1, len(equilibrium.shocks)))
    impulse = impulse.at[0, equilibrium.shocks.index(name)].set(size)

    def one(t):
        start = equilibrium.units(t)["state_center"]
        hit = _path(solution, equilibrium, start, impulse, t)
        calm = _path(solution, equilibrium, start, 0 * impulse, t)
        return jax.tree.map(lambda a, b: a - b, hit[:2], calm[:2])

    # The path's first point precedes the shock, which moves next period's state.
    states, policies = (
        np.asarray(a)[:, 1:] for a in jax.jit(jax.vmap(one))(_solved(solution, parameters, extrapolate))
    )
    data = _dataset(solution, parameters, "horizon", {"states": states, "policies": policies})
    return data.assign_attrs(shock=name, size=size, size_unit="s.d.")


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


def _solved(solution: Solution, parameters: Values | None, extrapolate: bool) -> jax.Array:
    theta = solution.model.parameters.resolve(parameters)
    solution.require_solved(theta, extrapolate)
    return jnp.asarray(np.atleast_2d(theta))


def _path(solution: Solution, equilibrium: Equilibrium, start, shocks, theta):
    """States, policies and shocks over time; row t holds period t's state, before shock t+1 moves it."""

    def step(carry, shock):
        state, last = carry
        policy = solution.policy_function(state, theta)
        return (equilibrium.transition(state, policy, shock, theta), shock), (state, policy, last)

    return jax.lax.scan(step, (start, jnp.zeros_like(shocks[0])), shocks)[1]


def _dataset(solution: Solution, parameters: Values | None, time: str, arrays: dict[str, np.ndarray]) -> xr.Dataset:
    model = solution.model
    many = model.parameters.resolve(parameters).ndim == 2
    dims = ("draw", time) if many else (time,)
    variables = {}
    for kind, values in arrays.items():
        for i, (name, variable) in enumerate(getattr(model, kind).items()):
            column = values[..., i] if many else values[0, :, i]
            variables[name] = (dims, column, {"long_name": variable.text, "unit": variable.unit})
    coordinates = {time: np.arange(next(iter(arrays.values())).shape[1])}
    if many:
        theta = model.parameters.resolve(parameters)
        coordinates["draw"] = np.arange(len(theta))
        coordinates |= {
            name: ("draw", theta[:, i])
            for i, name in enumerate(model.parameters)
            if name in (parameters if parameters is not None else ())
        }
    return xr.Dataset(variables, coords=coordinates, attrs={"model": model.name, "frequency": "quarterly"})
