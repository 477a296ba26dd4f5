"""What summarises households near a steady state, over the box of (σ_s, B): a table beside the steady map's."""

import functools
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .. import storage
from . import chebyshev

KIND = "household summaries"
TABLE = Path(__file__).parent.parent / "weights" / "hank_summaries.npz"
VALUE_MODES = 8
DISTRIBUTION_WEIGHTS = 4


class SummaryMap:
    """Chebyshev series of modes and weights, `coefficients`: (σ_s nodes, B nodes, modes and weights, …)."""

    def __init__(
        self, coefficients: Float[np.ndarray, "risks limits summaries assets productivities"], ranges: chebyshev.Ranges
    ) -> None:
        self.coefficients, self.ranges = coefficients, ranges

    def __call__(
        self, sigma_s: Float[Array, ""], borrowing_limit: Float[Array, ""]
    ) -> tuple[Float[Array, "modes assets productivities"], Float[Array, "weights assets productivities"]]:
        """How expected log values move, and the functions whose means summarise a distribution (see `summaries`).

        At one point of the box; outside, the nearest edge's.
        """
        inside = (jnp.clip(at, -1, 1) for at in chebyshev.places(self.ranges, sigma_s, borrowing_limit))
        found = chebyshev.value(self.coefficients, *inside)
        return found[:VALUE_MODES], found[VALUE_MODES:]

    def save(self, path: Path) -> None:
        storage.write(path, {"kind": KIND, "ranges": self.ranges}, [self.coefficients.astype(np.float32)])

    @staticmethod
    def load(path: Path) -> "SummaryMap":
        """Read a table; raises `SolutionFileError` for a file that is missing, damaged or something else."""
        header, (coefficients,) = storage.read(path, KIND)
        (low, high), (deepest, shallowest) = header["ranges"]
        return SummaryMap(coefficients.astype(np.float64), ((low, high), (deepest, shallowest)))


@functools.cache
def summary_map() -> SummaryMap:
    """The table that ships."""
    return SummaryMap.load(TABLE)
