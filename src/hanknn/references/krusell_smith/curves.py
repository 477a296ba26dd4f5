"""Piecewise cubics through many tables at once, each with nodes of its own."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Curves(NamedTuple):
    """One curve a row, through its nodes with the slopes of parabolas through three neighbours; linear beyond them."""

    x: Float[np.ndarray, "curves nodes"]
    y: Float[np.ndarray, "curves nodes"]
    slopes: Float[np.ndarray, "curves nodes"]

    @classmethod
    def through(cls, x: Float[np.ndarray, "curves nodes"], y: Float[np.ndarray, "curves nodes"]) -> "Curves":
        """`x` must rise along each row."""
        width = np.diff(x, axis=1)
        chord = np.diff(y, axis=1) / width
        slopes = np.empty_like(y)
        inner = width[:, 1:] * chord[:, :-1] + width[:, :-1] * chord[:, 1:]
        slopes[:, 1:-1] = inner / (width[:, 1:] + width[:, :-1])
        slopes[:, 0] = 2 * chord[:, 0] - slopes[:, 1]
        slopes[:, -1] = 2 * chord[:, -1] - slopes[:, -2]
        return cls(x, y, slopes)

    def __call__(self, at: Float[np.ndarray, "curves places"]) -> Float[np.ndarray, "curves places"]:
        """Each curve at its own places."""
        count = self.x.shape[1]
        place = np.stack([np.searchsorted(row, places) for row, places in zip(self.x, at, strict=True)])
        left = np.clip(place - 1, 0, count - 2) + count * np.arange(len(at))[:, None]
        x, y, slopes = self.x.ravel(), self.y.ravel(), self.slopes.ravel()
        start, low, high = x[left], y[left], y[left + 1]
        width = x[left + 1] - start
        share = (at - start) / width
        beyond = share - np.clip(share, 0, 1)
        share = share - beyond
        rise, first, last = high - low, slopes[left] * width, slopes[left + 1] * width
        # Hermite's cubic; its third and second coefficients vanish where slopes are the chord's.
        cubic, square = first + last - 2 * rise, 3 * rise - 2 * first - last
        inside = low + share * (first + share * (square + share * cubic))
        return inside + beyond * np.where(beyond > 0, last, first)
