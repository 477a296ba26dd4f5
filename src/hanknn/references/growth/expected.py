"""The discounted marginal value of capital that is expected, and what is consumed at it."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from .economy import EXACT, GrowthEconomy, Numbers
from .surface import Axis

LEAST_KEPT = 1e-3
"""The share of capital that a step of Newton's method leaves at least: a logarithm is taken of it."""


class Along(NamedTuple):
    """Places (k, z), k the log of capital, with log Ψ(·, z) there as series in the log of next period's capital."""

    log_capital: Numbers
    z: Numbers
    series: Float[np.ndarray, "capital ..."]


class Expected(NamedTuple):
    """log Ψ as a function of next period's capital and of z, where Ψ is β E[c'^−γ α y'/k' + (1 − δ) Ψ' | z].

    A unit of capital earns its marginal product, and what is left of it is worth Ψ' next period: the price of a good,
    c^−γ, where investment is free, and less where it is at the floor. It has no kink, for shocks smooth it.
    """

    economy: GrowthEconomy
    capital: Axis
    productivity: Axis
    coefficients: Float[np.ndarray, "capital productivity"]

    @classmethod
    def through(
        cls,
        economy: GrowthEconomy,
        capital: Axis,
        productivity: Axis,
        values: Float[np.ndarray, "capital productivity"],
    ) -> "Expected":
        """The one with these values at the nodes."""
        return cls(economy, capital, productivity, capital.to_series @ values @ productivity.to_series.T)

    @property
    def values(self) -> Float[np.ndarray, "capital productivity"]:
        """At the nodes."""
        capital, productivity = self.capital, self.productivity
        return capital.basis(capital.nodes) @ self.coefficients @ productivity.basis(productivity.nodes).T

    def along(
        self, log_capital: Numbers, z: Numbers, basis: Float[np.ndarray, "... productivity"] | None = None
    ) -> Along:
        """Looked at from these places, arrays of one shape; `basis`: the polynomials in z there, where known."""
        basis = self.productivity.basis(z) if basis is None else basis
        return Along(log_capital, z, np.ascontiguousarray(np.moveaxis(basis @ self.coefficients.T, -1, 0)))

    def kept(self, at: Along, log_consumption: Numbers) -> Numbers:
        """Next period's capital."""
        capital = np.exp(at.log_capital)
        output = self.economy.output(at.log_capital, at.z, log_consumption)
        left = (1 - self.economy.delta) * capital + output - np.exp(log_consumption)
        return np.maximum(left, LEAST_KEPT * capital)

    def log_value(self, at: Along, log_consumption: Numbers) -> Numbers:
        """log Ψ where so much is consumed."""
        return self.capital.value_and_slope(at.series, np.log(self.kept(at, log_consumption)))[0]

    def consumption(self, at: Along, start: Numbers, steps: int) -> Numbers:
        """The logarithm of what is consumed without a floor: c^−γ = Ψ, by Newton's method.

        The left side falls in consumption and the right side rises: there is one solution.
        """
        found, e = start, self.economy
        for _ in range(steps):
            later = self.kept(at, found)
            value, slope = self.capital.value_and_slope(at.series, np.log(later))
            saved = e.elasticity * e.output(at.log_capital, at.z, found) - np.exp(found)
            step = (e.gamma * found + value) / (e.gamma + slope * saved / later)
            found = found - step
            if np.max(np.abs(step)) <= EXACT:
                break
        return found
