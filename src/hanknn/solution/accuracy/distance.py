"""How far a solution is from an independent one, draw by draw: where to trust it."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array

from ...economy import Economy
from ...economy.misfit import SOLVED
from ...economy.parameters import ParameterSpace
from ...economy.points import Point
from ...machine.errors import SettingError
from ...machine.precision import in_float64
from ...references import TimeIterated
from .. import Solution, reads_solution
from .thirds import THIRDS, thirds

POINTS = 121


@reads_solution
@in_float64
def distance(solution: Solution, known: TimeIterated, width: float = 3.0) -> pd.DataFrame:
    """`rank` against time iteration, one row a draw of `known`.

    Columns: the free parameters; `exists` (time iteration converged) and its `iterations`; `misfit` and `solved`
    (what the solution says of itself); `output_error`, percent, and `inflation_error`, annual basis points: the
    largest over states within `width` ergodic s.d., NaN where time iteration diverged; `zlb_state`: where the
    bound starts to bind, in ergodic s.d. Raises `SettingError` for a model other than `rank`.
    """
    model = solution.model
    if model.name != "rank":
        raise SettingError(f"time iteration solves 'rank', not '{model.name}'; compare with a solution of your own")
    space, thetas = model.parameters, jnp.asarray(known.thetas)
    sds = jnp.linspace(-width, width, POINTS)
    states, labor, inflation = (np.asarray(a) for a in solution.program(_policies)(thetas, sds))
    exact = known.policy(states)
    named = {name: known.thetas[:, space.names.index(name)] for name in space.free}
    misfit = solution.misfit(named)
    return pd.DataFrame(
        {
            **named,
            "exists": known.converged,
            "iterations": known.found.iterations,
            "misfit": misfit,
            "solved": misfit <= SOLVED,
            "output_error": 100 * np.abs(labor / exact["labor"] - 1).max(axis=1),
            "inflation_error": 40_000 * np.abs(inflation - exact["inflation"]).max(axis=1),
            "zlb_state": np.asarray(known.found.kink),
        }
    )


def _policies(economy: Economy) -> Callable[..., tuple[Array, Array, Array]]:
    """The preference shock at some s.d. from its centre, and labour and inflation there, shape (draws, sds)."""

    def at(vector, sds):
        theta = economy.parameters(vector)
        zetas = sds * economy.equations.units(theta).state_scale.zeta
        there = jax.vmap(lambda zeta: economy.policy(Point({"zeta": zeta}, "state"), theta))(zetas)
        return zetas, there.labor, there.inflation

    return jax.vmap(at, (0, None))


def distance_by_thirds(table: pd.DataFrame, space: ParameterSpace) -> pd.DataFrame:
    """What `distance` found, by thirds of each parameter's range.

    Share of draws with an equilibrium, share of those that the solution claims to solve, and the median and 95 %
    quantile of the errors over those that it does.
    """
    rows = {}
    for name in space.free:
        parts = thirds(table[name].to_numpy(), *space[name].bounds)
        for k, label in enumerate(THIRDS):
            inside = table[parts == k]
            kept = inside[inside["exists"] & inside["solved"]]
            row = {"exists": inside["exists"].mean(), "claimed": inside.loc[inside["exists"], "solved"].mean()}
            for error in ("output_error", "inflation_error"):
                row |= {f"{error}, median": kept[error].median(), f"{error}, 95 %": kept[error].quantile(0.95)}
            rows[name, label] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["parameter", "third"])
