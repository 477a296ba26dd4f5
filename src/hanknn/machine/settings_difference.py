"""Settings as JSON keeps them, and what differs between those of two pieces of work."""

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np

from .fingerprint import fingerprint

KIND = "kind"
"""The key under which a dataclass's name stands among its fields."""
ABSENT = "absent"
LONGEST = 40
"""Characters of a value in a message."""


def described(content: Any) -> Any:
    """`content` as JSON keeps it: a dataclass as its name and fields, an array or a table as its fingerprint.

    Describing twice changes nothing, so what was read from a file compares with what is given now. Raises
    `SettingError` for anything that a fingerprint cannot read.

    Example: `described(Design())["points"] == 10_000`.
    """
    if dataclasses.is_dataclass(content) and not isinstance(content, type):
        fields = {field.name: described(getattr(content, field.name)) for field in dataclasses.fields(content)}
        return {KIND: type(content).__name__, **fields}
    if isinstance(content, Mapping):
        return {str(key): described(value) for key, value in content.items()}
    if isinstance(content, tuple | list):
        return [described(value) for value in content]
    if isinstance(content, np.generic):
        return content.item()
    if isinstance(content, PurePath):
        return str(content)
    if content is None or isinstance(content, bool | int | float | str):
        return content
    return fingerprint(content)


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """The first setting that differs: its dotted name, and both values, each at most 40 characters long; None if none.

    Values may be plain or dataclasses; of two of one class it is a field that differs. What only one side has is
    "absent" on the other.

    Example: `difference({"design": Design(6000)}, {"design": Design()}) == ("design.points", "6000", "10000")`.
    """
    return _first("", described(old), described(new))


def _first(name: str, old: Any, new: Any) -> tuple[str, str, str] | None:
    if isinstance(old, dict) and isinstance(new, dict) and old.get(KIND) == new.get(KIND):
        for key in {**old, **new}:
            found = _first(f"{name}.{key}" if name else key, old.get(key, _NOTHING), new.get(key, _NOTHING))
            if found is not None:
                return found
        return None
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        items = (_first(f"{name}[{i}]", one, other) for i, (one, other) in enumerate(zip(old, new, strict=True)))
        return next((found for found in items if found is not None), None)
    return None if _same(old, new) else (name, _short(old), _short(new))


class _Nothing:
    """Stands for a setting that one side does not have: None is a value of its own."""


_NOTHING = _Nothing()


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, float) and isinstance(new, float) and math.isnan(old) and math.isnan(new):
        return True
    return isinstance(old, bool) == isinstance(new, bool) and old == new


def _short(value: Any) -> str:
    if value is _NOTHING:
        return ABSENT
    if isinstance(value, dict) and KIND in value:
        text = str(value[KIND])
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
