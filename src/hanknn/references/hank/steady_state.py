"""`hank` in its deterministic steady state: no aggregate risk, idiosyncratic risk stays (KMR section 4).

Inflation is at its target, so marginal cost and the real wage are (ε − 1)/ε; a return, output and a tax level
are left to find. They clear the markets for bonds and labour and balance the government's budget. Bond demand
rises in the return, so its root is bracketed; labour and tax level follow inside, by Broyden's method.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...economy.households import Grids, Prices
from ...economy.points import Point, unpack
from ...machine.errors import NotSolvedError, SettingError
from ...machine.precision import in_float64
from ...models.hank.parameters import PARAMETERS
from .household_block import Block, household_block
from .steady_result import DeterministicSteadyState

INNER_STEPS = 30
LARGEST_MOVE = 0.1
AIM = 0.1
"""Share of the tolerance to which markets are cleared where rounding allows it."""

BOND_SLOPE = 1.4
"""Bonds fall by about this much when the log of the return's shortfall rises by one; it sizes the first step."""


@dataclass(frozen=True)
class SteadyState:
    """Settings: grids, the largest residual of a market (relative to debt, output and taxes), the change of log
    consumption at which policies have converged, and how many iterations and bracketing steps are allowed."""

    grids: Grids = Grids()
    tolerance: float = 1e-10
    policy_tolerance: float = 1e-13
    policy_iterations: int = 20_000
    bracketing_steps: int = 40

    def __post_init__(self) -> None:
        if not (self.tolerance > 0 and self.policy_tolerance > 0 and self.policy_iterations > 0):
            raise SettingError(
                f"SteadyState has tolerance {self.tolerance}, policy_tolerance {self.policy_tolerance} and "
                f"{self.policy_iterations} policy_iterations; give positive ones"
            )

    @in_float64
    def solve(
        self,
        sigma_s: float = PARAMETERS["sigma_s"].value,
        borrowing_limit: float = PARAMETERS["borrowing_limit"].value,
        others: Mapping[str, float] | None = None,
        near: DeterministicSteadyState | None = None,
    ) -> DeterministicSteadyState:
        """The steady state at these values; `others`: further parameters by name, the rest at KMR's values.

        `near`: a steady state on grids of the same size to start from. Values outside the estimated ranges are
        allowed. Raises `SettingError` where no steady state can exist and `NotSolvedError` where none was found.
        """
        values = {**(others or {}), "sigma_s": sigma_s, "borrowing_limit": borrowing_limit}
        theta = unpack(PARAMETERS.names, jnp.asarray(PARAMETERS.resolve(values)), "parameter")
        self._require_sense(theta)
        return _Search(self, theta, near).solve()

    def _require_sense(self, theta: Point) -> None:
        low, debt, top = float(theta.borrowing_limit), float(theta.debt), self.grids.top
        if not 0 < float(theta.sigma_s) < 1 or not low < debt < top:
            raise SettingError(
                f"no steady state at sigma_s = {float(theta.sigma_s):g}, borrowing limit {low:g} and debt {debt:g} on "
                f"a grid up to {top:g}; give sigma_s in (0, 1), and limit < debt < top"
            )


@functools.partial(jax.jit, static_argnums=0)
def _evaluate(
    settings: SteadyState, theta: Point, unknowns: Float[Array, "3"], start: Float[Array, "assets productivities"]
) -> tuple[Float[Array, "3"], Block]:
    """Excess demand for bonds (relative to debt), log gaps of labour and of taxes, and the households behind them."""
    shortfall, labor, tax_level = jnp.exp(unknowns)
    wage = (theta.epsilon - 1) / theta.epsilon
    real_return = (1 - shortfall) / theta.beta
    prices = Prices(wage, tax_level, labor * (1 - wage), real_return)
    block = household_block(settings.grids, theta, prices, start, settings.policy_tolerance, settings.policy_iterations)
    after_taxes = wage * block.labor - (real_return - 1) * theta.debt
    gaps = block.assets / theta.debt - 1, block.labor / labor, after_taxes / (tax_level * block.tax_base)
    return jnp.stack([gaps[0], jnp.log(gaps[1]), jnp.log(gaps[2])]), block


class _Search:
    """The search for shortfall, labour and tax level (in logs), each try starting from the last one's policies.

    The shortfall is that of the real return from 1/β, where precautionary saving would know no end: it is
    positive and nearly proportional to σ_s².
    """

    def __init__(self, settings: SteadyState, theta: Point, near: DeterministicSteadyState | None) -> None:
        self.settings, self.theta, self.near = settings, theta, near
        nodes = settings.grids.asset_nodes(theta.borrowing_limit)
        guess = jnp.broadcast_to(0.95 + 0.02 * jnp.maximum(nodes, 0)[:, None], settings.grids.shape)
        self.policy = guess if near is None else jnp.asarray(near.euler_consumption)
        self.inner = np.array([0.0, -0.02]) if near is None else np.log([near.labor, near.tax_level])
        self.jacobian: np.ndarray | None = None
        self.found: dict[float, tuple[np.ndarray, Block]] = {}
        self.count = 0

    def solve(self) -> DeterministicSteadyState:
        guess = 0.56 * float(self.theta.sigma_s) ** 2 if self.near is None else self.near.shortfall
        shortfall = self._root(float(np.log(guess)))
        residuals, block = self.found[shortfall]
        off = float(np.abs(residuals).max())
        self._require(off <= self.settings.tolerance, f"rounding leaves a residual of {off:.1e}; allow that tolerance")
        labor, tax_level = np.exp(self.inner)
        return DeterministicSteadyState.of(
            self.settings.grids, self.theta, float(np.exp(shortfall)), labor, tax_level, block, self.count
        )

    def _root(self, guess: float) -> float:
        """The log shortfall that clears the bond market: bracketed step by step, then by Brent's method."""
        from scipy.optimize import root_scalar  # slow to import

        start = place = guess
        step = excess = self._bonds(guess)
        for _ in range(self.settings.bracketing_steps):
            if excess == 0:
                return place
            start, step = place, np.copysign(max(abs(step), 1e-6), excess)
            place = place + step / BOND_SLOPE
            before, excess = excess, self._bonds(place)
            if np.sign(before) != np.sign(excess):
                return root_scalar(self._bonds, bracket=(start, place), method="brentq", xtol=1e-14).root
            step = 2 * step
        raise self._failure("no return was found at which households hold the debt")

    def _bonds(self, shortfall: float) -> float:
        """Excess demand for bonds where the other two markets clear; zero within the share `AIM` of the tolerance.

        The tolerance itself says what is accepted where rounding stops the search before.
        """
        if shortfall not in self.found:
            self.found[shortfall] = self._clear(shortfall)
        excess = float(self.found[shortfall][0][0])
        return 0.0 if abs(excess) <= AIM * self.settings.tolerance else excess

    def _clear(self, shortfall: float) -> tuple[np.ndarray, Block]:
        """Labour and tax level by Broyden's method, the Jacobian kept from one shortfall to the next."""
        x = self.inner
        residuals, block = self._at(shortfall, x)
        if self.jacobian is None:
            tiny = 1e-4
            columns = [(self._at(shortfall, x + tiny * d)[0] - residuals)[1:] / tiny for d in np.eye(2)]
            self.jacobian = np.stack(columns, axis=1)
        for _ in range(INNER_STEPS):
            if np.abs(residuals[1:]).max() <= AIM * self.settings.tolerance:
                self.inner = x
                return residuals, block
            move = -np.linalg.solve(self.jacobian, residuals[1:])
            move *= min(1.0, LARGEST_MOVE / np.abs(move).max())
            old = residuals
            x, (residuals, block) = x + move, self._at(shortfall, x + move)
            self.jacobian += np.outer((residuals - old)[1:] - self.jacobian @ move, move) / (move @ move)
        raise self._failure("labour and taxes did not settle")

    def _at(self, shortfall: float, inner: np.ndarray) -> tuple[np.ndarray, Block]:
        residuals, block = _evaluate(self.settings, self.theta, jnp.asarray([shortfall, *inner]), self.policy)
        self.count += 1
        self._require(bool(block.settled), "households' policies did not converge")
        self._require(bool(np.isfinite(residuals).all()), "a market's residual is not finite")
        self.policy = block.euler_consumption
        return np.asarray(residuals), block

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise self._failure(what)

    def _failure(self, what: str) -> NotSolvedError:
        return NotSolvedError(
            f"no steady state at sigma_s = {float(self.theta.sigma_s):g}, borrowing_limit = "
            f"{float(self.theta.borrowing_limit):g} after {self.count} tries: {what}. Start from a neighbour "
            "(near=...), check the other parameters, or allow more policy_iterations"
        )
