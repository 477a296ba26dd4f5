"""The heterogeneous-agent New Keynesian model with borrowing limit and zero lower bound (KMR section 4)."""

from dataclasses import dataclass, field
from typing import NamedTuple

import jax.numpy as jnp
from jax.lax import stop_gradient
from jaxtyping import Array, Float

from ...economy.households import Choices, Grids, Prices, advance, choose
from ...economy.households.distribution import clear, gini
from ...economy.households.summaries import Steady, next_distribution, orthonormal, weight_units
from ...economy.model import Model, Scalars, filled
from ...economy.points import Point
from ...machine.errors import ModelError
from .frontier import shipped_frontier
from .parameters import PARAMETERS
from .tables import HouseholdTables, shipped_tables
from .variables import CONSTRAINTS, OBSERVABLES, SHOCKS, outputs, policies, states

NEAR = 0.006
"""How near to the bound (log rate) the regime that does not rule counts."""

BOUND_FROM = 0.7
"""Relaxation at which all shocks have their size and the bound begins to come in."""

TINY = 1e-7
"""Keeps a root differentiable where it is zero."""

PRICE_UNITS, PRESSURE_UNIT, VALUE_UNIT, RATE_UNIT = (0.005, 0.01, 0.01), 0.002, 0.01, 0.01

SATURATION = 3.0
"""S.d. at which the network's view of the distribution levels off.

A policy that goes on growing with the distribution can solve every equation on a path that leads away for ever, each
quarter's prices supported by the next one's. Where it levels off, such a path runs into residuals.
"""


class Regime(NamedTuple):
    """Log deviations of (Π, N, τ), expectations in the Phillips curve and the value's coefficients, the log rate."""

    prices: Float[Array, " 3"]
    price_pressure: Array
    value: Float[Array, " modes"]
    log_rate: Array


class Quarter(NamedTuple):
    """What households choose and what markets see of it, at given prices."""

    choices: Choices
    wage: Array
    labor: Array
    budget: Array
    bonds: Array


@dataclass(frozen=True, eq=False)
class HANK(Model):
    """Households (68)-(70), markets (71)-(73), Phillips curve (74), policy rule with bound (75)-(76), debt (77)-(81).

    Everything is detrended. The network learns what is smooth in the state: households' expected marginal value of
    assets (as coefficients on its responses to prices, see `households.summaries`), the expectation in the
    Phillips curve, and prices, all of them in either regime: with the policy rule in force, and with the rate at its
    bound. (What is to come depends on today's rate, and so has a kink in today's state, too.) The sign of the notional
    rate tells which regime rules, and `turn` lets the two meet where it is zero: no kink is left to fit. The law of
    motion clears assets exactly.

    `relaxation`: the share of the rate's movement below the bound that is allowed; `shock_share`: the share of the
    aggregate shocks' s.d. (0 and 1 in the economy itself; training starts from 1 and 0.1). `tables`: households'
    grid, steady states and summaries.
    """

    relaxation: Array | float = 0.0
    shock_share: Array | float = 1.0
    tables: HouseholdTables = field(default_factory=shipped_tables)

    name = "hank"
    parameters = PARAMETERS
    shocks = SHOCKS
    constraints, observables = CONSTRAINTS, OBSERVABLES

    @property
    def states(self):
        return states(self.tables)

    @property
    def policies(self):
        return policies(self.tables)

    @property
    def outputs(self):
        return outputs(self.tables)

    @property
    def grids(self) -> Grids:
        return self.tables.grids

    def require(self) -> None:
        """Refuse parameters that the tables were not made for: equations of one economy around another's steady state.

        Raises `ModelError` for a fixed parameter with another value, and for σ_s or B beyond a table's range.
        """
        made = {"steady states": self.tables.steady.parameters, "the twin's frontier": shipped_frontier().parameters}
        for table, name, value in ((t, name, value) for t, values in made.items() for name, value in values.items()):
            low, high = self.parameters[name].bounds
            if not low == high == value:
                other = f"{low:g}" if low == high else f"free over [{low:g}, {high:g}]"
                raise ModelError(
                    f"parameter '{name}' of model 'hank' is {other}, but its table of {table} was made for {value:g}, "
                    "and this version makes no other; leave it there"
                )
        for name, (low, high) in zip(("sigma_s", "borrowing_limit"), self.tables.steady.ranges, strict=True):
            least, most = self.parameters[name].bounds
            if not low <= least <= most <= high:
                raise ModelError(
                    f"parameter '{name}' of model 'hank' goes over [{least:g}, {most:g}], its table of steady states "
                    f"over [{low:g}, {high:g}]; give a range inside"
                )

    def relaxed(self, share):
        """The first part of the way brings the shocks to their size, the rest the bound."""
        relaxation = jnp.maximum(jnp.minimum(share / BOUND_FROM, 1), self.relaxation)
        small = jnp.maximum(share - BOUND_FROM, 0) / (1 - BOUND_FROM)
        return self.changed(relaxation=relaxation, shock_share=self.shock_share * (1 - 0.9 * small))

    def derived(self, theta: Point) -> Scalars:
        """The deterministic steady state, and what summarises households around it."""
        steady = self.tables.steady(theta.sigma_s, theta.borrowing_limit)
        modes, weights = self.tables.summaries(theta.sigma_s, theta.borrowing_limit)
        euler_consumption = jnp.exp(steady.log_euler_consumption)
        real_return = jnp.exp(steady.log_rate) / (theta.target * theta.growth)
        wage = 1 - 1 / theta.epsilon
        prices = Prices(wage, jnp.exp(steady.log_tax_level), jnp.exp(steady.log_labor) * (1 - wage), real_return)
        households = next_distribution(self.grids, theta, Steady(prices, euler_consumption, steady.distribution))
        return {
            "log_rate": steady.log_rate,
            "log_labor": steady.log_labor,
            "log_tax_level": steady.log_tax_level,
            "log_value": -jnp.log(theta.beta) - steady.log_rate - theta.sigma * steady.log_euler_consumption,
            "distribution": steady.distribution,
            "next_distribution": households,
            "value_modes": orthonormal(modes, households),
            "distribution_weights": weights,
        }

    def ahead(self, now: Point, theta: Point) -> Scalars:
        nodes, assets = self.grids.asset_nodes(theta.borrowing_limit), self.asset_choices(now, theta)
        return {
            "rate_set": self._ruling(now, theta).log_rate,
            "distribution_ahead": advance(self.grids, nodes, now.distribution, assets),
        }

    def transition(self, now: Point, shock: Point, theta: Point) -> Scalars:
        return {
            "last_rate": now.rate_set,
            "zeta": theta.rho_zeta * now.zeta + self.shock_share * theta.sigma_zeta * shock.eps_zeta,
            "z": theta.rho_z * now.z + self.shock_share * theta.sigma_z * shock.eps_z,
            "mp": theta.rho_m * now.mp + self.shock_share * theta.sigma_m * shock.eps_m,
            "distribution": now.distribution_ahead,
        }

    def asset_choices(self, now: Point, theta: Point) -> Float[Array, "assets productivities"]:
        """Next quarter's assets by today's assets and productivity, adding up to the debt exactly."""
        nodes = self.grids.asset_nodes(theta.borrowing_limit)
        chosen = self._quarter(now, self._ruling(now, theta), theta).choices.assets
        return clear(now.distribution, chosen, nodes, theta.debt)

    def expectands(self, now: Point, next: Point, theta: Point) -> Scalars:
        """The marginal value of assets (69), by asset choice and today's productivity; price pressure (74)."""
        later = self._quarter(next, self._ruling(next, theta), theta)
        transition = jnp.asarray(self.grids.chain.transition, later.wage.dtype)
        marginal = later.choices.consumption**-theta.sigma @ transition.T
        gap = next.inflation / theta.target
        return {
            "marginal_value": jnp.exp(next.zeta - next.z) / (next.inflation * theta.growth) * marginal,
            "price_pressure": jnp.exp(next.zeta) * next.labor ** (1 - theta.sigma) * (gap - 1) * gap,
        }

    def residuals(self, now: Point, expected: Point, theta: Point) -> Scalars:
        """Markets in relative units, the Phillips curve in units of marginal cost, Euler equations in log consumption.

        `euler` holds the residuals' projections on the value's modes, `euler_remainder` the root mean square of what is
        orthogonal to them: the sum of their mean squares is the mean square over households.
        """
        free, bound = self._regimes(now, theta)
        markets = self._markets(now, _choose(free.log_rate >= 0, free, bound), theta)
        off = self._markets(now, _choose(free.log_rate >= 0, bound, free), theta)
        error = (jnp.log(self._value(now.value, theta)) - jnp.log(expected.marginal_value)) / theta.sigma
        projected = jnp.tensordot(theta.value_modes, error * theta.next_distribution, 2)
        whole = jnp.sum(theta.next_distribution * error**2)
        curve = theta.beta * jnp.exp(-now.zeta) * now.labor ** (theta.sigma - 1) * theta.varphi / (theta.epsilon - 1)
        return {
            "labor_market": markets[0],
            "government_budget": markets[1],
            "bond_market": markets[2],
            "phillips_curve": curve * (now.price_pressure - expected.price_pressure),
            "euler": self.tables.summaries.modes**0.5 * projected,
            "euler_remainder": jnp.sqrt(jnp.maximum(whole - jnp.sum(projected**2), 0) + TINY**2),
            "other_regime": off * stop_gradient(jnp.exp(-0.5 * (free.log_rate / NEAR) ** 2)),
        }

    def strain(self, theta: Point) -> Array:
        """Preference shocks against those with which the representative twin has an equilibrium.

        In proportion to how much of the bound is in force: none without it.
        """
        return (1 - self.relaxation) * self.shock_share * theta.sigma_zeta / shipped_frontier()(theta)

    def slackness(self, now: Point, theta: Point) -> Scalars:
        return {"zlb": log_notional_rate(now.free[:3], now, theta)}

    def policies_from(self, state: Point, outputs: Point, theta: Point) -> Scalars:
        notional = log_notional_rate(outputs.free[:3], state, theta)
        bound = outputs.free - outputs.turn * notional / RATE_UNIT
        rules = jnp.where(notional >= 0, outputs.free, bound)
        return {
            "inflation": theta.target * jnp.exp(rules[0]),
            "labor": jnp.exp(theta.log_labor + rules[1]),
            "tax_level": jnp.exp(theta.log_tax_level + rules[2]),
            "price_pressure": rules[3],
            "value": rules[4:],
            "free": outputs.free,
            "bound": bound,
        }

    def _regimes(self, now: Point, theta: Point) -> tuple[Regime, Regime]:
        """With the rule in force, and with the rate at its bound."""
        notional = log_notional_rate(now.free[:3], now, theta)
        at_bound = self.relaxation * log_notional_rate(now.bound[:3], now, theta)
        regime = lambda found, rate: Regime(found[:3], found[3], found[4:], rate)
        return regime(now.free, notional), regime(now.bound, at_bound)

    def _ruling(self, now: Point, theta: Point) -> Regime:
        free, bound = self._regimes(now, theta)
        return _choose(free.log_rate >= 0, free, bound)

    def _value(self, value: Float[Array, " modes"], theta: Point) -> Float[Array, "assets productivities"]:
        """E[e^{ζ'} C'^{−σ}/(Π' a')] by asset choice and today's productivity."""
        return jnp.exp(theta.log_value + jnp.tensordot(value, theta.value_modes, 1))

    def _quarter(self, now: Point, regime: Regime, theta: Point) -> Quarter:
        prices = regime.prices
        inflation, labor = theta.target * jnp.exp(prices[0]), jnp.exp(theta.log_labor + prices[1])
        tax_level, gap = jnp.exp(theta.log_tax_level + prices[2]), jnp.exp(prices[0])
        pressure = theta.beta * jnp.exp(-now.zeta) * labor ** (theta.sigma - 1) * regime.price_pressure
        wage = (theta.varphi * ((gap - 1) * gap - pressure) + theta.epsilon - 1) / theta.epsilon
        real_return = jnp.exp(now.last_rate - now.z) / (inflation * theta.growth)
        euler = theta.beta * jnp.exp(regime.log_rate - now.zeta) * self._value(regime.value, theta)
        choices = choose(
            self.grids, theta, Prices(wage, tax_level, labor * (1 - wage), real_return), euler ** (-1 / theta.sigma)
        )
        mass, productivity = now.distribution, self.grids.productivity(theta.sigma_s)[None, :]
        pay = wage * productivity * choices.hours
        earned = jnp.sum(mass * pay)
        taxable = jnp.sum(mass * pay ** (1 - theta.gamma))
        due = (real_return - 1) * theta.debt
        return Quarter(
            choices,
            wage,
            jnp.log(earned / wage / labor),
            jnp.log((earned - due) / (tax_level * taxable)),
            jnp.sum(mass * choices.assets) / theta.debt - 1,
        )

    def _markets(self, now: Point, regime: Regime, theta: Point) -> Float[Array, " 3"]:
        seen = self._quarter(now, regime, theta)
        return jnp.stack([seen.labor, seen.budget, seen.bonds])

    def observe(self, now: Point, last: Point, theta: Point) -> Scalars:
        free, bound = self._regimes(now, theta)
        fallen = log_notional_rate(bound.prices, now, theta)
        nodes = self.grids.asset_nodes(theta.borrowing_limit)
        return {
            "output": 100 * (now.labor / jnp.exp(theta.log_labor) - 1),
            "output_growth": 400 * (theta.growth * jnp.exp(now.z) * now.labor / last.labor - 1),
            "inflation_rate": 400 * (now.inflation - 1),
            "interest_rate": 400 * jnp.expm1(_choose(free.log_rate >= 0, free, bound).log_rate),
            "notional_rate": 400 * jnp.expm1(jnp.where(free.log_rate >= 0, free.log_rate, fallen)),
            "in_debt": 100 * jnp.sum(now.distribution * (nodes < 0)[:, None]),
            "at_the_limit": 100 * jnp.sum(now.distribution[0]),
            "gini": gini(nodes, now.distribution),
        }

    def inputs(self, state: Point, theta: Point) -> Scalars:
        """Aggregate states in ergodic s.d., and projections of the distribution's distance from the steady state."""
        scale = self.state_scale(theta)
        moved = jnp.tensordot(theta.distribution_weights, state.distribution - theta.distribution, 2)
        return {
            "last_rate": (state.last_rate - theta.log_rate) / scale["last_rate"],
            **{name: getattr(state, name) / scale[name] for name in ("zeta", "z", "mp")},
            **{
                f"distribution_{i + 1}": SATURATION * jnp.tanh(moved[i] / unit / SATURATION)
                for i, unit in enumerate(weight_units(self.tables.summaries.ahead))
            },
        }

    def state_center(self, theta: Point) -> Scalars:
        return {"zeta": 0.0, "z": 0.0, "mp": 0.0, "last_rate": theta.log_rate, "distribution": theta.distribution}

    def policy_center(self, theta: Point) -> Scalars:
        prices = {
            "inflation": theta.target,
            "labor": jnp.exp(theta.log_labor),
            "tax_level": jnp.exp(theta.log_tax_level),
        }
        return {**filled(self.policies, 0.0), **prices}

    def answered(self, policy: Point, theta: Point) -> Scalars:
        """Those that rule: what would be in the other regime moves nobody."""
        ruling = super().answered(policy, theta)
        return {name: ruling[name] for name in ruling if name not in ("free", "bound")}

    def state_scale(self, theta: Point) -> Scalars:
        return {
            "last_rate": 0.005,
            "zeta": theta.sigma_zeta / jnp.sqrt(1 - theta.rho_zeta**2),
            "z": theta.sigma_z / jnp.sqrt(1 - theta.rho_z**2),
            "mp": theta.sigma_m / jnp.sqrt(1 - theta.rho_m**2),
            "distribution": jnp.ones(self.grids.shape),
        }

    def output_center(self, theta: Point) -> Scalars:
        return {name: jnp.zeros(variable.shape) for name, variable in self.outputs.items()}

    def output_scale(self, theta: Point) -> Scalars:
        units = jnp.array([*PRICE_UNITS, PRESSURE_UNIT, *[VALUE_UNIT] * self.tables.summaries.modes])
        return {"free": units, "turn": units}


def _choose(first: Array, one: Regime, other: Regime) -> Regime:
    return Regime(*(jnp.where(first, a, b) for a, b in zip(one, other, strict=True)))


def log_notional_rate(prices: Float[Array, " 3"], state: Point, theta: Point) -> Array:
    """log R^N of equation (75), at log deviations of inflation and output from their targets."""
    return theta.log_rate + theta.theta_pi * prices[0] + theta.theta_y * prices[1] + state.mp
