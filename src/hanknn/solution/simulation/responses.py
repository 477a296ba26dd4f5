"""Impulse responses: from rest, and generalised by sign, size and where the economy stands when the shock hits."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Array

from ...economy import Economy
from ...economy.points import Point
from ...machine.arguments import require_counts, require_finite, require_seed
from ...machine.errors import SettingError, UnknownNameError
from ...machine.precision import in_float64
from .. import Solution, Values, reads_solution
from .paths import dataset, labelled, settled_states, shown_path, simulate, solved_rows

KINDS = ("states", "policies", "observables")


@reads_solution
@in_float64
def irf(
    solution: Solution,
    shock: str | None = None,
    size: float = 1.0,
    periods: int = 20,
    parameters: Values | None = None,
    extrapolate: bool = False,
    linear: bool = False,
) -> xr.Dataset:
    """Responses to a shock of `size` standard deviations in period 0.

    The difference between two paths from the centre of the ergodic distribution, one hit in
    period 0 and one not, no other shocks. `shock` may be left out where the model has one.
    Dimensions as in `simulate`, with `horizon` in quarters. `linear`: of the linear solution, without bounds; raises
    `ModelError` for a model that the library does not linearise.
    """
    name = which_shock(solution, shock)
    require_counts(periods=(periods, 1))
    require_finite(size=size)
    shocks = solution.equations.shocks
    impulse = jnp.zeros((periods + 1, len(shocks))).at[0, shocks.index(name)].set(size)
    run = solution.program(_linear_from_rest if linear else _from_rest)
    found = run(solved_rows(solution, parameters, extrapolate), impulse)
    # The path's first point precedes the shock, which moves next period's state.
    data = dataset(solution, parameters, "horizon", {kind: np.asarray(v)[:, 1:] for kind, v in found.items()})
    return data.assign_attrs(shock=name, size=size, size_unit="s.d.")


def _from_rest(economy: Economy) -> Callable[..., dict[str, Array]]:
    def one(theta, impulse):
        start = economy.equations.units(theta).state_center
        return _difference(economy, start, impulse, 0 * impulse, theta)

    return jax.vmap(one, (0, None))


def _linear_from_rest(economy: Economy) -> Callable[..., dict[str, Array]]:
    return _from_rest(economy.linearised)


def _difference(economy: Economy, start: Point, hit: Array, calm: Array, theta: Point) -> dict[str, Array]:
    """One path less another from the same state."""
    one, other = (shown_path(economy, start, shocks, theta) for shocks in (hit, calm))
    return {kind: one[kind] - other[kind] for kind in KINDS}


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
    equations, model = solution.equations, solution.model
    name = which_shock(solution, shock)
    require_counts(periods=(periods, 1), draws=(draws, 2))
    seed = require_seed(seed)
    if not np.iterable(sizes) or not len(sizes):
        raise SettingError(f"sizes is {sizes!r:.40}; give a list of sizes in standard deviations, such as [-2, 2]")
    for size in sizes:
        require_finite(size=size)
    theta = solution.prepared(solution.one_value(parameters, extrapolate))
    first, second = jax.random.split(jax.random.key(seed))
    half = jax.random.normal(first, (-(-draws // 2), periods, len(equations.shocks)))
    shocks = jnp.concatenate([half, -half])
    starts = _starts(solution, start, theta, len(shocks), second)
    # A path's last shock moves a state that is not shown: one more, to see all periods.
    padded = jnp.concatenate([shocks, jnp.zeros_like(shocks[:, :1])], axis=1)
    impulse = jnp.zeros_like(padded[0]).at[0, equations.shocks.index(name)].set(1.0)

    run = solution.program(_generalised)
    found = run(jax.tree.map(lambda a: a[0], theta), jnp.asarray(sizes, jnp.float64), impulse, starts, padded)
    arrays = {kind: np.asarray(values)[:, 1:] for kind, values in found.items()}
    coordinates = {"size": list(map(float, sizes)), "horizon": np.arange(periods)}
    attributes = {"model": model.name, "shock": name, "size_unit": "s.d."}
    return xr.Dataset(labelled(model, arrays, ("size", "horizon")), coordinates, attributes)


def _generalised(economy: Economy) -> Callable[..., dict[str, Array]]:
    def run(theta, sizes, impulse, starts, shocks):
        def response(size):
            one = lambda state, others: _difference(economy, state, others + size * impulse, others, theta)
            return jax.tree.map(lambda a: jnp.mean(a, axis=0), jax.vmap(one)(starts, shocks))

        return jax.lax.map(response, sizes)

    return run


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
    if constraint is None and not names:
        raise SettingError(f"model '{solution.model.name}' has no constraint that could bind")
    if constraint is None and len(names) > 1:
        raise SettingError(f"name the constraint: one of {', '.join(names)}")
    name = next(iter(names), "") if constraint is None else constraint
    if name not in names:
        raise UnknownNameError("constraint", name, names)
    simulation = simulate(solution, periods, parameters, seed)
    chosen = (simulation[name].to_numpy() < 0) == binds
    if not chosen.any():
        raise SettingError(f"'{name}' {'binds' if binds else 'is slack'} in none of {periods} simulated quarters")
    names = solution.equations.scalar_states
    return pd.DataFrame({state: simulation[state].to_numpy()[chosen] for state in names})


def _starts(solution: Solution, start: Values | None, theta: Point, count: int, key) -> Point:
    """So many states, stacked: those given, in turn, or ergodic draws. `theta`: prepared parameters, one row."""
    tiled = lambda rows: jax.tree.map(lambda a: jnp.broadcast_to(a[0], (rows, *a.shape[1:])), theta)
    if start is None:
        return settled_states(solution, tiled(count), key)
    columns = solution.states(start)
    length = max(np.size(column) for column in columns.values())
    states = solution.states_at(columns, tiled(length))
    chosen = np.resize(np.asarray(jax.random.permutation(key, length)), count)
    return jax.tree.map(lambda values: values[chosen], states)


def which_shock(solution: Solution, shock: str | None) -> str:
    """The named shock, or the only one; raises `UnknownNameError`, and `SettingError` where a name is needed."""
    names = list(solution.model.shocks)
    if shock is None and len(names) > 1:
        raise SettingError(f"name the shock: one of {', '.join(names)}")
    if shock is not None and shock not in names:
        raise UnknownNameError("shock", shock, names)
    return names[0] if shock is None else shock
