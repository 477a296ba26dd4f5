"""The growth economy's log-linear solution by hand: where time iteration begins, and how wide its grid is."""

from typing import NamedTuple

import numpy as np

from .economy import GrowthEconomy, Numbers


class LogLinear(NamedTuple):
    """log c = `capital` · k + `productivity` · z from the steady state, k the log of capital, of ergodic s.d.
    `capital_sd`. The floor under investment is ignored."""

    capital: float
    productivity: float
    capital_sd: float

    def consumption(self, economy: GrowthEconomy, log_capital: Numbers, z: Numbers) -> Numbers:
        """Its logarithm."""
        away = log_capital - np.log(economy.rest.capital)
        return np.log(economy.rest.consumption) + self.capital * away + self.productivity * z


def log_linear(e: GrowthEconomy) -> LogLinear:
    """Undetermined coefficients (Campbell 1994): a quadratic equation for `capital`, a linear one for `productivity`.

    With k' = m k + p z + q c, and −γ c = E[g k' + h ρ z + d c'] where the return's share is its net marginal product.
    """
    rest = e.rest
    turnover, spent = rest.output / rest.capital, rest.consumption / rest.capital
    in_z = 1 + (1 - e.alpha) / (e.eta + e.alpha)
    m = 1 - e.delta + turnover * e.alpha * in_z
    p = turnover * in_z
    q = turnover * e.elasticity - spent
    share = e.beta * e.alpha * turnover
    g, h, d = share * (e.alpha * in_z - 1), share * in_z, share * e.elasticity - e.gamma
    roots = np.roots([d * q, d * m + g * q + e.gamma, g * m]).real
    a = roots[np.argmin(np.abs(m + q * roots))]
    b = -((g + d * a) * p + h * e.rho) / (e.gamma + (g + d * a) * q + d * e.rho)
    move, hit = m + q * a, p + q * b
    ratio = (1 + move * e.rho) / ((1 - move**2) * (1 - move * e.rho))
    return LogLinear(float(a), float(b), float(np.abs(hit) * e.productivity_sd * np.sqrt(ratio)))
