"""`hank` with finitely many households: what their own luck, which does not average out, adds to aggregates."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Int

from .errors import SettingError
from .households.grids import lottery
from .models.hank import HANK
from .precision import in_float64
from .solution import Solution, Values
from .training.walk import FAR

BURN = 100


class Households(NamedTuple):
    """Aggregate states, and each household's assets and productivity state."""

    aggregates: Float[Array, " aggregates"]
    assets: Float[Array, " households"]
    types: Int[Array, " households"]


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

    Each household holds assets of its own and draws its productivity; the network sees the histogram that they make,
    and their choices are the continuum's, linear between nodes. `inputs_far`, a share: how many of the network's
    inputs lie beyond six ergodic s.d. The network knows the continuum: with few households (KMR track 100) mean
    productivity moves by a per cent and more, further than anything it was trained on, and this column says so.
    Raises `SettingError` for another model than `hank`, and for fewer than one household or quarter; what `policy`
    raises unless `extrapolate`.
    """
    model, equilibrium = solution.model, solution.equilibrium
    if not isinstance(model, HANK):
        raise SettingError(f"model '{model.name}' has no households to count; this is for 'hank'")
    if households < 1 or quarters < 1:
        raise SettingError(f"households is {households} and quarters {quarters}; give at least 1 of both")
    resolved = model.parameters.resolve(parameters)
    solution.require_solved(resolved, extrapolate)
    names, aggregates = tuple(model.observables), len(equilibrium.scalar_states)
    cumulated = jnp.cumsum(jnp.asarray(model.grids.chain.transition), axis=1)

    @jax.jit
    def run(theta: Float[Array, " parameters"], key: Array) -> Float[Array, "quarters shown"]:
        theta = equilibrium.prepared(theta)
        center = equilibrium.units(theta)["state_center"]
        nodes = model.grids.asset_nodes(theta[model.parameters.names.index("borrowing_limit")])

        def economy(now: Households) -> tuple[Array, Array]:
            """State and policies: aggregates come first, then the histogram that the households make."""
            i, share = lottery(nodes, now.assets)
            mass = jnp.zeros(model.grids.shape)
            mass = mass.at[i, now.types].add((1 - share) / households).at[i + 1, now.types].add(share / households)
            state = jnp.concatenate([now.aggregates, mass.ravel()])
            return state, solution.policy_function(state, theta)

        def quarter(carry, key):
            now, last = carry
            state, policy = economy(now)
            first, second = jax.random.split(key)
            shock = jax.random.normal(first, (len(equilibrium.shocks),))
            chosen = model.asset_choices(*equilibrium.named(state, policy, theta))
            i, share = lottery(nodes, now.assets)
            held = (1 - share) * chosen[i, now.types] + share * chosen[i + 1, now.types]
            luck = jax.random.uniform(second, (households, 1))
            drawn = jnp.minimum(jnp.sum(luck > cumulated[now.types], axis=1), model.grids.productivities - 1)
            later = Households(equilibrium.transition(state, policy, shock, theta)[:aggregates], held, drawn)
            far = jnp.mean(jnp.abs(equilibrium.inputs(state, theta)) > FAR)
            return (later, (state, policy)), jnp.append(equilibrium.observe(*last, state, policy, theta, names), far)

        first, second = jax.random.split(key)
        mass = jnp.maximum(center[aggregates:], 0)
        place = jax.random.categorical(first, jnp.log(mass), shape=(households,))
        start = Households(
            center[:aggregates], nodes[place // model.grids.productivities], place % model.grids.productivities
        )
        return jax.lax.scan(quarter, (start, economy(start)), jax.random.split(second, BURN + quarters))[1]

    shown = np.asarray(run(jnp.asarray(resolved), jax.random.key(seed)))[BURN:]
    return pd.DataFrame(shown, columns=[*names, "inputs_far"]).rename_axis("quarter")
