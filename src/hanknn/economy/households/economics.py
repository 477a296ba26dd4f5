"""What an economist writes of an economy with households: prices, markets, the household; nothing of grids."""

from collections.abc import Mapping
from typing import Any, ClassVar

import jax.numpy as jnp
from jaxtyping import Array

from ..model import Model, Scalars
from ..points import Point, checked, join, named
from ..variable import Variable
from .block import Household

USUAL = {"assets": 0.04}
OTHERWISE = 0.01
"""How far assets and policies move where a model does not say."""


class HouseholdEconomics(Model):
    """The written part of a `HouseholdModel`, on which its steady states are solved."""

    household: ClassVar[Household]
    modes: ClassVar[int] = 20
    """Functions whose combination is the log of the expected marginal value, around its steady state's."""

    moves: ClassVar[Mapping[str, float]] = {}
    """S.d. of policies and of `assets`, roughly and relative to their level: random paths of prices go as far (default:
    `USUAL`)."""

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        if not hasattr(cls, "household"):
            return
        shape = Variable(r"$\mu_t$", "households by assets and type", "share", cls.household.shape)
        value = Variable(r"$\log E_t[V'_a]$", "expected marginal value of assets", "coefficients", (cls.modes,))
        without = lambda kind, own: {n: v for n, v in getattr(cls, kind, {}).items() if n != own}
        cls.states = {**without("states", "distribution"), "distribution": shape}
        cls.policies = {**without("policies", "value"), "value": value}
        cls.shocks = getattr(cls, "shocks", {})

    def prices(self, now: Point, theta: Point) -> Scalars:
        """What households take as given, by name; `now` holds states, policies, `assets` and `masses`."""
        return {}

    def expected(self, now: Point, next: Point, theta: Point) -> Scalars:
        """What is averaged over next period's shocks beside households' marginal value, read by `equilibrium`."""
        return {}

    def equilibrium(self, now: Point, totals: Point, expected: Point, theta: Point) -> Scalars:
        """Named conditions, zero in equilibrium; `totals`: means of what households choose, by name."""
        return {}

    def asset_supply(self, now: Point, theta: Point) -> Array | float | None:
        """What households hold at the end of the period in all, where a market must clear (default: there is none)."""
        return None

    def priced(self, now: Point, theta: Point) -> Point:
        """The same with prices."""
        prices = named(self.prices(now, theta), f"{type(self).__name__}.prices")
        return join(now, checked(prices, tuple(prices), f"{type(self).__name__}.prices", theta.dtype))

    def totals(self, now: Point, choices: Point) -> Point:
        """Means of the choices over households."""
        return Point({name: jnp.sum(now.distribution * getattr(choices, name)) for name in choices}, "total")

    def conditions(self, seen: Point, choices: Point, expected: Point, theta: Point) -> Scalars:
        """The market for assets, where there is one, and the model's own."""
        totals, supply = self.totals(seen, choices), self.asset_supply(seen, theta)
        own = self.equilibrium(seen, totals, expected, theta)
        return own if supply is None else {"asset_market": totals.assets - supply, **own}

    def steady_states(self, theta: Point) -> Mapping[str, Array | float]:
        """Scalar states in the steady state: as the model says, chains at their long-run mean."""
        means = {}
        for name, chain in self.chains.items():
            lasting = chain.lasting(name, theta)
            means[name] = lasting @ jnp.arange(len(lasting), dtype=lasting.dtype)
        return {**means, **self.steady_state(theta)}

    def move_of(self, name: str) -> float:
        """How far a policy, or assets, move, relative to their level."""
        return {**USUAL, **self.moves}.get(name, OTHERWISE)
