"""A path that households foresee: prices by unknowns and shocks, and households' values along it."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..model import Model
from ..points import Point
from .block import ByHousehold
from .steady import AtRest, SteadySearch


class Foreseen(NamedTuple):
    """Quarter by quarter: what is seen, with prices; the odds of types until the next quarter; log values."""

    now: Point
    odds: Float[Array, "quarters types types"]
    log_value: Float[Array, "quarters assets types"]


def foreseen(
    search: SteadySearch,
    theta: Point,
    rest: AtRest,
    start: dict[str, Array],
    unknowns: Float[Array, "quarters unknowns"],
    shocks: Float[Array, "quarters shocks"],
) -> Foreseen:
    """From scalar states `start`, with these unknowns; the last quarter leads to rest. Row t of `shocks` moves the
    states of row t + 1."""
    model, block = search.model, search.block
    calm = search.period(theta, rest.unknowns)

    def onward(carry, there):
        own, masses = carry
        found = dict(zip(search.names, there[0], strict=True))
        now = search.priced({"assets": calm.assets, **own, **found, "masses": masses}, theta)
        later = moved(model, now, there[1], theta)
        odds = block.odds(now, Point(later), theta)
        return (later, masses @ odds), (now, odds)

    nows, odds = jax.lax.scan(onward, (start, calm.masses), (unknowns, shocks))[1]
    # Types move between quarters: the value before a quarter is expected with the odds that led to it.
    before = jnp.concatenate([block.odds(calm, calm, theta)[None], odds[:-1]])

    def back(log_value: ByHousehold, there):
        return search.earlier(theta, there[0], log_value, there[1]), log_value

    return Foreseen(nows, odds, jax.lax.scan(back, rest.log_value, (nows, before), reverse=True)[1])


def moved(model: Model, now: Point, shocks: Float[Array, " shocks"], theta: Point) -> dict[str, Array]:
    """Next quarter's scalar states, those that a model's own laws of motion give."""
    values = Model.moved(model, now, Point(dict(zip(model.shocks, shocks, strict=True)), "shock"), theta)
    return {name: jnp.asarray(value, theta.dtype) for name, value in values.items()}
