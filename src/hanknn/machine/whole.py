"""Whole numbers that a user gives: counts and seeds."""

import math
import numbers
from typing import Any

from .errors import SettingError

LARGEST_SEED = 2**32 - 1


def require_seed(seed: Any) -> int:
    """The seed as an int; raises `SettingError` for anything but a whole number from 0 to 2³² − 1."""
    if not _whole(seed) or not 0 <= int(seed) <= LARGEST_SEED:
        raise SettingError(f"seed is {seed!r:.40}; it must be a whole number from 0 to {LARGEST_SEED}")
    return int(seed)


def require_whole(settings: Any, **least: int) -> None:
    """Raise `SettingError` where one of these fields of a settings object is no whole number of at least that much.

    Example: `require_whole(self, chains=1, warmup=0)`.
    """
    for name, lowest in least.items():
        value = getattr(settings, name)
        if not _whole(value) or value < lowest:
            raise SettingError(
                f"{type(settings).__name__} {name} is {value!r:.40}; it must be a whole number of at least {lowest}"
            )


def require_counts(**given: tuple[Any, int]) -> None:
    """Raise `SettingError` where one of these values is no whole number of at least that much.

    Example: `require_counts(periods=(periods, 1), burn=(burn, 0))`.
    """
    for name, (value, lowest) in given.items():
        if not _whole(value) or value < lowest:
            raise SettingError(f"{name} is {value!r:.40}; it must be a whole number of at least {lowest}")


def require_finite(**given: Any) -> None:
    """Raise `SettingError` where one of these values is no finite number."""
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
            raise SettingError(f"{name} is {value!r:.40}; it must be a finite number")


def _whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)
