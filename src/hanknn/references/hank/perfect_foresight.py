"""`hank` along a path that everybody foresees: nonlinear, with or without the zero lower bound, and linear.

Unknown in every quarter are inflation, labour and the tax level; rule and Phillips curve then give rate and
wage, households choose backward from the steady state and are counted forward from it, and the markets for
labour and bonds and the government's budget say how far off the guess is. Newton's method takes the household
block's Jacobian from the steady state, and everything else, the bound included, where the path stands. The
linear solution is that Jacobian at the steady state, applied to a shock (Auclert et al. 2021).
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float

from ...economy.households import Grids
from ...economy.households.distribution import split
from ...machine.errors import NotSolvedError, SettingError, ShapeError, UnknownNameError
from ...machine.precision import in_float64
from ...models.hank.parameters import PARAMETERS
from .foreseen_equations import MARKETS, PROCESSES
from .foreseen_markets import (
    Markets,
    SteadyHouseholds,
    evaluate,
    first_order_change,
    jacobian,
    moves_by_household,
    newton_move,
)
from .foreseen_path import ForeseenPath, by_household, first_order
from .steady_result import DeterministicSteadyState
from .steady_state import SteadyState

HALVINGS = 10
"""How often a Newton step is halved before it is taken as it is: at a kink no part of it need help."""


@dataclass(frozen=True)
class PerfectForesight:
    """Settings: grids, quarters after which the economy is back in its steady state, the largest residual at which
    a path is solved (labour and budget relative, bonds in units of output), and Newton steps allowed.

    `at(parameters)` gives an economy, whose `path` and `linear` answer.
    """

    grids: Grids = Grids()
    horizon: int = 150
    tolerance: float = 1e-10
    max_iterations: int = 50

    def __post_init__(self) -> None:
        if self.horizon < 20 or not self.tolerance > 0 or self.max_iterations < 1:
            raise SettingError(
                f"PerfectForesight has horizon {self.horizon}, tolerance {self.tolerance} and max_iterations "
                f"{self.max_iterations}; give at least 20 quarters, a positive tolerance and at least 1 iteration"
            )

    @in_float64
    def at(self, parameters: Mapping[str, float] | None = None) -> "ForeseenEconomy":
        """The economy at named parameter values, the rest at KMR's; its steady state takes a second or two.

        Raises `UnknownNameError` and what `SteadyState.solve` raises.
        """
        values = dict(zip(PARAMETERS.names, PARAMETERS.resolve(parameters).tolist(), strict=True))
        # Rounding alone leaves more than the default's 1e-10 at one point of the box in a hundred.
        search = SteadyState(self.grids, tolerance=1e-9)
        steady = search.solve(values.pop("sigma_s"), values.pop("borrowing_limit"), values)
        return ForeseenEconomy(self, steady)


@dataclass(frozen=True, eq=False)
class ForeseenEconomy:
    """One economy around its steady state."""

    settings: PerfectForesight
    steady: DeterministicSteadyState

    @in_float64
    def path(
        self,
        shocks: Mapping[str, float | np.ndarray],
        bound: bool = True,
        distribution: Float[np.ndarray, "assets productivities"] | None = None,
    ) -> ForeseenPath:
        """The path after `shocks`, all of which are known in quarter 0.

        `shocks`: "zeta", "z" or "mp" to the process in quarter 0, or in quarters 0, 1, …; after the last quarter
        given it decays at its own persistence. `bound`: whether the rate is cut at one. `distribution`: of households
        at the start of quarter 0, with as much debt as there is; the steady state's where none is given.
        Raises `NotSolvedError` where Newton's method does not reach the tolerance, `UnknownNameError` and `ShapeError`.
        """
        processes = self._processes(shocks)
        guess = jnp.zeros((3, self.settings.horizon))
        start = self._households if distribution is None else self._started(distribution)
        at = evaluate(self.settings.grids, start, guess, processes, bound)
        off, iteration = np.abs(at.residuals), 0
        while not off.max() <= self.settings.tolerance and iteration < self.settings.max_iterations:
            guess, at = self._newton_step(start, guess, processes, bound, at)
            off, iteration = np.abs(at.residuals), iteration + 1
        if off.max() <= self.settings.tolerance:
            at = jax.tree.map(np.asarray, at)
            return ForeseenPath(self.steady, at.aggregates, at.totals, processes, at.residuals, iteration, bound)
        market, quarter = np.unravel_index(np.argmax(off), off.shape)
        raise NotSolvedError(
            f"perfect foresight with {', '.join(shocks)}: after {self.settings.max_iterations} Newton steps a residual "
            f"of {off.max():.1e} is left ({MARKETS[market]}, quarter {quarter}); there may be no such path. Try a "
            "smaller or less persistent shock, bound=False, or a longer horizon"
        )

    @in_float64
    def linear(self, shock: str, size: float = 1.0, periods: int = 20) -> xr.Dataset:
        """First-order responses, without the bound, to an innovation of `size` standard deviations in quarter 0.

        Dimension `horizon` (quarters 0 to `periods` − 1), variables and units as in `ForeseenPath.to_dataset`.
        Raises `UnknownNameError` and `SettingError`.
        """
        if not 1 <= periods <= self.settings.horizon:
            raise SettingError(f"periods is {periods}; give 1 to {self.settings.horizon}, the horizon")
        if shock not in PROCESSES:
            raise UnknownNameError("shock", shock, PROCESSES, "hank")
        processes = self._processes({shock: size * float(getattr(self.steady.theta, PROCESSES[shock].deviation))})
        still = np.zeros_like(processes)
        calm = evaluate(self.settings.grids, self._households, still[:, 1:], still, False)
        response = first_order_change(self._households, self.household_jacobian, calm, processes)
        response = jax.tree.map(np.asarray, response)
        found = first_order(self.steady, response.aggregates, response.totals, processes)
        return found.isel(horizon=slice(periods))

    @functools.cached_property
    @in_float64
    def luck(self) -> xr.Dataset:
        """First-order responses, without the bound, to where households stand in quarter 0.

        Of output, inflation and the notional rate, to one unit of mass at each node, in the units of
        `ForeseenPath.to_dataset`; dimensions `horizon` (all quarters), `assets` and `productivity`. What households'
        own luck does to aggregates is the sum of these responses over the difference that it makes to the distribution.
        """
        moves = moves_by_household(self.settings.grids, self._households, jnp.asarray(self.household_jacobian))
        return by_household(self.steady, np.asarray(moves))

    @in_float64
    def luck_deviation(self, households: int) -> dict[str, float]:
        """S.d. that the luck of so many households adds to each variable of `luck`, in its units.

        Draws of productivity are independent over households and quarters, so the variances of what they do add up: to
        first order, at steady-state choices, without the bound. Raises `SettingError` for less than one household.
        """
        if households < 1:
            raise SettingError(f"households is {households}; give at least 1")
        grids, steady, start = self.settings.grids, self.steady, self._households.distribution
        nodes = grids.asset_nodes(jnp.asarray(steady.theta.borrowing_limit))
        chosen = np.asarray(split(nodes, start, jnp.asarray(steady.choices.assets)))
        transition = np.asarray(grids.chain.transition)

        def deviation(response: np.ndarray) -> float:
            variance = response**2 @ transition.T - (response @ transition.T) ** 2
            return float(np.sqrt(np.sum(chosen * variance) / households))

        return {str(name): deviation(values.to_numpy()) for name, values in self.luck.items()}

    @functools.cached_property
    @in_float64
    def household_jacobian(self) -> Float[np.ndarray, "totals quarters prices quarters"]:
        """Derivatives of `Totals` with respect to `PricePath` at the steady state."""
        return np.asarray(jacobian(self.settings.grids, self._households, self.settings.horizon))

    @functools.cached_property
    def _households(self) -> SteadyHouseholds:
        return SteadyHouseholds.of(self.steady)

    def _started(self, distribution: np.ndarray) -> SteadyHouseholds:
        known = self._households.distribution
        if np.shape(distribution) != known.shape or not np.isclose(np.sum(distribution), 1, atol=1e-6):
            raise ShapeError(
                f"the distribution has shape {np.shape(distribution)} and mass {np.sum(distribution):.6g}; give shares "
                f"of households at each node, shape {known.shape} (assets, productivities), that add up to one"
            )
        return self._households._replace(distribution=jnp.asarray(distribution, known.dtype))

    def _newton_step(self, start: SteadyHouseholds, guess, processes, bound: bool, at: Markets):
        """A step that is halved until the residuals' sum of squares falls."""
        move = newton_move(start, self.household_jacobian, at, guess, processes, bound)
        for halvings in range(HALVINGS):
            new = guess + move / 2**halvings
            there = evaluate(self.settings.grids, start, new, processes, bound)
            # Not a number compares as false, so steps into negative wages are halved too.
            if jnp.sum(there.residuals**2) < jnp.sum(at.residuals**2):
                return new, there
        return guess + move, evaluate(self.settings.grids, start, guess + move, processes, bound)

    def _processes(self, shocks: Mapping[str, float | np.ndarray]) -> Float[np.ndarray, "3 quarters_and_one"]:
        processes = np.zeros((3, self.settings.horizon + 1))
        for name, values in shocks.items():
            if name not in PROCESSES:
                raise UnknownNameError("shock", name, PROCESSES, "hank")
            given = np.atleast_1d(np.asarray(values, float))
            if given.ndim != 1 or not 1 <= len(given) <= self.settings.horizon or not np.isfinite(given).all():
                raise ShapeError(
                    f"shock '{name}' has shape {np.shape(values)}; give one finite number, or one for each of the "
                    f"first quarters, {self.settings.horizon} at most"
                )
            row = processes[list(PROCESSES).index(name)]
            row[: len(given)] = given
            left = np.arange(1, len(row) - len(given) + 1)
            row[len(given) :] = given[-1] * float(getattr(self.steady.theta, PROCESSES[name].persistence)) ** left
        return processes
