"""What is known of households before an economy is solved: steady states over a box, and movements around them."""

import functools
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..parameters import ParameterSpace
from ..points import Point
from .block import ByHousehold

Moving = Mapping[str, tuple[float, float]]
"""Parameters that move the steady state, with their ranges."""


class HouseholdSteady(NamedTuple):
    """Households at one value of the parameters; arrays have shape (assets, types).

    `unknowns`: policies, and assets, by name. `log_value`: of the expected marginal value of assets. `distribution`: in
    the steady state. `modes`: orthonormal under `weights`. `measures`: functions whose means summarise a distribution;
    `mixing` turns deviations of the means into uncorrelated numbers of order one.
    """

    unknowns: dict[str, Array]
    log_value: ByHousehold
    distribution: ByHousehold
    modes: Float[Array, "modes assets types"]
    weights: ByHousehold
    measures: Float[Array, "measures assets types"]
    mixing: Float[Array, "measures measures"]

    def summaries(self, distribution: ByHousehold) -> dict[str, Array]:
        """What a network sees of a distribution."""
        seen = self.mixing @ jnp.tensordot(self.measures, distribution - self.distribution, 2)
        return {f"distribution_{i + 1}": value for i, value in enumerate(seen)}


@dataclass(frozen=True, eq=False)
class SteadyTables:
    """Steady states as polynomials of a total `degree` in the parameters that move them (`moving`), and what does not
    depend on parameters.

    `fixed`: values of those that move it, too, but were not free. `unknowns`: names, the first columns of
    `coefficients`; log values and the distribution follow. `error`: the largest error of log values, and relative one
    of unknowns, in steady states that the polynomials were not fitted to. `left`: root mean square of what the modes
    leave of log values along random paths.
    """

    moving: dict[str, tuple[float, float]]
    fixed: dict[str, float]
    degree: int
    unknowns: tuple[str, ...]
    error: float
    left: float
    coefficients: Float[np.ndarray, "terms values"]
    modes: Float[np.ndarray, "modes assets types"]
    weights: Float[np.ndarray, "assets types"]
    measures: Float[np.ndarray, "measures assets types"]
    mixing: Float[np.ndarray, "measures measures"]

    def at(self, theta: Point) -> HouseholdSteady:
        """A pure function of one point."""
        dtype, known = theta.dtype, len(self.unknowns)
        values = terms(self.moving, self.degree, theta) @ jnp.asarray(self.coefficients, dtype)
        log_value, distribution = values[known:].reshape(2, *self.weights.shape)
        arrays = (jnp.asarray(a, dtype) for a in (self.modes, self.weights, self.measures, self.mixing))
        unknowns = dict(zip(self.unknowns, values[:known], strict=True))
        return HouseholdSteady(unknowns, log_value, distribution, *arrays)

    def hold_for(self, space: ParameterSpace) -> bool:
        """Whether a box of parameters lies in the one that they were made for."""
        inside = all(low <= space[n].bounds[0] and space[n].bounds[1] <= high for n, (low, high) in self.moving.items())
        return inside and all(space[n].bounds == (value, value) for n, value in self.fixed.items())

    def described(self) -> dict[str, Any]:
        """As a file holds them, beside their `arrays`."""
        return {name: value for name, value in asdict(self).items() if name not in self.names()}

    @property
    def arrays(self) -> list[np.ndarray]:
        return [getattr(self, name) for name in self.names()]

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Of the arrays."""
        return "coefficients", "modes", "weights", "measures", "mixing"

    @classmethod
    def from_file(cls, described: Mapping[str, Any], arrays: list[np.ndarray]) -> "SteadyTables":
        """What `described` and `arrays` gave."""
        plain: dict[str, Any] = {**described, "unknowns": tuple(described["unknowns"])}
        plain["moving"] = {name: (low, high) for name, (low, high) in plain["moving"].items()}
        return cls(**plain, **dict(zip(cls.names(), arrays, strict=True)))  # pyright: ignore[reportArgumentType]


def terms(moving: Moving, degree: int, theta: Point) -> Float[Array, " terms"]:
    """Products of Chebyshev polynomials in the parameters, of a total degree of at most `degree`."""
    one = jnp.ones((), theta.dtype)
    each = []
    for name, (low, high) in moving.items():
        place = (2 * getattr(theta, name) - low - high) / (high - low)
        powers = [one, place]
        while len(powers) <= degree:
            powers.append(2 * place * powers[-1] - powers[-2])
        each.append(powers)
    factors = lambda chosen: (powers[k] for powers, k in zip(each, chosen, strict=True))
    products = (math.prod(factors(chosen), start=one) for chosen in exponents(len(each), degree))
    return jnp.stack(list(products))


@functools.cache
def exponents(variables: int, degree: int) -> tuple[tuple[int, ...], ...]:
    """Of all terms up to a total degree."""
    chosen = (c for total in range(degree + 1) for c in combinations_with_replacement(range(variables), total))
    return tuple(tuple(c.count(i) for i in range(variables)) for c in chosen)
