"""A smooth function of two variables as a product of Chebyshev series, continued linearly beyond its rectangle."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from .economy import Numbers


@dataclass(frozen=True)
class Axis:
    """Chebyshev nodes over `center` ± `half`."""

    center: float
    half: float
    count: int

    @property
    def nodes(self) -> Float[np.ndarray, " nodes"]:
        return self.center + self.half * np.cos(np.pi * (np.arange(self.count) + 0.5) / self.count)

    @property
    def to_series(self) -> Float[np.ndarray, "nodes nodes"]:
        """The matrix that takes values at the nodes to coefficients."""
        k = np.arange(self.count)
        return np.cos(np.pi * np.outer(k, k + 0.5) / self.count) * np.where(k == 0, 1, 2)[:, None] / self.count

    def basis(self, places: Numbers) -> Float[np.ndarray, "... nodes"]:
        """Each polynomial at these places."""
        inside, beyond = self._split(places)
        k = np.arange(self.count)
        slope = np.where(beyond[..., None] < 0, (-1.0) ** (k + 1), 1.0) * k**2
        return np.cos(k * np.arccos(inside)[..., None]) + slope * beyond[..., None]

    def value_and_slope(self, coefficients: Float[np.ndarray, "nodes ..."], places: Numbers) -> tuple[Numbers, Numbers]:
        """A series of its own at each place, and its derivative (Clenshaw's recurrence)."""
        inside, beyond = self._split(places)
        value, before, slope, slope_before = (np.zeros_like(inside) for _ in range(4))
        for row in coefficients[:0:-1]:
            slope, slope_before = 2 * value + 2 * inside * slope - slope_before, slope
            value, before = row + 2 * inside * value - before, value
        slope, value = value + inside * slope - slope_before, coefficients[0] + inside * value - before
        return value + slope * beyond, slope / self.half

    def _split(self, places: Numbers) -> tuple[Numbers, Numbers]:
        scaled = (places - self.center) / self.half
        inside = np.clip(scaled, -1, 1)
        return inside, scaled - inside
