"""A short name for any content: two pieces of work with the same one are the same work."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .errors import SettingError


def fingerprint(*content: Any) -> str:
    """Sixteen hexadecimal digits that change with anything in `content`.

    Read to the last value: numbers (every NaN is the same one), texts, arrays with their shapes and types, tables with
    their dates and names, dataclasses with their classes, sequences in order, mappings in any order. Raises
    `SettingError` for anything else: what is not read could change unseen.

    Example: `fingerprint({"rho": 0.9}, np.zeros(3)) != fingerprint({"rho": 0.9}, np.zeros(4))`.
    """
    digest = hashlib.sha256()
    for part in _parts(content):
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()[:16]


def _parts(content: Any) -> Iterator[bytes]:
    """The content as bytes, each value after what kind of thing it is."""
    import pandas as pd  # slow to import, and the command line shows its help without it

    if content is None or isinstance(content, bool | int | str):
        yield json.dumps(content).encode()
    elif isinstance(content, float):
        yield content.hex().encode()
    elif isinstance(content, np.generic):
        yield from _parts(content.item())
    elif isinstance(content, pd.DataFrame | pd.Series):
        columns = content.columns if isinstance(content, pd.DataFrame) else [content.name]
        yield b"table"
        yield from _parts([*map(str, columns), "of", *map(str, content.index)])
        yield from _parts(content.to_numpy(np.float64))
    elif hasattr(content, "__array__"):  # NumPy's arrays and JAX's
        array = np.asarray(content)
        if array.dtype.kind not in "biufcSU":
            raise SettingError(f"a fingerprint cannot read an array of type {array.dtype}")
        if array.dtype.kind in "fc":
            array = np.where(np.isnan(array), np.asarray(np.nan, array.dtype), array)
        yield f"array {array.dtype.str} {array.shape}".encode()
        yield np.ascontiguousarray(array).tobytes()
    elif dataclasses.is_dataclass(content) and not isinstance(content, type):
        yield type(content).__name__.encode()
        yield from _parts({field.name: getattr(content, field.name) for field in dataclasses.fields(content)})
    elif isinstance(content, Mapping):
        yield f"mapping {len(content)}".encode()
        for key in sorted(content, key=str):
            yield from _parts(str(key))
            yield from _parts(content[key])
    elif isinstance(content, tuple | list):
        yield f"sequence {len(content)}".encode()
        for value in content:
            yield from _parts(value)
    else:
        raise SettingError(f"a fingerprint cannot read {type(content).__name__} ({content!r:.60})")
