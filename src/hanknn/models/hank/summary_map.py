"""What summarises households near a steady state, over the box of (σ_s, B): a table beside the steady map's."""

import functools
from dataclasses import dataclass
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...economy.households import chebyshev
from ...economy.households.summaries import weight_units
from ...machine import storage

KIND = "household summaries"
TABLE = Path(__file__).parents[1] / "weights" / "hank_summaries.npz"


@dataclass(frozen=True, eq=False)
class SummaryMap:
    """Chebyshev series of modes and weights, `coefficients`: (σ_s nodes, B nodes, modes and weights, …).

    `ahead`: quarters ahead at which consumption is expected, see `summaries.distribution_weights`.
    """

    coefficients: Float[np.ndarray, "risks limits summaries assets productivities"]
    ranges: chebyshev.Ranges
    ahead: tuple[int, ...]

    @property
    def modes(self) -> int:
        """How many coefficients tell how households' value moves."""
        return self.coefficients.shape[2] - len(weight_units(self.ahead))

    def __call__(
        self, sigma_s: Float[Array, ""], borrowing_limit: Float[Array, ""]
    ) -> tuple[Float[Array, "modes assets productivities"], Float[Array, "weights assets productivities"]]:
        """How expected log values move, and the functions whose means summarise a distribution (see `summaries`).

        At one point of the box; outside, the nearest edge's.
        """
        inside = (jnp.clip(at, -1, 1) for at in chebyshev.places(self.ranges, sigma_s, borrowing_limit))
        found = chebyshev.value(self.coefficients, *inside)
        return found[: self.modes], found[self.modes :]

    def save(self, path: Path) -> None:
        storage.write(
            path, {"kind": KIND, "ranges": self.ranges, "ahead": self.ahead}, [self.coefficients.astype(np.float32)]
        )

    @staticmethod
    def load(path: Path) -> "SummaryMap":
        """Read a table; raises `SolutionFileError` for a file that is missing, damaged or something else."""
        header, (coefficients,) = storage.read(path, KIND)
        (low, high), (deepest, shallowest) = header["ranges"]
        ranges = (low, high), (deepest, shallowest)
        return SummaryMap(coefficients.astype(np.float64), ranges, tuple(header["ahead"]))


@functools.cache
def summary_map() -> SummaryMap:
    """The table that ships."""
    return SummaryMap.load(TABLE)
