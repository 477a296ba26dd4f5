"""A warning where hardly any particle counts: the likelihood's estimate is then far too low, and noisy."""

from collections.abc import Sequence
from warnings import warn

import numpy as np

from .base import Filter
from .twisted import Twisted

FEW = 5.0
"""Effective particles below which they have collapsed: the s.d. of a period's log-likelihood is then about a half."""


class CollapseWarning(UserWarning):
    """Hardly any of a filter's particles can have produced some period's data."""


def warn_of_collapse(filter: Filter, effective: np.ndarray, periods: Sequence[object]) -> None:
    """Warn where a row of `effective` (..., periods) falls below `FEW`; NaN stands for a filter without particles."""
    rows = np.atleast_2d(effective)
    collapsed = (rows < FEW).any(axis=1)
    if not collapsed.any():
        return
    row, period = np.unravel_index(int(np.nanargmin(rows)), rows.shape)
    where = f"period {periods[int(period)]}" + (
        f" (and at {collapsed.sum()} of {len(rows)} parameter values in some period)" if len(rows) > 1 else ""
    )
    cure = "more particles" if isinstance(filter, Twisted) else "more particles or the Twisted filter"
    warn(
        f"the particles collapse in {where}: {rows[row, period]:.1f} of them count there, so the log-likelihood is "
        f"noisy and most likely too low; use {cure}, or look at that period's data ({filter})",
        CollapseWarning,
        stacklevel=4,
    )
