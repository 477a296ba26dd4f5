"""`hank` with finitely many households: what their own luck, which does not average out, adds to aggregates."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Int

from ...economy import Now
from ...economy.households import Grids
from ...economy.households.grids import lottery
from ...economy.points import join, replaced
from ...machine.compiled import jit
from ...machine.errors import SettingError
from ...machine.precision import in_float64
from ...models.hank import HANK
from ...solution import Solution, Values, reads_solution
from .. import PerfectForesight

BURN = 100
FELT = ("output", "inflation", "notional_rate")
"""What luck moves."""


class Households(NamedTuple):
    """Each household's assets and productivity state."""

    assets: Float[Array, " households"]
    types: Int[Array, " households"]


@reads_solution
@in_float64
def simulate_finite(
    solution: Solution,
    households: int = 10_000,
    quarters: int = 1_000,
    parameters: Values | None = None,
    seed: int = 0,
    extrapolate: bool = False,
) -> pd.DataFrame:
    """Observables of one path with so many households, one row a quarter, after 100 discarded quarters.

    Households hold assets of their own, draw their productivity and choose as in the continuum, linear between nodes.
    Their luck, the difference that the draws make to the distribution, moves output, inflation and rates to first
    order and as without the bound (`ForeseenEconomy.luck`), on top of what the solution gives for the continuum. (The
    solution itself has never seen a distribution off the continuum's paths, where mean productivity is constant: what
    it says there is far off.) Shares and the Gini coefficient are those of the households. Column `luck`: its
    part in output, percent. The same seed gives the same aggregate shocks, whatever the number of households.
    Raises `SettingError` for another model than `hank`, and for fewer than one household or quarter; what `policy`
    raises unless `extrapolate`.
    """
    model, economy = solution.model, solution.economy
    equations = economy.equations
    if not isinstance(model, HANK):
        raise SettingError(f"model '{model.name}' has no households to count; this is for 'hank'")
    if households < 1 or quarters < 1:
        raise SettingError(f"households is {households} and quarters {quarters}; give at least 1 of both")
    theta = model.parameters.resolve(parameters)
    solution.require_solved(theta, extrapolate)
    names = tuple(model.observables)
    cumulated = jnp.cumsum(jnp.asarray(model.grids.chain.transition), axis=1)

    @jit
    def run(vector: Float[Array, " parameters"], responses: Array, key: Array) -> tuple[Array, Array]:
        theta = economy.parameters(vector)
        center = equations.units(theta).state_center
        nodes = model.grids.asset_nodes(theta.borrowing_limit)

        def quarter(carry, key):
            last, there, now, ahead = carry
            counted = replaced(there.state, distribution=_histogram(model.grids, nodes, now))
            shown = economy.observe(last, Now(counted, there.policy), theta, names)
            first, second = jax.random.split(key)
            shock = jax.random.normal(first, (len(equations.shocks),))
            chosen = model.asset_choices(join(*there), theta)
            later, luck = _drawn(model.grids, nodes, cumulated, chosen, now, second)
            # What all luck so far does from next quarter on.
            next_ahead = jnp.pad(ahead[:, 1:], ((0, 0), (0, 1))) + jnp.tensordot(responses, luck, 2)
            return (there, economy.step(there, shock, theta), later, next_ahead), (shown, ahead[:, 0])

        first, second = jax.random.split(key)
        place = jax.random.categorical(first, jnp.log(jnp.maximum(center.distribution.ravel(), 0)), shape=(households,))
        kinds = model.grids.productivities
        start = Households(nodes[place // kinds], place % kinds)
        begun = economy.at(center, theta)
        first_quarter = begun, begun, start, jnp.zeros(responses.shape[:2])
        return jax.lax.scan(quarter, first_quarter, jax.random.split(second, BURN + quarters))[1]

    shown, felt = run(jnp.asarray(theta), _responses(model, theta), jax.random.key(seed))
    table, moved = pd.DataFrame(np.asarray(shown), columns=names), pd.DataFrame(np.asarray(felt), columns=FELT)
    return _with_luck(table, moved, model)[BURN:].reset_index(drop=True).rename_axis("quarter")


def _histogram(grids: Grids, nodes: Float[Array, " assets"], now: Households) -> Array:
    """Households at the grid's nodes, each split between the two nearest."""
    i, share = lottery(nodes, now.assets)
    each = 1 / len(now.assets)
    return jnp.zeros(grids.shape).at[i, now.types].add((1 - share) * each).at[i + 1, now.types].add(share * each)


def _drawn(
    grids: Grids,
    nodes: Float[Array, " assets"],
    cumulated: Float[Array, "productivities productivities"],
    chosen: Float[Array, "assets productivities"],
    now: Households,
    key: Array,
) -> tuple[Households, Float[Array, "assets productivities"]]:
    """Households a quarter on, and how their histogram differs from the one to be expected before the draws."""
    i, share = lottery(nodes, now.assets)
    assets = (1 - share) * chosen[i, now.types] + share * chosen[i + 1, now.types]
    drawn = jnp.sum(jax.random.uniform(key, (len(now.types), 1)) > cumulated[now.types], axis=1)
    later = Households(assets, jnp.minimum(drawn, grids.productivities - 1))
    expected = _histogram(grids, nodes, Households(assets, now.types)) @ jnp.asarray(grids.chain.transition)
    return later, _histogram(grids, nodes, later) - expected


def _responses(model: HANK, theta: np.ndarray) -> Float[Array, "felt quarters assets productivities"]:
    """First-order responses of `FELT` to where households stand, in this quarter and those that follow."""
    named = dict(zip(model.parameters.names, theta.tolist(), strict=True))
    found = PerfectForesight(model.grids).at(named).luck
    return jnp.asarray(np.stack([found[name].to_numpy() for name in FELT]))


def _with_luck(table: pd.DataFrame, felt: pd.DataFrame, model: HANK) -> pd.DataFrame:
    notional = table["notional_rate"] + felt["notional_rate"]
    return table.assign(
        output=table["output"] + felt["output"],
        output_growth=table["output_growth"] + 4 * felt["output"].diff().fillna(0.0),
        inflation_rate=table["inflation_rate"] + felt["inflation"],
        notional_rate=notional,
        interest_rate=notional.where(notional >= 0, float(model.relaxation) * notional),
        luck=felt["output"],
    )
