"""The household's problem by endogenous grid (Carroll 2006), given what it believes of capital."""

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ...machine.errors import SettingError
from ...machine.fixed_point import FixedPoint, fixed_point
from .curves import Curves
from .economy import KrusellSmithEconomy, Numbers
from .law import PerceivedLaw

Z, E = np.arange(2)[:, None, None, None], np.arange(2)[:, None, None]
"""States of productivity and employment, an axis each."""

Policy = Float[np.ndarray, "2 2 capital assets"]
"""Consumption (z, e, capital, assets) where next quarter's assets are the node's: the Euler equation holds there."""


class Outlook(NamedTuple):
    """What is believed of next quarter, by this quarter's z and capital: how the nodes of capital are weighted there,
    and cash and the gross return there, by next quarter's z too."""

    weights: Float[np.ndarray, "2 capital capital"]
    cash: Float[np.ndarray, "2 2 2 capital assets"]
    returns: Float[np.ndarray, "2 2 1 capital 1"]


@dataclass(frozen=True, eq=False)
class Household:
    """The problem on a grid of own assets times one of the log of aggregate capital, in all four states.

    Cubics interpolate in both. The kink where the limit starts to bind is a node of own cash by construction.
    """

    economy: KrusellSmithEconomy
    assets: Float[np.ndarray, " assets"]
    log_capital: Float[np.ndarray, " capital"]

    def __post_init__(self) -> None:
        least = float((self.cash[..., 0] - self.economy.borrowing_limit).min())
        if not least > 0:
            raise SettingError(
                f"who is unemployed at borrowing_limit {self.economy.borrowing_limit:g} has {least:.3g} left, "
                "where capital is at an end of its grid; give a higher limit or a higher mu"
            )

    @functools.cached_property
    def spline(self):
        """The weight of each node of capital at places in log capital."""
        from scipy.interpolate import CubicSpline  # slow to import

        return CubicSpline(self.log_capital, np.eye(len(self.log_capital)))

    @functools.cached_property
    def cash(self) -> Float[np.ndarray, "2 2 capital assets"]:
        """Of who holds the node's assets, at the nodes of capital."""
        return self.cash_at(np.exp(self.log_capital), self.assets)

    def cash_at(
        self, capital: Float[np.ndarray, " capital"], assets: Float[np.ndarray, " held"]
    ) -> Float[np.ndarray, "2 2 capital held"]:
        return np.asarray(self.economy.cash(assets, E, capital[:, None], Z))

    def curves(self, policy: Policy) -> Curves:
        """Consumption by cash, a curve for each state and each node of capital."""
        rows = 4 * len(self.log_capital)
        return Curves.through((policy + self.assets).reshape(rows, -1), policy.reshape(rows, -1))

    def kept(
        self, policy: Policy, cash: Float[np.ndarray, "2 2 capital held"]
    ) -> Float[np.ndarray, "2 2 capital held"]:
        """Assets kept at the nodes of capital: what the Euler equation asks for, not below the limit."""
        asked = self.curves(policy)(cash.reshape(4 * len(self.log_capital), -1)).reshape(cash.shape)
        return np.maximum(cash - asked, self.economy.borrowing_limit)

    def outlook(self, law: PerceivedLaw) -> Outlook:
        """Under this law; beyond its grid capital is believed to be at its end."""
        later = [np.clip(law(self.log_capital, z), *self.log_capital[[0, -1]]) for z in (0, 1)]
        return Outlook(
            np.stack([self.spline(logs) for logs in later]),
            np.stack([self.cash_at(np.exp(logs), self.assets) for logs in later]),
            np.stack([self.economy.gross_return(np.exp(logs)[:, None], Z) for logs in later]),
        )

    def step(self, policy: Policy, outlook: Outlook) -> Policy:
        """The policy now, where `policy` is next quarter's."""
        e, kept = self.economy, self.kept(policy, self.cash)
        # Not consumption: the spline of what is kept at the limit is the limit, and cash is known at any capital.
        later = np.einsum("zjm,vema->zveja", outlook.weights, kept)
        consumed = outlook.cash - np.maximum(later, e.borrowing_limit)
        worth = outlook.returns * marginal_utility(consumed, e.gamma)
        return (e.beta * np.einsum("zevw,zvwja->zeja", e.transition, worth)) ** (-1 / e.gamma)

    def solved(self, start: Policy, law: PerceivedLaw, tolerance: float, max_iterations: int) -> FixedPoint:
        """The policy under this law, in logs and flattened."""
        outlook = self.outlook(law)

        def step(logs):
            return np.log(self.step(np.exp(logs).reshape(start.shape), outlook)).ravel()

        begin = np.log(start).ravel()
        with np.errstate(all="ignore"):
            found = fixed_point(step, begin, tolerance, max_iterations)
        if np.isfinite(found.change):
            return found
        # Anderson's method left what policies can be.
        return fixed_point(step, begin, tolerance, max_iterations, memory=0)

    def at_other_assets(
        self, policy: Policy, assets: Float[np.ndarray, " others"]
    ) -> Float[np.ndarray, "2 2 capital others"]:
        """The policy where other assets are kept."""
        rows = 4 * len(self.log_capital)
        curves = Curves.through(np.tile(self.assets, (rows, 1)), policy.reshape(rows, -1))
        return curves(np.tile(assets, (rows, 1))).reshape(*policy.shape[:-1], -1)


def marginal_utility(consumption: Numbers, gamma: float) -> Numbers:
    return 1 / consumption if gamma == 1 else consumption**-gamma
