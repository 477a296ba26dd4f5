"""An economy with a household block: an economist writes prices, markets and the household, and nothing of grids."""

from collections.abc import Mapping
from typing import Any, ClassVar

import jax.numpy as jnp
from jaxtyping import Array

from ..model import Model, Scalars
from ..points import Point, join
from ..variable import Variable
from .block import ByHousehold, Household
from .distribution import clear, split
from .making import made_tables
from .steady import LEAST
from .steady_tables import SteadyTables

TINY = 1e-7
"""Keeps a root differentiable where it is zero."""

USUAL = {"assets": 0.04}
OTHERWISE = 0.01
"""How far assets and policies move where a model does not say."""

VALUE_UNIT = 0.01
"""Size of a coefficient of the value, roughly: log points of marginal utility."""


class HouseholdModel(Model):
    """A model whose state holds the distribution of households over assets and types.

    Subclasses give `household` beside a model's `states`, `policies` (prices that no equation gives in closed form;
    often none), `parameters`, and:

    - `prices`: what households take as given, from states, policies and the distribution's `assets` (their mean) and
      `masses` (a share a type);
    - `equilibrium`: named conditions, one for each of the policies beside the market for assets;
    - `asset_supply`: where there is a market for assets, what households hold in all; it then clears exactly in the law
      of motion;
    - `steady_state`: states and guesses of policies, and of `assets`, where no aggregate shock happens.

    The library adds the state `distribution` and the policy `value`: coefficients of households' expected marginal
    value of assets on `modes` functions, found before training along random paths of prices (`SteadyTables`).
    """

    household: ClassVar[Household]
    modes: ClassVar[int] = 20
    """Functions whose combination is the log of the expected marginal value, around its steady state's."""

    moves: ClassVar[Mapping[str, float]] = {}
    """S.d. of policies and of `assets`, roughly and relative to their level: random paths of prices go as far (default:
    `USUAL`)."""

    steady_tables: SteadyTables | None = None
    """What `prepared` makes once, and a solution's file keeps."""

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        if "household" not in cls.__dict__:
            return
        shape = Variable(r"$\mu_t$", "households by assets and type", "share", cls.household.shape)
        value = Variable(r"$\log E_t[V'_a]$", "expected marginal value of assets", "coefficients", (cls.modes,))
        cls.states = {**cls.__dict__.get("states", {}), "distribution": shape}
        cls.policies = {**cls.__dict__.get("policies", {}), "value": value}
        if "shocks" not in cls.__dict__:
            cls.shocks = {}

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

    def prepared(self) -> "HouseholdModel":
        """With its steady states solved over its box."""
        if self.steady_tables is not None:
            return self
        return self.changed(steady_tables=made_tables(self))

    def changed(self, **attributes: Any) -> "HouseholdModel":
        other = super().changed(**attributes)
        assert isinstance(other, HouseholdModel)
        if other.steady_tables is not None and not other.steady_tables.hold_for(other.parameters):
            other.steady_tables = None
        return other

    def known(self, theta: Point) -> Mapping[str, Any]:
        own = super().known(theta)
        whole = join(theta, Point(dict(own), "parameter")) if own else theta
        assert self.steady_tables is not None
        return {**own, "households": self.steady_tables.at(whole)}

    def seen(self, now: Point, theta: Point) -> Point:
        """States and policies with the distribution's means and all prices."""
        nodes = self.household.nodes(theta)
        masses = jnp.sum(now.distribution, axis=0)
        assets = jnp.sum(now.distribution * nodes[:, None])
        return self.priced(join(now, Point({"assets": assets, "masses": masses})), theta)

    def priced(self, now: Point, theta: Point) -> Point:
        """The same with prices."""
        return join(now, Point({name: jnp.asarray(p, theta.dtype) for name, p in self.prices(now, theta).items()}))

    def value_of(self, now: Point, theta: Point) -> ByHousehold:
        """The expected marginal value of assets, by assets chosen and today's type."""
        steady = theta.households
        return jnp.exp(steady.log_value + jnp.tensordot(now.value, steady.modes, 1))

    def chosen(self, now: Point, theta: Point) -> tuple[Point, Point]:
        """What is seen of a period, and what households choose there."""
        seen = self.seen(now, theta)
        return seen, self.household.chosen(self.value_of(now, theta), seen, theta)

    def totals(self, now: Point, choices: Point) -> Point:
        """Means of the choices over households."""
        return Point({name: jnp.sum(now.distribution * getattr(choices, name)) for name in choices}, "total")

    def ahead(self, now: Point, theta: Point) -> Scalars:
        seen, choices = self.chosen(now, theta)
        nodes, supply = self.household.nodes(theta), self.asset_supply(seen, theta)
        assets = choices.assets if supply is None else clear(now.distribution, choices.assets, nodes, supply)
        return {"held": split(nodes, now.distribution, assets)}

    def moved(self, now: Point, shock: Point, theta: Point) -> Scalars:
        own = super().moved(now, shock, theta)
        risk = self.household.odds(now, Point(dict(own)), theta)
        return {**own, "distribution": now.held @ risk}

    def expectands(self, now: Point, next: Point, theta: Point) -> Scalars:
        seen, choices = self.chosen(next, theta)
        marginal = choices.marginal_value @ self.household.odds(now, next, theta).T
        return {"marginal_value": marginal, **self.expected(self.seen(now, theta), seen, theta)}

    def residuals(self, now: Point, expected: Point, theta: Point) -> Scalars:
        """Markets and the model's own conditions; Euler equations in log consumption.

        `euler` holds the residuals' projections on the value's modes, `euler_remainder` the root mean square of what is
        orthogonal to them: the sum of their mean squares is the mean square over households.
        """
        steady = theta.households
        seen, choices = self.chosen(now, theta)
        error = jnp.log(self.value_of(now, theta)) - jnp.log(expected.marginal_value)
        error = error / self.household.aversion(theta)
        projected = jnp.tensordot(steady.modes, error * steady.weights, 2)
        whole = jnp.sum(steady.weights * error**2)
        remainder = jnp.sqrt(jnp.maximum(whole - jnp.sum(projected**2), 0) + TINY**2)
        return {
            **self.conditions(seen, choices, expected, theta),
            "euler": self.modes**0.5 * projected,
            "euler_remainder": remainder,
        }

    def conditions(self, seen: Point, choices: Point, expected: Point, theta: Point) -> Scalars:
        """The market for assets, where there is one, and the model's own."""
        totals, supply = self.totals(seen, choices), self.asset_supply(seen, theta)
        own = self.equilibrium(seen, totals, expected, theta)
        return own if supply is None else {"asset_market": totals.assets - supply, **own}

    def inputs(self, state: Point, theta: Point) -> Scalars:
        """Scalar states in ergodic s.d., and means over households in s.d. along random paths of prices."""
        center, scale = self.state_center(theta), self.state_scale(theta)
        scalars = [name for name, variable in self.states.items() if variable.shape == ()]
        return {
            **{name: (getattr(state, name) - center[name]) / scale[name] for name in scalars},
            **theta.households.summaries(state.distribution),
        }

    def move_of(self, name: str) -> float:
        """How far a policy, or assets, move, relative to their level."""
        return {**USUAL, **self.moves}.get(name, OTHERWISE)

    def state_center(self, theta: Point) -> Scalars:
        steady = self.steady_states(theta)
        own = {name: steady.get(name, 0.0) for name in self.states if name != "distribution"}
        return {**own, "distribution": theta.households.distribution}

    def steady_states(self, theta: Point) -> Mapping[str, Array | float]:
        """Scalar states in the steady state: as the model says, chains at their long-run mean."""
        means = {}
        for name, chain in self.chains.items():
            lasting = chain.lasting(name, theta)
            means[name] = lasting @ jnp.arange(len(lasting), dtype=lasting.dtype)
        return {**means, **self.steady_state(theta)}

    def state_scale(self, theta: Point) -> Scalars:
        scale: dict[str, Array | float] = {name: 1.0 for name in self.states if name != "distribution"}
        for name, process in self.exogenous.items():
            scale |= process.spread(name, theta)
        return {**scale, "distribution": jnp.ones(self.household.shape)}

    def ergodic_state(self, normal: Point, theta: Point) -> Scalars:
        start = dict(super().ergodic_state(normal, theta))
        for name, chain in self.chains.items():
            start |= chain.drawn(name, getattr(normal, name), theta)
        return start

    def policy_center(self, theta: Point) -> Scalars:
        steady = {**theta.households.unknowns, "value": jnp.zeros(self.modes)}
        return {name: steady[name] for name in self.policies}

    def policy_scale(self, theta: Point) -> Scalars:
        center = self.policy_center(theta)
        own = {n: self.move_of(n) * jnp.maximum(jnp.abs(center[n]), LEAST) for n in self.policies if n != "value"}
        return {**own, "value": jnp.full(self.modes, VALUE_UNIT)}
