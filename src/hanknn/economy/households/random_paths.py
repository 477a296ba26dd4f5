"""Random paths of prices around a steady state: how households' values and their distribution can move."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ..model import Model
from ..points import Point
from .block import ByHousehold
from .distribution import split
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

    def onward(carry, hit):
        own, moved, masses = carry
        there = dict(zip(search.names, rest.unknowns + unit * moved, strict=True))
        now = search.priced({"assets": calm.assets, **own, **there, "masses": masses}, theta)
        shock = Point(dict(zip(model.shocks, hit[1], strict=True)), "shock")
        own = {name: jnp.asarray(v, vector.dtype) for name, v in Model.moved(model, now, shock, theta).items()}
        risk = block.odds(now, Point(own), theta)
        moved = persistence * moved + jnp.sqrt(1 - persistence**2) * hit[0]
        return (own, moved, masses @ risk), (now, risk)

    start = {name: getattr(calm, name) for name, variable in model.states.items() if not variable.shape}
    begin = start, jnp.zeros(len(search.names), vector.dtype), calm.masses
    nows, risks = jax.lax.scan(onward, begin, (news, shocks))[1]
    # Types move between quarters: the value before a quarter is expected with the odds that led to it.
    before = jnp.concatenate([block.odds(calm, calm, theta)[None], risks[:-1]])

    def back(log_value: ByHousehold, there):
        return search.earlier(theta, there[0], log_value, there[1]), log_value

    values = jax.lax.scan(back, rest.log_value, (nows, before), reverse=True)[1]

    def forward(mass: ByHousehold, there):
        now, risk, log_value = there
        assets = block.chosen(jnp.exp(log_value), now, theta).assets
        later = split(block.nodes(theta), mass, assets) @ risk
        return later, jnp.tensordot(seen, later - rest.distribution, 2)

    means = jax.lax.scan(forward, rest.distribution, (nows, risks, values))[1]
    return (values - rest.log_value[None])[EVERY::EVERY], means[EVERY::EVERY]
