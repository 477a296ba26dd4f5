"""Idiosyncratic productivity as a Markov chain (Rouwenhorst 1995; Kopecky and Suen 2010)."""

from typing import NamedTuple

import numpy as np

from ...machine.errors import SettingError


class Chain(NamedTuple):
    """Log productivity in units of its innovations' s.d. (states,), its transition matrix and stationary shares."""

    states: np.ndarray
    transition: np.ndarray
    stationary: np.ndarray


def rouwenhorst(states: int, persistence: float) -> Chain:
    """A chain with the mean, variance and autocorrelation of s' = ρ s + ε, ε ~ (0, 1), exactly.

    Raises `SettingError` for fewer than two states or a persistence outside (−1, 1).
    """
    if states < 2 or not -1 < persistence < 1:
        raise SettingError(
            f"rouwenhorst got {states} states and persistence {persistence}; give ≥ 2, and inside (−1, 1)"
        )
    stay = (1 + persistence) / 2
    matrix = np.array([[stay, 1 - stay], [1 - stay, stay]])
    for n in range(3, states + 1):
        wider = np.zeros((n, n))
        wider[:-1, :-1] += stay * matrix
        wider[:-1, 1:] += (1 - stay) * matrix
        wider[1:, :-1] += (1 - stay) * matrix
        wider[1:, 1:] += stay * matrix
        wider[1:-1] /= 2
        matrix = wider
    places = np.linspace(-1, 1, states) * np.sqrt((states - 1) / (1 - persistence**2))
    shares = np.array([1.0])
    for _ in range(states - 1):
        shares = (np.append(shares, 0) + np.append(0, shares)) / 2
    return Chain(places, matrix, shares)
