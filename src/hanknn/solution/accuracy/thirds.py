"""Regions of a parameter box: thirds of each range."""

import numpy as np

THIRDS = ("lower", "middle", "upper")


def thirds(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Which third of the range each value lies in: 0, 1 or 2."""
    return np.clip((3 * (values - low) / (high - low)).astype(int), 0, 2)
