"""Arrays with a JSON header in one file: no pickle, written atomically, checked when read."""

import contextlib
import hashlib
import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .errors import SolutionFileError
from .files import explained

FORMAT = 2


def write(path: Path, header: dict[str, Any], arrays: Sequence[np.ndarray]) -> None:
    """Write atomically: a kill at any moment, or a full disk, leaves the old file or the new one, never half of one.

    A folder that is not there is made: what took an hour to solve must not be lost for want of one. Raises
    `SolutionFileError` where the file cannot be written.
    """
    header = {**header, "format": FORMAT, "sha256": _digest(arrays)}
    temporary = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            text = np.frombuffer(json.dumps(header).encode(), np.uint8)
            named = {"header": text, **{f"array{i:04d}": a for i, a in enumerate(arrays)}}
            np.savez(file, **named)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise SolutionFileError(f"{explained(error, path)}. What was saved there before is kept") from error


def read(path: Path, kind: str) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Header and arrays; raises `SolutionFileError` for a file that is missing, damaged or not of this kind."""
    try:
        if not path.is_file():
            raise SolutionFileError(f"no file '{path}'; check the path")
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            header = json.loads(bytes(file["header"]))
            arrays = [file[name] for name in sorted(file.files) if name != "header"]
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, UnicodeDecodeError, AttributeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise SolutionFileError(explained(error, path)) from None
        raise SolutionFileError(f"'{path}' is damaged or not a {kind} file ({type(error).__name__})") from None
    if header.get("format") != FORMAT:
        raise SolutionFileError(
            f"'{path}' has format {header.get('format')}, this version reads format {FORMAT}; "
            "solve again or install the version that wrote it"
        )
    if header.get("kind") != kind:
        raise SolutionFileError(f"'{path}' holds a {header.get('kind')}, not a {kind}")
    if header.get("sha256") != _digest(arrays):
        raise SolutionFileError(f"'{path}' is damaged: its content does not match its checksum; solve again")
    return header, arrays


def leaves_to_numpy(tree: Any) -> list[np.ndarray]:
    """The leaves of a pytree as NumPy arrays, random keys as their raw data."""
    import jax  # takes seconds: the command line shows its help without it

    return [np.asarray(jax.random.key_data(leaf) if _is_key(leaf) else leaf) for leaf in jax.tree.leaves(tree)]


def leaves_from_numpy(like: Any, arrays: Sequence[np.ndarray], path: Path) -> Any:
    """A pytree of the structure of `like`; raises `SolutionFileError` where shapes or types differ."""
    import jax

    leaves, structure = jax.tree.flatten(like)
    if len(leaves) != len(arrays):
        raise SolutionFileError(f"'{path}' holds {len(arrays)} arrays where {len(leaves)} are expected")
    restored = []
    for leaf, array in zip(leaves, arrays, strict=True):
        if _is_key(leaf):
            restored.append(jax.random.wrap_key_data(jax.numpy.asarray(array)))
            continue
        if leaf.shape != array.shape or leaf.dtype != array.dtype:
            raise SolutionFileError(
                f"'{path}' holds an array {array.dtype}{array.shape} where {leaf.dtype}{leaf.shape} is expected"
            )
        restored.append(jax.numpy.asarray(array))
    return jax.tree.unflatten(structure, restored)


def _is_key(leaf: Any) -> bool:
    import jax

    return jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _digest(arrays: Sequence[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(str((array.dtype.str, array.shape)).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
