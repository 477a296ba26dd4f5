"""Who bears a shock: responses of households by percentiles of wealth, and of inequality."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float

from ...economy import Economy
from ...economy.households import HouseholdModel
from ...economy.households.distribution import gini
from ...economy.points import Point, join
from ...machine.arguments import require_counts, require_finite
from ...machine.errors import ModelError, SettingError
from ...machine.precision import in_float64
from .. import Solution, Values, reads_solution
from .responses import which_shock

FIFTHS = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)


@reads_solution
@in_float64
def by_wealth(
    solution: Solution,
    shock: str | None = None,
    size: float = 1.0,
    periods: int = 20,
    percentiles: Sequence[float | int] = FIFTHS,
    parameters: Values | None = None,
    extrapolate: bool = False,
) -> xr.Dataset:
    """Responses of households to a shock, poorest group first: what `irf` is for aggregates.

    In every period households are sorted by the assets that they hold at its beginning and divided at `percentiles`,
    from 0 to 100. Dimensions `group` and `horizon`:

    - `consumption`: of the group's mean, percent of what it is without the shock;
    - `contribution`: what the group adds to the response of aggregate consumption, percent of that (groups add up);
    - `assets`: of the group's mean, level;
    - `mpc`: what the group consumes of one more unit of assets, with the shock, a level;

    and, over `horizon` alone, `gini`: of the Gini coefficient of assets (not a number where mean assets are zero), and
    `aggregate`: of aggregate consumption, percent. One value of the parameters. Raises `ModelError` for a model without
    a household block, and `SettingError` for percentiles that do not rise from 0 to 100.

    Example: `by_wealth(solution, "eps_z", percentiles=[0, 50, 90, 100])["consumption"].to_pandas()`.
    """
    model = solution.model
    if not isinstance(model, HouseholdModel):
        raise ModelError(f"model '{model.name}' has no household block, so nobody to sort by wealth (HouseholdModel)")
    ends = np.asarray(percentiles, float)
    if not (ends.ndim == 1 and len(ends) > 1 and ends[0] == 0 and ends[-1] == 100 and (np.diff(ends) > 0).all()):
        raise SettingError(f"percentiles are {percentiles!r:.60}; give numbers that rise from 0 to 100")
    name = which_shock(solution, shock)
    require_counts(periods=(periods, 1))
    require_finite(size=size)
    theta = jax.tree.map(lambda a: a[0], solution.prepared(solution.one_value(parameters, extrapolate)))
    shocks = solution.equations.shocks
    impulse = jnp.zeros((periods + 1, len(shocks))).at[0, shocks.index(name)].set(size)
    run = solution.program(_both, tuple(ends / 100))
    # The path's first point precedes the shock, which moves next period's state.
    hit, calm = ({k: np.asarray(v)[1:] for k, v in path.items()} for path in run(theta, impulse))
    width = np.diff(ends) / 100
    total = calm["consumption"] @ width
    grouped = {
        "consumption": (100 * (hit["consumption"] / calm["consumption"] - 1), "percent"),
        "contribution": (100 * (hit["consumption"] - calm["consumption"]) * width / total[:, None], "percent"),
        "assets": (hit["assets"] - calm["assets"], "level"),
        "mpc": (hit["mpc"], "level"),
    }
    whole = {
        "gini": (hit["gini"] - calm["gini"], "index"),
        "aggregate": (100 * (hit["consumption"] @ width / total - 1), "percent"),
    }
    labels = [f"{low:g}-{high:g}" for low, high in pairwise(ends)]
    return xr.Dataset(
        {n: (("group", "horizon"), values.T, {"unit": unit}) for n, (values, unit) in grouped.items()}
        | {n: ("horizon", values, {"unit": unit}) for n, (values, unit) in whole.items()},
        {"group": labels, "horizon": np.arange(periods)},
        {"model": model.name, "shock": name, "size": size, "size_unit": "s.d."},
    )


def _both(economy: Economy, ends: tuple[float, ...]) -> Callable[..., tuple[dict[str, Array], dict[str, Array]]]:
    """What groups do on the path with the shock, and on the one without."""
    model = economy.equations.model
    assert isinstance(model, HouseholdModel)

    def run(theta: Point, impulse: Float[Array, "periods shocks"]):
        start, nodes = economy.equations.units(theta).state_center, model.household.nodes(theta)

        def look(last, now, shock) -> dict[str, Array]:
            choices = model.chosen(join(*now), theta)[1]
            mass = now.state.distribution
            rise = jax.vmap(lambda c: jnp.asarray(jnp.gradient(c)), 1, 1)
            slopes = rise(choices.consumption) / rise(nodes[:, None])
            shares = group_shares(jnp.sum(mass, axis=1), jnp.asarray(ends, mass.dtype))
            mean = lambda each: shares @ jnp.sum(mass * each, axis=1) / jnp.diff(jnp.asarray(ends, mass.dtype))
            return {
                "consumption": mean(choices.consumption),
                "assets": mean(jnp.broadcast_to(nodes[:, None], mass.shape)),
                "mpc": mean(slopes),
                "gini": gini(nodes, mass),
            }

        return tuple(economy.path(start, shocks, theta, look) for shocks in (impulse, 0 * impulse))

    return run


def group_shares(masses: Float[Array, " nodes"], ends: Float[Array, " ends"]) -> Float[Array, "groups nodes"]:
    """Which share of each node's households belongs to each group: between two ends of the distribution function."""
    upper = jnp.cumsum(masses)
    lower = upper - masses
    most = jnp.minimum(upper[None, :], jnp.concatenate([ends[1:-1], ends[-1:] + 1])[:, None])
    least = jnp.maximum(lower[None, :], ends[:-1, None])
    return jnp.maximum(most - least, 0) / jnp.where(masses > 0, masses, 1)[None, :]
