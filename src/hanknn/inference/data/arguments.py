"""Arguments of another kind than a function takes: one sentence instead of a traceback."""

from collections.abc import Mapping
from types import UnionType
from typing import Any

from ...economy.model import Model
from ...machine.errors import SettingError


def require(value: Any, kind: type | UnionType, wanted: str) -> None:
    """Raise `SettingError` where `value` is no `kind`; `wanted` says in words what belongs there."""
    if not isinstance(value, kind):
        line = " ".join(repr(value).split())  # a table's is many
        given = f"the class {value.__name__}" if isinstance(value, type) else f"{type(value).__name__} {line:.60}"
        raise SettingError(f"give {wanted}, not {given}")


def require_model(model: Any) -> None:
    """Raise `SettingError` for a class, a name or a solution where a model belongs."""
    example = f"{model.__name__}()" if isinstance(model, type) else "solution.model or hanknn.models.LinearNK()"
    require(model, Model, f"a model, such as {example}")


def require_mapping(values: Any, kind: type | UnionType, what: str, example: str) -> None:
    """Raise `SettingError` where `values` is no mapping from names to `kind`."""
    require(values, Mapping, f"{what} as a mapping, such as {example}")
    for name, value in values.items():
        require(value, kind, f"{what} of '{name}' as in {example}")
