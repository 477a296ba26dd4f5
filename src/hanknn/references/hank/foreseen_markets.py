"""Markets along a foreseen path: with households exactly, or with households to first order around given prices."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...economy.households import Grids
from ...economy.points import Point
from .foreseen_equations import Aggregates, Levels, prices, residuals
from .household_path import PricePath, Totals, choices_along, totals_along
from .sequence_space import household_jacobian
from .steady_result import DeterministicSteadyState


class SteadyHouseholds(NamedTuple):
    """What a path takes from the steady state: parameters, levels, and where households start and end."""

    theta: Point
    levels: Levels
    consumption: Float[Array, "assets productivities"]
    distribution: Float[Array, "assets productivities"]

    @staticmethod
    def of(steady: DeterministicSteadyState) -> "SteadyHouseholds":
        levels = Levels(steady.rate, steady.labor, steady.tax_level)
        arrays = steady.choices.consumption, steady.distribution
        return SteadyHouseholds(*jax.tree.map(jnp.asarray, (steady.theta, levels, *arrays)))


class Markets(NamedTuple):
    """A guess, evaluated; `residuals` in the order of `MARKETS`."""

    residuals: Float[Array, "3 quarters"]
    aggregates: Aggregates
    prices: PricePath
    totals: Totals


@functools.partial(jax.jit, static_argnums=0)
def evaluate(
    grids: Grids,
    steady: SteadyHouseholds,
    guess: Float[Array, "3 quarters"],
    processes: Float[Array, "3 quarters_and_one"],
    bound: Array | bool,
) -> Markets:
    """Markets at a guess of inflation, labour and tax level (see `foreseen_equations.prices`)."""
    theta = steady.theta
    exactly = lambda path: totals_along(
        grids, theta, choices_along(grids, theta, path, steady.consumption), steady.distribution
    )
    return _markets(steady, guess, processes, bound, exactly)


@jax.jit
def newton_move(
    steady: SteadyHouseholds,
    household_jacobian: Float[Array, "totals quarters prices quarters"],
    at: Markets,
    guess: Float[Array, "3 quarters"],
    processes: Float[Array, "3 quarters_and_one"],
    bound: Array | bool,
) -> Float[Array, "3 quarters"]:
    """The change of the guess at `at` that takes its residuals away to first order, households by their Jacobian."""
    return _solve(lambda g: _around(steady, household_jacobian, at, g, processes, bound).residuals, guess, at.residuals)


@jax.jit
def first_order_change(
    steady: SteadyHouseholds,
    household_jacobian: Float[Array, "totals quarters prices quarters"],
    calm: Markets,
    processes: Float[Array, "3 quarters_and_one"],
) -> Markets:
    """Changes of everything, to first order around the steady state `calm` and without the bound, after `processes`."""
    still = jnp.zeros_like(processes)
    guess = still[:, 1:]
    near = lambda g, p: _around(steady, household_jacobian, calm, g, p, False)
    _, direct = jax.jvp(lambda p: near(guess, p).residuals, (still,), (processes,))
    move = _solve(lambda g: near(g, still).residuals, guess, direct)
    return jax.jvp(near, (guess, still), (move, processes))[1]


@functools.partial(jax.jit, static_argnums=0)
def moves_by_household(
    grids: Grids, steady: SteadyHouseholds, household_jacobian: Float[Array, "totals quarters prices quarters"]
) -> Float[Array, "3 quarters assets productivities"]:
    """Derivatives of inflation, labour and tax level (log deviations) with respect to the mass of households that stand
    at each node in quarter 0, to first order around the steady state and without the bound."""
    still = jnp.zeros((3, household_jacobian.shape[1] + 1))
    guess = still[:, 1:]
    markets = lambda start: evaluate(grids, steady._replace(distribution=start), guess, still, False)
    direct = jax.jacfwd(lambda start: markets(start).residuals)(steady.distribution)
    calm = markets(steady.distribution)
    return _solve(lambda g: _around(steady, household_jacobian, calm, g, still, False).residuals, guess, direct)


def _solve(
    function: Callable[[Array], Array], guess: Float[Array, "3 quarters"], off: Float[Array, "3 quarters *columns"]
) -> Float[Array, "3 quarters *columns"]:
    slope = jax.jacfwd(function)(guess).reshape(guess.size, guess.size)
    return -jnp.linalg.solve(slope, off.reshape(guess.size, -1)).reshape(off.shape)


def _around(
    steady: SteadyHouseholds,
    household_jacobian: Float[Array, "totals quarters prices quarters"],
    at: Markets,
    guess: Float[Array, "3 quarters"],
    processes: Float[Array, "3 quarters_and_one"],
    bound: Array | bool,
) -> Markets:
    """Markets where households react to prices other than those of `at` by the Jacobian, to be differentiated."""

    def to_first_order(path: PricePath) -> Totals:
        change = jnp.stack(path) - jnp.stack(at.prices)
        return Totals(*(jnp.stack(at.totals) + jnp.tensordot(household_jacobian, change, 2)))

    return _markets(steady, guess, processes, bound, to_first_order)


def _markets(
    steady: SteadyHouseholds,
    guess: Float[Array, "3 quarters"],
    processes: Float[Array, "3 quarters_and_one"],
    bound: Array | bool,
    households: Callable[[PricePath], Totals],
) -> Markets:
    """Markets at a guess, with households' totals as a function of prices."""
    theta, levels = steady.theta, steady.levels
    aggregates, path = prices(theta, levels, guess, processes, bound)
    totals = households(path)
    return Markets(residuals(theta, levels, aggregates, path, totals), aggregates, path, totals)


@functools.partial(jax.jit, static_argnums=(0, 2))
def jacobian(grids: Grids, steady: SteadyHouseholds, horizon: int) -> Float[Array, "totals quarters prices quarters"]:
    """Derivatives of totals with respect to prices at the steady state."""
    still = jnp.zeros((3, horizon + 1))
    _, path = prices(steady.theta, steady.levels, still[:, 1:], still, False)
    return household_jacobian(grids, steady.theta, path, steady.consumption, steady.distribution)
