"""Generalised impulse responses: by sign, size and where the economy stands when the shock hits."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr

from .compiled import jit
from .errors import SettingError, UnknownNameError
from .precision import in_float64
from .simulation import labelled, path, settled_states, simulate, which_shock
from .solution import Solution, Values, reads_solution

KINDS = ("states", "policies", "observables")


@reads_solution
@in_float64
def girf(
    solution: Solution,
    shock: str | None = None,
    sizes: Sequence[float] = (-2.0, -1.0, 1.0, 2.0),
    start: Values | None = None,
    periods: int = 20,
    parameters: Values | None = None,
    draws: int = 1000,
    seed: int = 0,
    extrapolate: bool = False,
) -> xr.Dataset:
    """Mean responses to a shock of each of `sizes` (s.d.) that comes on top of everything else that may happen.

    Koop, Pesaran and Potter (1996): the mean over `draws` futures (antithetic pairs) of the path with the shock less
    the path without it, the other shocks the same in both. `start`: the state the period before, one or
    columns of them (such as `states_where` gives), over which the mean is taken; left out, ergodic draws.
    Dimensions `size` and `horizon`; policies, observables and states, in their units.
    """
    equilibrium, model = solution.equilibrium, solution.model
    name = which_shock(solution, shock)
    if periods < 1 or draws < 2 or not len(sizes):
        raise SettingError(f"periods is {periods}, draws {draws}, sizes {list(sizes)}; give at least 1, 2 and one size")
    theta = solution.one_value(parameters, extrapolate)
    first, second = jax.random.split(jax.random.key(seed))
    half = jax.random.normal(first, (-(-draws // 2), periods, len(equilibrium.shocks)))
    shocks = jnp.concatenate([half, -half])
    starts = jnp.asarray(_starts(solution, start, theta, len(shocks), second))
    # A path's last shock moves a state that is not shown: one more, to see all periods.
    padded = jnp.concatenate([shocks, jnp.zeros_like(shocks[:, :1])], axis=1)
    impulse = jnp.zeros_like(padded[0]).at[0, equilibrium.shocks.index(name)].set(1.0)

    def response(size):
        def one(state, others):
            hit, calm = (path(solution, state, e, jnp.asarray(theta)) for e in (others + size * impulse, others))
            return {kind: hit[kind] - calm[kind] for kind in KINDS}

        return jax.tree.map(lambda a: jnp.mean(a, axis=0), jax.vmap(one)(starts, padded))

    found = jit(lambda s: jax.lax.map(response, s))(jnp.asarray(sizes, jnp.float64))
    arrays = {kind: np.asarray(values)[:, 1:] for kind, values in found.items()}
    coordinates = {"size": list(map(float, sizes)), "horizon": np.arange(periods)}
    attributes = {"model": model.name, "shock": name, "size_unit": "s.d."}
    return xr.Dataset(labelled(model, arrays, ("size", "horizon")), coordinates, attributes)


@reads_solution
def states_where(
    solution: Solution,
    constraint: str | None = None,
    binds: bool = True,
    parameters: Values | None = None,
    periods: int = 20_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Simulated states at which a constraint binds (or is slack), one row each: a `start` for `girf`.

    Scalar states only: a distribution of households is left at its steady state.

    `constraint` may be left out where the model has one. Raises `SettingError` where there is no such state.
    """
    names = tuple(solution.model.constraints)
    name = names[0] if constraint is None and len(names) == 1 else constraint
    if name not in names:
        raise UnknownNameError("constraint", str(name), names)
    simulation = simulate(solution, periods, parameters, seed)
    chosen = (simulation[name].to_numpy() < 0) == binds
    if not chosen.any():
        raise SettingError(f"'{name}' {'binds' if binds else 'is slack'} in none of {periods} simulated quarters")
    names = solution.equilibrium.scalar_states
    return pd.DataFrame({state: simulation[state].to_numpy()[chosen] for state in names})


def _starts(solution: Solution, start: Values | None, theta: np.ndarray, count: int, key) -> np.ndarray:
    """States (count, states): those given, in turn, or ergodic draws."""
    if start is None:
        return np.asarray(settled_states(solution, jnp.tile(jnp.asarray(theta), (count, 1)), key))
    columns = solution.states(start)
    length = max(np.size(column) for column in columns.values())
    rows = solution.state_vectors(columns, np.broadcast_to(theta, (length, len(theta))))
    chosen = np.asarray(jax.random.permutation(key, len(rows)))
    return rows[np.resize(chosen, count)]
