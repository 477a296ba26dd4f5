"""How large preference shocks may be before `hank`'s representative twin has no equilibrium, as a polynomial."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...economy.points import Point
from ...machine import storage
from ...machine.errors import SolutionFileError
from ...machine.precision import in_float64
from .parameters import PARAMETERS

KIND = "frontier"
TABLE = Path(__file__).parents[1] / "weights" / "hank_frontier.npz"

MOVING = ("sigma_s", "borrowing_limit", "varphi", "theta_pi", "theta_y")
"""What the frontier depends on. σ_s enters squared, as it does in the steady-state rate."""

FIXED = ("rho_zeta", "sigma", "eta", "epsilon", "target")
"""What else the twin shares with `hank`."""


@dataclass(frozen=True, eq=False)
class Frontier:
    """The largest s.d. of the preference shock, its log a quadratic function of `MOVING` (see `references.twin`).

    `error`: its largest relative error at frontiers that it was not fitted to. `parameters`: values of the fixed
    parameters for which it holds.
    """

    coefficients: Float[np.ndarray, " terms"]
    error: float
    parameters: Mapping[str, float]

    def __call__(self, theta: Point) -> Array:
        return jnp.exp(jnp.asarray(self.coefficients, theta.sigma_s.dtype) @ _terms(theta))

    @staticmethod
    @in_float64
    def fit(thetas: Float[np.ndarray, "rows parameters"], found: Float[np.ndarray, " rows"], unseen: int) -> "Frontier":
        """Through frontiers found at full parameter vectors; the last `unseen` rows tell its error only."""
        named = Point({name: jnp.asarray(thetas[:, PARAMETERS.names.index(name)]) for name in MOVING})
        terms = np.asarray(_terms(named)).T
        coefficients = np.linalg.lstsq(terms[:-unseen], np.log(found[:-unseen]), rcond=None)[0]
        error = np.abs(np.exp(terms[-unseen:] @ coefficients) / found[-unseen:] - 1).max()
        return Frontier(coefficients, float(error), {name: PARAMETERS[name].value for name in FIXED})

    def save(self, path: Path) -> None:
        storage.write(path, {"kind": KIND, "error": self.error, "parameters": self.parameters}, [self.coefficients])

    @staticmethod
    def load(path: Path) -> "Frontier":
        """Read it; raises `SolutionFileError` for a file that is missing, damaged or something else."""
        header, arrays = storage.read(path, KIND)
        if len(arrays) != 1 or not {"error", "parameters"} <= set(header):
            raise SolutionFileError(f"'{path}' is not laid out as a {KIND}; rebuild it: hanknn steady-states")
        return Frontier(arrays[0], header["error"], header["parameters"])


def _terms(theta: Point) -> Array:
    """One, the five parameters mapped from their ranges to [−1, 1], and their products two at a time."""
    scaled = [jnp.ones_like(theta.sigma_s)]
    for name in MOVING:
        power = 2 if name == "sigma_s" else 1
        low, high = (end**power for end in PARAMETERS[name].bounds)
        scaled.append((2 * getattr(theta, name) ** power - low - high) / (high - low))
    return jnp.stack([a * b for a, b in combinations_with_replacement(scaled, 2)])


@functools.cache
def shipped_frontier() -> Frontier:
    """The one that ships with the library."""
    return Frontier.load(TABLE)
