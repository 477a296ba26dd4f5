"""Random paths of prices around a steady state: how households' values and their distribution can move."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .block import ByHousehold
from .distribution import split
from .foreseen import Foreseen, foreseen
from .steady import LEAST, AtRest, SteadySearch

QUARTERS, EVERY = 90, 6
"""A path's length, and how often it is looked at."""

PERSISTENCE = 0.5, 0.99
"""Range of the persistence with which assets and policies move along a path."""

LATER = (4, 16, 48)
"""Quarters ahead at which consumption is expected: what it will be tells how households differ today."""

Looks = tuple[Float[Array, "looks assets types"], Float[Array, "looks measures"]]
"""Deviations of log values, and of the measures' means, from the steady state."""


def measures(search: SteadySearch, vector: Float[Array, " parameters"], rest: AtRest) -> Float[Array, "m assets types"]:
    """Functions of assets and type whose means may summarise a distribution, at a steady state's choices: assets, each
    type but the last, consumption now and in some quarters."""
    theta, block = search.theta(vector), search.block
    now = search.period(theta, rest.unknowns)
    choices, nodes = block.chosen(jnp.exp(rest.log_value), now, theta), block.nodes(theta)
    risk = block.odds(now, now, theta)
    earlier = jax.vjp(lambda mass: split(nodes, mass, choices.assets) @ risk, rest.distribution)[1]
    back = lambda kept, _: (earlier(kept)[0],) * 2
    ahead = jax.lax.scan(back, choices.consumption, jnp.arange(max(LATER)))[1]
    types = [jnp.broadcast_to(one, block.shape) for one in jnp.eye(len(block.types), dtype=nodes.dtype)[:-1]]
    held = jnp.broadcast_to(nodes[:, None], block.shape)
    return jnp.stack([held, *types, choices.consumption, *(ahead[quarter - 1] for quarter in LATER)])


def random_path(
    search: SteadySearch, vector: Float[Array, " parameters"], rest: AtRest, seen: Array, key: PRNGKeyArray
) -> Looks:
    """One path: exogenous states move as they do, assets and policies at random, and households foresee all of it.

    `seen`: the measures.
    """
    model, theta, block = search.model, search.theta(vector), search.block
    calm = search.period(theta, rest.unknowns)
    first, second, third = jax.random.split(key, 3)
    low, high = PERSISTENCE
    persistence = low + (high - low) * jax.random.uniform(first, dtype=vector.dtype)
    share = jnp.asarray([model.move_of(name) for name in search.names], vector.dtype)
    unit = share * jnp.maximum(jnp.abs(rest.unknowns), LEAST)
    news = jax.random.normal(second, (QUARTERS, len(search.names)), vector.dtype)
    shocks = jax.random.normal(third, (QUARTERS, len(model.shocks)), vector.dtype)

    def onward(now, hit):
        return persistence * now + jnp.sqrt(1 - persistence**2) * hit, now

    moved = jax.lax.scan(onward, jnp.zeros(len(search.names), vector.dtype), news)[1]
    start = {name: getattr(calm, name) for name, variable in model.states.items() if not variable.shape}
    path = foreseen(search, theta, rest, start, rest.unknowns[None] + unit[None] * moved, shocks)

    def forward(mass: ByHousehold, there: Foreseen):
        assets = block.chosen(jnp.exp(there.log_value), there.now, theta).assets
        later = split(block.nodes(theta), mass, assets) @ there.odds
        return later, jnp.tensordot(seen, later - rest.distribution, 2)

    means = jax.lax.scan(forward, rest.distribution, path)[1]
    return (path.log_value - rest.log_value[None])[EVERY::EVERY], means[EVERY::EVERY]
