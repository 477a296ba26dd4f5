"""A deterministic steady state: prices, households, and what is said of them."""

import functools
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float

from ...economy.households import Choices, Grids, Prices, choose
from ...economy.households.distribution import gini
from ...economy.points import Point
from ...machine.compiled import once
from ...machine.precision import in_float64
from .household_block import Block

ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class DeterministicSteadyState:
    """What `SteadyState.solve` found; arrays over households have shape (assets, productivities).

    `rate`: R̄, gross nominal, a quarter. `real_return`: R̄/(Π̄ ā). `shortfall`: of the real return from 1/β,
    relative. `labor`: N̄, which is output Ȳ. `tax_level`: τ. `euler_consumption`: the consumption that
    equation (69) asks for at each asset choice, which is what `households.choose` reads. `evaluations`: how
    many prices were tried.
    """

    grids: Grids
    theta: Point
    shortfall: float
    labor: float
    tax_level: float
    euler_consumption: Float[np.ndarray, "assets productivities"]
    choices: Choices
    distribution: Float[np.ndarray, "assets productivities"]
    evaluations: int

    @staticmethod
    def of(
        grids: Grids, theta: Point, shortfall: float, labor: float, tax_level: float, block: Block, evaluations: int
    ) -> "DeterministicSteadyState":
        choices, policy, distribution = jax.tree.map(
            np.asarray, (block.choices, block.euler_consumption, block.distribution)
        )
        labor, tax_level = float(labor), float(tax_level)
        return DeterministicSteadyState(
            grids, theta, shortfall, labor, tax_level, policy, choices, distribution, evaluations
        )

    def _value(self, parameter: str) -> float:
        return float(getattr(self.theta, parameter))

    @property
    def real_return(self) -> float:
        return (1 - self.shortfall) / self._value("beta")

    @property
    def rate(self) -> float:
        return self.real_return * self._value("target") * self._value("growth")

    @property
    def output(self) -> float:
        return self.labor

    @property
    def wage(self) -> float:
        return 1 - 1 / self._value("epsilon")

    @property
    def prices(self) -> Prices:
        values = self.wage, self.tax_level, self.labor * (1 - self.wage), self.real_return
        return jax.tree.map(np.float64, Prices(*values))  # pyright: ignore[reportArgumentType]

    @functools.cached_property
    @in_float64
    def nodes(self) -> Float[np.ndarray, " assets"]:
        """Assets at the grid's nodes, detrended."""
        return np.asarray(self.grids.asset_nodes(self.theta.borrowing_limit))

    @functools.cached_property
    @in_float64
    def productivity(self) -> Float[np.ndarray, " productivities"]:
        """e^s at the chain's states, mean one."""
        return np.asarray(self.grids.productivity(self.theta.sigma_s))

    def mean(self, values: Float[np.ndarray, "assets productivities"] | Array) -> float:
        """The mean over households."""
        return float(np.sum(self.distribution * values))

    def residuals(self) -> pd.Series:
        """What each market is off by, detrended: bonds, labour, the government's budget, goods."""
        effective = self.productivity * self.choices.hours
        revenue = self.wage * self.mean(effective) - self.tax_level * self.mean(
            (self.wage * effective) ** (1 - self._value("gamma"))
        )
        return pd.Series(
            {
                "bonds": self.mean(self.choices.assets) - self._value("debt"),
                "labour": self.mean(effective) - self.labor,
                "government budget": (self.real_return - 1) * self._value("debt") - revenue,
                "goods": self.labor - self.mean(self.choices.consumption),
            },
            name="residual",
        ).rename_axis("market")

    @property
    def share_with_debt(self) -> float:
        """Share of households with negative assets.

        A node stands for households on both sides of it, so its own mass counts half, and shares are linear in
        between: the mass of all nodes below zero would be off by half a node's.
        """
        share = self.distribution.sum(axis=1)
        return float(np.interp(0.0, self.nodes, np.cumsum(share) - share / 2))

    @property
    def share_at_limit(self) -> float:
        """Share of households whose choice is the borrowing limit."""
        return float(self.distribution[self.choices.assets <= self.nodes[0] + ROUNDING].sum())

    @property
    @in_float64
    def gini(self) -> float:
        """Half the mean absolute difference between two households' assets, over mean assets.

        With negative assets this is still defined, and may exceed one.
        """
        return float(gini(jnp.asarray(self.nodes), jnp.asarray(self.distribution)))

    @functools.cached_property
    @in_float64
    def mpc(self) -> Float[np.ndarray, "assets productivities"]:
        """Marginal propensities to consume, in the quarter, out of one unit of cash now."""
        theta, prices = self.theta, jax.tree.map(jnp.asarray, self.prices)

        def consumption(dividend: Array) -> Array:
            return choose(self.grids, theta, prices._replace(dividend=dividend), policy).consumption

        policy = jnp.asarray(self.euler_consumption)
        # A household receives dividends in proportion to productivity.
        slope = once(lambda at: jax.jvp(consumption, (at,), (jnp.ones_like(at),))[1])(prices.dividend)
        return np.asarray(slope) / self.productivity[None, :]

    def by_assets(self) -> pd.DataFrame:
        """A row an asset node: share of households, cumulated shares of households and of assets (the Lorenz
        curve), mean consumption, hours and marginal propensity to consume there."""
        share = self.distribution.sum(axis=1)
        held = np.cumsum(share * self.nodes)
        within = self.distribution / np.maximum(share, np.finfo(float).tiny)[:, None]
        columns = {
            "share": share,
            "cumulative_share": np.cumsum(share),
            "cumulative_assets": held / held[-1],
            "consumption": (within * self.choices.consumption).sum(axis=1),
            "hours": (within * self.choices.hours).sum(axis=1),
            "mpc": (within * self.mpc).sum(axis=1),
        }
        return pd.DataFrame(columns, index=pd.Index(self.nodes, name="assets"))

    def table(self) -> pd.DataFrame:
        """What it comes to, with units, and every market's residual."""
        annual = "percent, annualised"
        rows = {
            "nominal interest rate": (400 * (self.rate - 1), annual),
            "real interest rate": (400 * (self.rate / self._value("target") - 1), annual),
            "output": (self.output, "detrended"),
            "tax level": (self.tax_level, "level"),
            "real wage": (self.wage, "detrended"),
            "share with negative assets": (100 * self.share_with_debt, "percent of households"),
            "share at the borrowing limit": (100 * self.share_at_limit, "percent of households"),
            "Gini coefficient of assets": (self.gini, "half the relative mean difference"),
            "marginal propensity to consume": (self.mean(self.mpc), "of one unit of cash, in the quarter"),
            **{f"residual: {market}": (off, "detrended") for market, off in self.residuals().items()},
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "unit"]).rename_axis("steady state")
