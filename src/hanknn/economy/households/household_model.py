"""An economy with a household block: an economist writes prices, markets and the household, and nothing of grids."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from ...machine.work import Report, silent
from ..model import Scalars
from ..points import Point, join
from .block import ByHousehold
from .distribution import clear, split
from .economics import HouseholdEconomics
from .making import made_tables
from .steady import LEAST
from .steady_tables import SteadyTables

TINY = 1e-7
"""Keeps a root differentiable where it is zero."""

VALUE_UNIT = 0.01
"""Size of a coefficient of the value, roughly: log points of marginal utility."""


class HouseholdModel(HouseholdEconomics):
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

    steady_tables: SteadyTables | None = None
    """What `prepared` makes once, and a solution's file keeps."""

    def prepared(self, report: Report = silent) -> "HouseholdModel":
        """With its steady states solved over its box."""
        if self.steady_tables is not None:
            return self
        return self.changed(steady_tables=made_tables(self, report))

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

    def value_of(self, now: Point, theta: Point) -> ByHousehold:
        """The expected marginal value of assets, by assets chosen and today's type."""
        steady = theta.households
        return jnp.exp(steady.log_value + jnp.tensordot(now.value, steady.modes, 1))

    def chosen(self, now: Point, theta: Point) -> tuple[Point, Point]:
        """What is seen of a period, and what households choose there."""
        seen = self.seen(now, theta)
        return seen, self.household.chosen(self.value_of(now, theta), seen, theta)

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

    def inputs(self, state: Point, theta: Point) -> Scalars:
        """Scalar states in ergodic s.d., and means over households in s.d. along random paths of prices."""
        center, scale = self.state_center(theta), self.state_scale(theta)
        scalars = [name for name, variable in self.states.items() if variable.shape == ()]
        return {
            **{name: (getattr(state, name) - center[name]) / scale[name] for name in scalars},
            **theta.households.summaries(state.distribution),
        }

    def state_center(self, theta: Point) -> Scalars:
        steady = self.steady_states(theta)
        own = {name: steady.get(name, 0.0) for name in self.states if name != "distribution"}
        return {**own, "distribution": theta.households.distribution}

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
