"""`rbc`, and the same with a floor under investment, by time iteration at one parameter vector.

The floor, i >= floor · (steady-state investment), is that of Guerrieri and Iacoviello (2015, section 4). The unknown is
the expected marginal value of capital as a function of next period's capital and of productivity, on Chebyshev nodes:
shocks smooth it, so no kink is interpolated. Given it, consumption follows from the Euler equation or from the floor,
whichever allows less. A step looks from each node of capital at next period's consumption on a Gauss-Legendre grid of
productivity, split where the floor starts to bind, and averages with the normal density.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ...machine.errors import NotSolvedError, SettingError, ShapeError
from ...machine.fixed_point import fixed_point
from ...models import RBC
from ...solution import Values
from .economy import GrowthEconomy
from .expected import Expected
from .log_linear import LogLinear, log_linear
from .quadrature import Nodes, nodes, reach
from .solution import GrowthSolution
from .surface import Axis

NEWTON_STEPS = 2
"""A step of time iteration starts from the last one's consumption."""

LOOKS = 500
"""Places at which it is looked for where the floor starts to bind, linear in between."""

SPLITS = 12
SETTLED = 1e-3
"""How far kinks may lie from where quadrature is split, in s.d. of the shock: the mean errs by its square."""


@dataclass(frozen=True)
class GrowthTimeIteration:
    """Settings: Chebyshev nodes in the log of capital and in productivity over ± `width` ergodic s.d. (linear beyond),
    Gauss-Legendre nodes on each side of the kink, and the change at which the iteration has converged."""

    capital_nodes: int = 20
    productivity_nodes: int = 72
    width: float = 6.0
    quadrature: int = 72
    tolerance: float = 1e-9
    max_iterations: int = 2000

    def __post_init__(self) -> None:
        if min(self.capital_nodes, self.productivity_nodes, self.quadrature) < 8 or self.max_iterations < 1:
            raise SettingError("GrowthTimeIteration needs at least 8 nodes of each kind and 1 iteration")
        if not (self.width > 0 and self.tolerance > 0):
            raise SettingError(
                f"GrowthTimeIteration width is {self.width} and tolerance {self.tolerance}; give positive ones"
            )

    def solve(self, parameters: Values | None = None, floor: float | None = None) -> GrowthSolution:
        """The solution at named parameters of `rbc` (the rest at its baseline; ranges do not matter).

        `floor`: the least investment, a share of steady-state investment in [0, 1); none where it is None or minus
        infinity. Raises `UnknownNameError`, `ShapeError` for columns instead of numbers, `SettingError` for a floor
        that is no such share, and `NotSolvedError` where the iteration does not settle.
        """
        economy = _economy(parameters, floor)
        linear = log_linear(economy)
        expected = self._begin(economy, linear)
        kinks = np.zeros(self.capital_nodes)
        change, iterations = np.inf, 0
        for _ in range(SPLITS):
            step = Step(expected, linear, nodes(expected, kinks, self.quadrature))
            left = self.max_iterations - iterations
            found = fixed_point(step, expected.values.ravel(), self.tolerance, left)
            expected, change, iterations = step.surface(found.values), found.change, iterations + found.iterations
            if not change <= self.tolerance:
                break
            before, kinks = kinks, starts_to_bind(expected)
            if np.max(np.abs(kinks - before)) <= SETTLED * economy.sigma:
                return GrowthSolution(expected, linear, change, iterations)
        raise NotSolvedError(
            f"GrowthTimeIteration: after {iterations} iterations a step still changes log values by {change:.2g}, or "
            "kinks move; give more max_iterations, or other nodes or width"
        )

    def _begin(self, e: GrowthEconomy, linear: LogLinear) -> Expected:
        """The price of a good where consumption is log-linear, next period's shock being zero."""
        capital = Axis(float(np.log(e.rest.capital)), self.width * linear.capital_sd, self.capital_nodes)
        productivity = Axis(0.0, self.width * e.productivity_sd, self.productivity_nodes)
        later = linear.consumption(e, capital.nodes[:, None], e.rho * productivity.nodes)
        return Expected.through(e, capital, productivity, -e.gamma * later)


class Step:
    """A step of time iteration on log Ψ at the grid's nodes; it keeps the last consumption to start from."""

    def __init__(self, expected: Expected, linear: LogLinear, at: Nodes) -> None:
        self.expected, self.nodes = expected, at
        self.log_capital = np.broadcast_to(expected.capital.nodes[:, None], at.z.shape)
        self.consumption = linear.consumption(expected.economy, self.log_capital, at.z)

    def surface(self, values: Float[np.ndarray, " unknowns"]) -> Expected:
        """log Ψ through these values."""
        old = self.expected
        shape = old.capital.count, old.productivity.count
        return Expected.through(old.economy, old.capital, old.productivity, values.reshape(shape))

    def __call__(self, values: Float[np.ndarray, " unknowns"]) -> Float[np.ndarray, " unknowns"]:
        surface, e = self.surface(values), self.expected.economy
        at = surface.along(self.log_capital, self.nodes.z, self.nodes.basis)
        self.consumption = surface.consumption(at, self.consumption, NEWTON_STEPS)
        chosen = np.minimum(self.consumption, self.nodes.most)
        product = e.alpha * e.output(self.log_capital, self.nodes.z, chosen) / np.exp(self.log_capital)
        left = np.exp(surface.log_value(at, chosen))
        worth = product * np.exp(-e.gamma * chosen) + (1 - e.delta) * left
        # Not by BLAS, whose threads wait for each other on a busy machine.
        return np.log(e.beta * np.einsum("kzq,kq->kz", self.nodes.weights, worth)).ravel()


def starts_to_bind(expected: Expected) -> Float[np.ndarray, " capital"]:
    """The productivity below which investment is at the floor, at each node of capital; an end of what is integrated
    over where it never or always is, zero without a floor."""
    e, capital = expected.economy, expected.capital
    if e.floor == -np.inf:
        return np.zeros(capital.count)
    end = reach(expected)
    z = np.linspace(-end, end, LOOKS)
    most = e.most_consumption(capital.nodes[:, None], z)
    later = (1 - e.delta) * np.exp(capital.nodes) + e.least_investment
    log_value = capital.basis(np.log(later)) @ expected.coefficients @ expected.productivity.basis(z).T
    slack = log_value + e.gamma * most
    place = np.argmax(slack > 0, axis=1)
    rows, first = np.arange(capital.count), np.maximum(place, 1)
    low, high = slack[rows, first - 1], slack[rows, first]
    kinks = z[first] - high * (z[1] - z[0]) / (high - low)
    return np.where((slack <= 0).all(axis=1), end, np.where(place == 0, -end, kinks))


def _economy(parameters: Values | None, floor: float | None) -> GrowthEconomy:
    space = RBC.parameters
    vector = space.resolve(parameters)
    if vector.ndim > 1:
        raise ShapeError("GrowthTimeIteration solves one economy: give each parameter one number, not a column")
    least = -np.inf if floor is None else float(floor)
    if not (0 <= least < 1 or least == -np.inf):
        raise SettingError(f"floor is {floor}; give a share of steady-state investment in [0, 1), or None for no floor")
    return GrowthEconomy(**dict(zip(space.names, map(float, vector), strict=True)), floor=least)
