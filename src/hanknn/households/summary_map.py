"""What summarises households near a steady state, over the box of (σ_s, B): a table beside the steady map's."""

import functools
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .. import storage

KIND = "household summaries"
TABLE = Path(__file__).parent.parent / "weights" / "hank_summaries.npz"
VALUE_MODES = 8
DISTRIBUTION_WEIGHTS = 4


class SummaryMap:
    """Chebyshev series in log σ_s and B, as one matrix.

    `coefficients`: (σ_s nodes, B nodes, modes and weights, assets, productivities); `box`: ranges of log σ_s and B.
    """

    def __init__(self, coefficients: Float[np.ndarray, "risks limits summaries assets productivities"], box) -> None:
        self.coefficients, self.box = coefficients, box

    def __call__(
        self, sigma_s: Float[Array, ""], borrowing_limit: Float[Array, ""]
    ) -> tuple[Float[Array, "modes assets productivities"], Float[Array, "weights assets productivities"]]:
        """How expected log values move, and the functions whose means summarise a distribution (see `summaries`).

        At one point of the box; outside, the nearest edge's.
        """
        risks, limits, *shape = self.coefficients.shape
        series = [
            jnp.cos(jnp.arange(order) * jnp.arccos(jnp.clip((2 * at - low - high) / (high - low), -1, 1)))
            for at, order, (low, high) in zip(
                (jnp.log(sigma_s), borrowing_limit), (risks, limits), self.box, strict=True
            )
        ]
        matrix = jnp.asarray(self.coefficients.reshape(risks * limits, -1), series[0].dtype)
        found = (jnp.outer(*series).reshape(-1) @ matrix).reshape(shape)
        return found[:VALUE_MODES], found[VALUE_MODES:]

    def save(self, path: Path) -> None:
        storage.write(path, {"kind": KIND, "box": self.box}, [self.coefficients.astype(np.float32)])

    @staticmethod
    def load(path: Path) -> "SummaryMap":
        """Read a table; raises `SolutionFileError` for a file that is missing, damaged or something else."""
        header, (coefficients,) = storage.read(path, KIND)
        return SummaryMap(coefficients.astype(np.float64), header["box"])


@functools.cache
def summary_map() -> SummaryMap:
    """The table that ships."""
    return SummaryMap.load(TABLE)
