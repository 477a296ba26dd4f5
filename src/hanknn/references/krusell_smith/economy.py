"""The Krusell-Smith economy's parameters, prices and incomes, in NumPy."""

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ...machine.errors import SettingError
from .transition import joint_transition

Numbers = Float[np.ndarray, "..."] | float
"""Numbers, or arrays that broadcast."""

States = Int[np.ndarray, "..."] | int | np.integer
"""Of productivity (0 bad, 1 good) or of employment (0 unemployed, 1 employed)."""


@dataclass(frozen=True)
class KrusellSmithEconomy:
    """Parameters at Den Haan, Judd and Juillard's values (2010, table 1); a period is a quarter.

    `beta`: discount factor. `gamma`: relative risk aversion. `alpha`: capital share. `delta`: depreciation. `l_bar`:
    hours of the employed. `mu`: benefit of the unemployed, a share of the wage. `borrowing_limit`: least assets.
    `spread`: productivity is 1 less or plus this. `unemployment_bad`, `unemployment_good`: its rates. `duration`: mean
    quarters that times stay bad, or good. `spell_bad`, `spell_good`: mean quarters of unemployment. `turning_bad`,
    `turning_good`: factors of staying unemployed (`joint_transition`).
    """

    beta: float = 0.99
    gamma: float = 1.0
    alpha: float = 0.36
    delta: float = 0.025
    l_bar: float = 1 / 0.9
    mu: float = 0.15
    borrowing_limit: float = 0.0
    spread: float = 0.01
    unemployment_bad: float = 0.10
    unemployment_good: float = 0.04
    duration: float = 8.0
    spell_bad: float = 2.5
    spell_good: float = 1.5
    turning_bad: float = 1.25
    turning_good: float = 0.75

    def __post_init__(self) -> None:
        shares = self.beta, self.alpha, self.unemployment_bad, self.unemployment_good
        if not (all(0 < share < 1 for share in shares) and 0 < self.delta <= 1):
            raise SettingError(f"{self}: give beta, alpha and both rates of unemployment in (0, 1), delta in (0, 1]")
        if not (0 <= self.spread < 1 and self.gamma > 0 and self.l_bar > 0 and self.mu >= 0):
            raise SettingError(f"{self}: give a spread in [0, 1), positive gamma and l_bar, and mu of at least 0")
        if not self.duration > 1 or not min(self.spell_bad, self.spell_good) >= 1:
            raise SettingError(f"{self}: give a duration above 1 and spells of at least 1, in quarters")

    @functools.cached_property
    def transition(self) -> Float[np.ndarray, "2 2 2 2"]:
        """Probabilities [z, e, z', e']."""
        return joint_transition(
            self.duration,
            (self.unemployment_bad, self.unemployment_good),
            (self.spell_bad, self.spell_good),
            (self.turning_bad, self.turning_good),
        )

    @functools.cached_property
    def times(self) -> Float[np.ndarray, "2 2"]:
        """Probabilities [z, z'] of productivity alone."""
        return self.transition[:, 0].sum(axis=-1)

    @functools.cached_property
    def job_chances(self) -> Float[np.ndarray, "2 2 2 2"]:
        """Probabilities [z, z', e, e'] of employment, given both states of productivity."""
        return np.moveaxis(self.transition, 2, 1) / self.times[:, :, None, None]

    @functools.cached_property
    def productivity(self) -> Float[np.ndarray, "2"]:
        return np.array([1 - self.spread, 1 + self.spread])

    @functools.cached_property
    def unemployment(self) -> Float[np.ndarray, "2"]:
        return np.array([self.unemployment_bad, self.unemployment_good])

    @functools.cached_property
    def labor(self) -> Float[np.ndarray, "2"]:
        """Hours of all."""
        return self.l_bar * (1 - self.unemployment)

    @functools.cached_property
    def tax(self) -> Float[np.ndarray, "2"]:
        """Of labour income, such that it pays the benefits."""
        return self.mu * self.unemployment / self.labor

    def gross_return(self, capital: Numbers, z: States) -> Numbers:
        """1 + r − δ."""
        ratio = np.asarray(capital) / self.labor[z]
        return 1 - self.delta + self.alpha * self.productivity[z] * ratio ** (self.alpha - 1)

    def wage(self, capital: Numbers, z: States) -> Numbers:
        ratio = np.asarray(capital) / self.labor[z]
        return (1 - self.alpha) * self.productivity[z] * ratio**self.alpha

    def income(self, employment: States, capital: Numbers, z: States) -> Numbers:
        """After taxes, or the benefit."""
        hours = np.where(np.asarray(employment) == 1, (1 - self.tax[z]) * self.l_bar, self.mu)
        return hours * self.wage(capital, z)

    def cash(self, assets: Numbers, employment: States, capital: Numbers, z: States) -> Numbers:
        """What can be consumed or kept."""
        return self.gross_return(capital, z) * assets + self.income(employment, capital, z)

    @property
    def complete_capital(self) -> float:
        """Capital at rest if households shared their risks and productivity were 1, hours their mean."""
        ratio = (self.alpha / (1 / self.beta - 1 + self.delta)) ** (1 / (1 - self.alpha))
        return float(ratio * self.labor.mean())

    @property
    def complete_persistence(self) -> float:
        """Of log capital near that rest: λ + 1/(βλ) = 1 + 1/β + β (1 − α)(r + δ) c/(γ k), its root below one."""
        rent = 1 / self.beta - 1 + self.delta
        spent = rent / self.alpha - self.delta  # consumption over capital
        half = (1 + 1 / self.beta + self.beta * (1 - self.alpha) * rent * spent / self.gamma) / 2
        return float(half - np.sqrt(half**2 - 1 / self.beta))
