"""Simulated paths, for one or many parameter values at once."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from ...economy import Economy, Now
from ...economy.misfit import AT_ONCE
from ...economy.model import Model
from ...economy.points import Point, scalars
from ...machine.arguments import require_counts, require_seed
from ...machine.batches import in_batches
from ...machine.precision import in_float64
from .. import Solution, Values, reads_solution


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
    require_counts(periods=(periods, 1), burn=(burn, 0))
    seed = require_seed(seed)
    equations = solution.equations
    thetas = solved_rows(solution, parameters, extrapolate)
    first, second = jax.random.split(jax.random.key(seed))
    shocks = jax.random.normal(second, (burn + periods, len(equations.shocks)))
    found = solution.program(_paths)(thetas, equations.normals(first, jnp.float64), shocks)
    return dataset(solution, parameters, "period", {kind: np.asarray(v)[:, burn:] for kind, v in found.items()})


def _paths(economy: Economy) -> Callable[..., dict[str, Array]]:
    def one(theta, normal, shocks):
        return shown_path(economy, economy.equations.ergodic_state(normal, theta), shocks, theta)

    return jax.vmap(one, (0, None, None))


def shown_path(
    economy: Economy, start: Point, shocks: Float[Array, "periods shocks"], theta: Point
) -> dict[str, Float[Array, "periods _"]]:
    """One path by kind of variable, scalars only, as `Economy.path` has it."""
    equations = economy.equations
    names = tuple(equations.model.observables)

    def show(last: Now, now: Now, shock: Float[Array, " shocks"]) -> dict[str, Array]:
        return {
            "states": scalars(now.state, equations.scalar_states, theta.dtype),
            "policies": scalars(now.policy, equations.scalar_policies, theta.dtype),
            "shocks": shock,
            "observables": economy.observe(last, now, theta, names),
            "constraints": equations.slackness(*now, theta),
        }

    return economy.path(start, shocks, theta, show)


@in_float64
def settled_states(solution: Solution, thetas: Point, key: PRNGKeyArray) -> Point:
    """One state for each row of prepared parameters: an ergodic draw, moved on where the model knows its ergodic
    distribution by simulation only."""
    first, second = jax.random.split(key)
    normals = jax.random.normal(first, (thetas.rows, len(solution.equations.scalar_states)), thetas.dtype)
    return solution.program(_settled)(thetas, normals, jax.random.split(second, thetas.rows))


def _settled(economy: Economy) -> Callable[..., Point]:
    one = lambda theta, normal, key: economy.settled(normal, key, theta)
    return lambda *rows: in_batches(one, rows, AT_ONCE if economy.equations.model.arrays else len(rows[1]))


def solved_rows(solution: Solution, parameters: Values | None, extrapolate: bool) -> Point:
    """Prepared parameters, a row each, that the solution holds for; raises what `Solution.require_solved` does."""
    theta = solution.model.parameters.resolve(parameters)
    solution.require_solved(theta, extrapolate)
    return solution.prepared(theta)


def dataset(solution: Solution, parameters: Values | None, time: str, arrays: dict[str, np.ndarray]) -> xr.Dataset:
    """Labelled paths, with a dimension `draw` where parameters hold columns; arrays by kind, draws first."""
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
