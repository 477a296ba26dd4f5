"""What a user gives, and what it must be: one sentence instead of a traceback."""

import math
import numbers
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Any

from .errors import HanknnError, SettingError

LARGEST_SEED = 2**32 - 1
"""Larger ones would give the numbers of a smaller one."""

Kind = type | UnionType


def require(value: Any, kind: Kind, wanted: str, error: type[HanknnError] = SettingError) -> None:
    """Raise `error` where `value` is no `kind`; `wanted` says in words what belongs there."""
    if not isinstance(value, kind):
        line = " ".join(repr(value).split())  # a table's is many
        given = f"the class {value.__name__}" if isinstance(value, type) else f"{type(value).__name__} {line:.60}"
        raise error(f"give {wanted}, not {given}")


def require_mapping(values: Any, kind: Kind, what: str, example: str) -> None:
    """Raise `SettingError` where `values` is no mapping from names to `kind`."""
    require(values, Mapping, f"{what} as a mapping, such as {example}")
    for name, value in values.items():
        require(value, kind, f"{what} of '{name}' as in {example}")


def require_once(names: Iterable[Any], what: str, error: type[HanknnError] = SettingError) -> None:
    """Raise `error` for a name that is there twice; `what` says in a word what it names."""
    seen = set()
    for name in names:
        if name in seen:
            raise error(f"{what} '{name}' appears twice; rename or remove one")
        seen.add(name)


def require_fields(settings: Any, **wanted: tuple[Any, str]) -> None:
    """Raise `SettingError` where a field of a settings object is no value of its kind.

    Example: `require_fields(self, sampler=(Sampler, "NUTS()"))`.
    """
    for name, (kind, example) in wanted.items():
        require(getattr(settings, name), kind, f"a value such as {example} for {type(settings).__name__}'s {name}")


def require_whole(settings: Any, **least: int) -> None:
    """Raise `SettingError` where one of these fields of a settings object is no whole number of at least that much.

    Example: `require_whole(self, chains=1, warmup=0)`.
    """
    for name, lowest in least.items():
        _require_count(f"{type(settings).__name__} {name}", getattr(settings, name), lowest)


def require_counts(**given: tuple[Any, int]) -> None:
    """Raise `SettingError` where one of these values is no whole number of at least that much.

    Example: `require_counts(periods=(periods, 1), burn=(burn, 0))`.
    """
    for name, (value, lowest) in given.items():
        _require_count(name, value, lowest)


def require_within(settings: Any, interval: str, *names: str) -> None:
    """Raise `SettingError` where one of these fields is no number in an interval, whose ends belong to it or not.

    Example: `require_within(self, "(0, 1]", "power")`.
    """
    low, high = map(float, interval[1:-1].split(","))
    for name in names:
        value = getattr(settings, name)
        inside = _real(value) and low <= value <= high
        if not inside or (value == low and interval[0] == "(") or (value == high and interval[-1] == ")"):
            raise SettingError(f"{type(settings).__name__} {name} is {value!r:.40}; it must lie in {interval}")


def require_finite(**given: Any) -> None:
    """Raise `SettingError` where one of these values is no finite number."""
    for name, value in given.items():
        if not _real(value) or not math.isfinite(value):
            raise SettingError(f"{name} is {value!r:.40}; it must be a finite number")


def require_seed(seed: Any) -> int:
    """The seed as an int; raises `SettingError` for anything but a whole number from 0 to 2³² − 1."""
    if not _whole(seed) or not 0 <= int(seed) <= LARGEST_SEED:
        raise SettingError(f"seed is {seed!r:.40}; it must be a whole number from 0 to {LARGEST_SEED}")
    return int(seed)


def _require_count(name: str, value: Any, lowest: int) -> None:
    if not _whole(value) or value < lowest:
        raise SettingError(f"{name} is {value!r:.40}; it must be a whole number of at least {lowest}")


def _whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _real(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
