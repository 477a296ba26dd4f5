"""The deterministic steady state as a function of idiosyncratic risk and the borrowing limit, from a table.

A tensor Chebyshev table in (log σ_s, B) gives prices, policies and distribution. Prices are smooth in both. A
histogram is not: where an asset choice passes a node, its weights have a kink. So the household block is run on
from the table: a few Euler steps and a few quarters at the table's prices, which restores what is local.
"""

import functools
from dataclasses import asdict, dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float

from ...economy.households import chebyshev
from ...economy.households.choice import Choices, Prices, choose
from ...economy.households.distribution import advance
from ...economy.households.grids import Grids
from ...economy.points import Point
from ...machine import storage
from ...machine.compiled import jit
from ...machine.errors import OutOfRangeError, SolutionFileError
from ...machine.precision import in_float64

KIND = "steady-state map"
SHIPPED = "hank_steady.npz"


class SteadyValues(NamedTuple):
    """One steady state: logs of the gross nominal rate R̄, of labour N̄ (which is output) and of the tax level,
    and by (assets, productivities) logs of the Euler equation's consumption, choices, and the distribution."""

    log_rate: Float[Array, ""]
    log_labor: Float[Array, ""]
    log_tax_level: Float[Array, ""]
    log_euler_consumption: Float[Array, "assets productivities"]
    log_consumption: Float[Array, "assets productivities"]
    distribution: Float[Array, "assets productivities"]


@dataclass(frozen=True, eq=False)
class SteadyMap:
    """A table of steady states and how it is read; a function of one (σ_s, B), for `vmap`, `jit` and `grad`.

    `coefficients`: Chebyshev, float32, shape (σ_s nodes, B nodes, 3 + 2 · assets · productivities).
    `ranges`: (lower, upper) of σ_s and of B. `parameters`: the other parameters' values. `euler_steps`,
    `quarters`: how far the household block is run on from the table.
    """

    grids: Grids
    ranges: chebyshev.Ranges
    parameters: dict[str, float]
    coefficients: Float[np.ndarray, "risks limits values"]
    euler_steps: int = 6
    quarters: int = 12

    def __call__(self, sigma_s: Float[Array, ""], borrowing_limit: Float[Array, ""]) -> SteadyValues:
        """The steady state, a pure function; meaningless outside the ranges."""
        start = self._interpolate(sigma_s, borrowing_limit)
        dtype = start.distribution.dtype
        fixed = {name: jnp.asarray(value, dtype) for name, value in self.parameters.items()}
        theta = Point({**fixed, "sigma_s": sigma_s, "borrowing_limit": borrowing_limit}, "parameter")
        wage = 1 - 1 / theta.epsilon
        real_return = jnp.exp(start.log_rate) / (theta.target * theta.growth)
        prices = Prices(wage, jnp.exp(start.log_tax_level), jnp.exp(start.log_labor) * (1 - wage), real_return)
        transition = jnp.asarray(self.grids.chain.transition, dtype)

        def euler_step(_, policy):
            later = choose(self.grids, theta, prices, policy).consumption ** -theta.sigma
            return (theta.beta * real_return * later @ transition.T) ** (-1 / theta.sigma)

        policy = jax.lax.fori_loop(0, self.euler_steps, euler_step, jnp.exp(start.log_euler_consumption))
        chosen: Choices = choose(self.grids, theta, prices, policy)
        nodes = self.grids.asset_nodes(borrowing_limit)
        quarter = lambda _, distribution: advance(self.grids, nodes, distribution, chosen.assets)
        distribution = jax.lax.fori_loop(0, self.quarters, quarter, start.distribution)
        return start._replace(
            log_euler_consumption=jnp.log(policy),
            log_consumption=jnp.log(chosen.consumption),
            distribution=_holding(nodes, distribution, theta.debt),
        )

    @in_float64
    def at(self, sigma_s: float, borrowing_limit: float) -> xr.Dataset:
        """The steady state as a labelled dataset, in levels; raises `OutOfRangeError` outside the ranges."""
        given = {"sigma_s": sigma_s, "borrowing_limit": borrowing_limit}
        for (name, value), (low, high) in zip(given.items(), self.ranges, strict=True):
            if not low <= value <= high:
                raise OutOfRangeError(
                    f"{name} = {value:g} lies outside the table's range [{low:g}, {high:g}]; choose a value inside, or "
                    "solve directly: hanknn.references.SteadyState().solve"
                )
        risk, limit = jnp.asarray(sigma_s, jnp.float64), jnp.asarray(borrowing_limit, jnp.float64)
        found = jit(self)(risk, limit)
        by_household = {
            "euler_consumption": jnp.exp(found.log_euler_consumption),
            "consumption": jnp.exp(found.log_consumption),
            "distribution": found.distribution,
        }
        scalars = {
            "rate": (jnp.exp(found.log_rate), "gross, quarterly"),
            "output": (jnp.exp(found.log_labor), "detrended"),
            "tax_level": (jnp.exp(found.log_tax_level), "level"),
        }
        return xr.Dataset(
            {name: ((), np.asarray(value), {"unit": unit}) for name, (value, unit) in scalars.items()}
            | {name: (("assets", "productivity"), np.asarray(value)) for name, value in by_household.items()},
            {
                "assets": np.asarray(self.grids.asset_nodes(limit)),
                "productivity": np.asarray(self.grids.productivity(risk)),
            },
            given,
        )

    def save(self, path: Path) -> None:
        """Write the table and everything needed to read it, atomically."""
        header = {"kind": KIND, "grids": asdict(self.grids), "ranges": self.ranges, "parameters": self.parameters}
        run_on = {"euler_steps": self.euler_steps, "quarters": self.quarters}
        storage.write(path, {**header, **run_on}, [self.coefficients])

    @staticmethod
    def load(path: Path) -> "SteadyMap":
        """Read a table; raises `SolutionFileError` for a file that is missing, damaged or something else."""
        header, arrays = storage.read(path, KIND)
        try:
            (low, high), (deepest, shallowest) = header["ranges"]
            ranges = (low, high), (deepest, shallowest)
            (coefficients,) = arrays
            return SteadyMap(
                Grids(**header["grids"]),
                ranges,
                header["parameters"],
                coefficients,
                header["euler_steps"],
                header["quarters"],
            )
        except (KeyError, TypeError, ValueError):
            raise SolutionFileError(f"'{path}' is not laid out as a {KIND}; rebuild it: hanknn steady-states") from None

    @staticmethod
    def fit(
        grids: Grids,
        ranges: chebyshev.Ranges,
        parameters: dict[str, float],
        values: Float[np.ndarray, "risks limits values"],
    ) -> "SteadyMap":
        """The table through steady states at `table_nodes`; `values` as in `pack_values`."""
        return SteadyMap(grids, ranges, parameters, chebyshev.fit(values).astype(np.float32))

    def _interpolate(self, sigma_s: Float[Array, ""], borrowing_limit: Float[Array, ""]) -> SteadyValues:
        """The table alone: its distribution may have small negative entries, which a few quarters remove."""
        values = chebyshev.value(self.coefficients, *chebyshev.places(self.ranges, sigma_s, borrowing_limit))
        policy, distribution = values[3:].reshape(2, *self.grids.shape)
        return SteadyValues(values[0], values[1], values[2], policy, policy, distribution)


def steady_state(sigma_s: Float[Array, ""], borrowing_limit: Float[Array, ""]) -> SteadyValues:
    """The steady state from the table that ships, a pure function for one point inside the ranges."""
    return shipped_map()(sigma_s, borrowing_limit)


@functools.cache
def shipped_map() -> SteadyMap:
    """The table that ships with the library."""
    with as_file(files("hanknn.models") / "weights" / SHIPPED) as path:
        return SteadyMap.load(path)


def pack_values(
    rate: float,
    labor: float,
    tax_level: float,
    euler_consumption: Float[np.ndarray, "assets productivities"],
    distribution: Float[np.ndarray, "assets productivities"],
) -> Float[np.ndarray, " values"]:
    """What the table holds of one steady state: logs of all but the distribution."""
    return np.concatenate([np.log([rate, labor, tax_level]), np.log(euler_consumption).ravel(), distribution.ravel()])


def _holding(
    nodes: Float[Array, " assets"], distribution: Float[Array, "assets productivities"], debt: Float[Array, ""]
) -> Float[Array, "assets productivities"]:
    """The distribution without negative entries, tilted by about 1e-5 so that mean assets are the debt."""
    distribution = jnp.maximum(distribution, 0)
    distribution = distribution / jnp.sum(distribution)
    shares = jnp.sum(distribution, axis=1)
    away = nodes - shares @ nodes
    tilt = (debt - shares @ nodes) / (shares @ away**2)
    return distribution * (1 + tilt * away)[:, None]
