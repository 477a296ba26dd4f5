"""`hank`'s aggregate equations along a path that everybody foresees: prices from a guess, markets' residuals."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ...economy.points import Point
from .household_path import PricePath, Totals


class Process(NamedTuple):
    """Names of the parameters of an AR(1) shock."""

    persistence: str
    deviation: str


PROCESSES = {
    "zeta": Process("rho_zeta", "sigma_zeta"),
    "z": Process("rho_z", "sigma_z"),
    "mp": Process("rho_m", "sigma_m"),
}
"""Shocks to preferences, growth and monetary policy."""
MARKETS = ("labour", "government budget", "bonds")


class Aggregates(NamedTuple):
    """Each of shape (quarters,): logs of labour, inflation and tax level relative to the steady state, logs of the
    gross rates, and the real wage."""

    labor: Float[Array, " quarters"]
    inflation: Float[Array, " quarters"]
    tax_level: Float[Array, " quarters"]
    rate: Float[Array, " quarters"]
    notional_rate: Float[Array, " quarters"]
    wage: Float[Array, " quarters"]


class Levels(NamedTuple):
    """The steady state that the economy starts from and returns to: gross nominal rate, labour, tax level τ."""

    rate: Array | float
    labor: Array | float
    tax_level: Array | float


def prices(
    theta: Point,
    levels: Levels,
    guess: Float[Array, "3 quarters"],
    processes: Float[Array, "3 quarters_and_one"],
    bound: Bool[Array, ""] | bool,
) -> tuple[Aggregates, PricePath]:
    """What a guess of log inflation, labour and tax level (relative to the steady state) implies.

    `processes`: ζ, z and mp, one quarter longer than the guess. The rate follows from equations (75) and (76),
    the wage from the Phillips curve (74) without expectation, dividends from (73). `bound`: whether the rate is cut.
    """
    inflation, labor, tax_level = guess
    zeta, z, mp = processes
    # The steady state holds after the last quarter.
    ahead = lambda values: jnp.append(values[1:], 0.0)
    notional = jnp.log(levels.rate) + theta.theta_pi * inflation + theta.theta_y * labor + mp[:-1]
    rate = jnp.where(bound, jnp.maximum(notional, 0.0), notional)
    patience = jnp.diff(zeta)
    # Log growth factor of nominal trend output between t − 1 and t: from a nominal to a detrended real return.
    trend = jnp.log(theta.target * theta.growth) + z
    pressure = jnp.expm1(inflation) * jnp.exp(inflation)
    discounted = theta.beta * jnp.exp(patience + (1 - theta.sigma) * (ahead(labor) - labor)) * ahead(pressure)
    wage = (theta.epsilon - 1 + theta.varphi * (pressure - discounted)) / theta.epsilon
    aggregates = Aggregates(labor, inflation, tax_level, rate, notional, wage)
    last_rate = jnp.concatenate([jnp.log(levels.rate) + jnp.zeros(1), rate[:-1]])
    return aggregates, PricePath(
        log_wage=jnp.log(wage),
        log_tax_level=jnp.log(levels.tax_level) + tax_level,
        dividend=levels.labor * jnp.exp(labor) * (1 - wage),
        log_return=last_rate - trend[:-1] - inflation,
        log_discount=jnp.log(theta.beta) + patience + rate - trend[1:] - ahead(inflation),
    )


def residuals(
    theta: Point, levels: Levels, aggregates: Aggregates, path: PricePath, totals: Totals
) -> Float[Array, "3 quarters"]:
    """Equations (71) and (77) to (80): log of labour supplied over demanded, log of taxes that are needed to keep the
    debt constant and to pay interest over those collected, and bonds held less debt."""
    taxes = aggregates.wage * totals.labor - jnp.expm1(path.log_return) * theta.debt
    kept = jnp.exp(path.log_tax_level + (1 - theta.gamma) * path.log_wage) * totals.tax_power
    return jnp.stack(
        [
            jnp.log(totals.labor / levels.labor) - aggregates.labor,
            jnp.log(taxes / kept),
            totals.assets - theta.debt,
        ]
    )
