"""Fixed points of slow iterations, sooner."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

MEMORY = 8
SMALLEST_SINGULAR = 1e-12

Unknowns = Float[np.ndarray, " unknowns"]


class FixedPoint(NamedTuple):
    """The last try, the largest change that one more step made, and how many were taken."""

    values: Unknowns
    change: float
    iterations: int


def fixed_point(
    step: Callable[[Unknowns], Unknowns],
    start: Unknowns,
    tolerance: float,
    max_iterations: int,
    memory: int = MEMORY,
) -> FixedPoint:
    """Anderson's acceleration (1965): the combination of the last tries whose changes cancel, moved by its change.

    With a `memory` of 0 it is one step after another: slow, and sure where combinations are no tries that make sense.
    """
    values, change, tries, changes = start, np.inf, [], []
    for iteration in range(max_iterations):
        moved = step(values) - values
        change = float(np.max(np.abs(moved)))
        if not change > tolerance:  # settled, or no number
            return FixedPoint(values, change, iteration + 1)
        tries, changes = [*tries, values][-memory - 1 :], [*changes, moved][-memory - 1 :]
        values = values + moved
        if len(tries) > 1:
            differences = np.diff(changes, axis=0).T
            # By the normal equations: a few unknowns, and a share that is off is mended by the next step.
            square = differences.T @ differences
            shares = np.linalg.lstsq(square, differences.T @ moved, rcond=SMALLEST_SINGULAR)[0]
            values = values - (np.diff(tries, axis=0).T + differences) @ shares
    return FixedPoint(values, change, max_iterations)
