"""A user's model: FILE.py:ClassName."""

import hashlib
import importlib.util
import inspect
import keyword
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hanknn

from ...machine.errors import HanknnError, ModelError, UnknownNameError


def is_own(name: str) -> bool:
    """Whether a name means a Python file, with or without a class: `C:\\models\\mine.py:Mine`."""
    return _split(name) is not None


def own_model(name: str) -> "hanknn.Model":
    """The model FILE.py:ClassName; raises `ModelError` and `UnknownNameError`."""
    file, class_name = _split(name) or (name, "")
    path = Path(file)
    if not path.is_file():
        raise ModelError(f"no file '{path}'; give your model as FILE.py:ClassName")
    module = _imported(path)
    base = hanknn.Model
    classes = {k: v for k, v in vars(module).items() if inspect.isclass(v) and issubclass(v, base) and v is not base}
    if not class_name:
        first = next((k for k, v in classes.items() if v.__module__ == module.__name__), "ClassName")
        raise ModelError(f"'{name}' names no class; give {path}:{first}")
    if class_name not in classes:
        raise UnknownNameError("model class", class_name, classes, f"'{path}'")
    missing = ", ".join(sorted(getattr(classes[class_name], "__abstractmethods__", ())))
    if missing:
        raise ModelError(f"class {class_name} of '{path}' has no function {missing}; write it, or look at its spelling")
    try:
        return classes[class_name]()
    except TypeError as error:  # arguments that nobody gives
        raise ModelError(f"'{name}' cannot be made without arguments: {error}") from error


def _split(name: str) -> tuple[str, str] | None:
    """File and class; the last colon parts them, for a path may hold others."""
    if name.endswith(".py"):
        return name, ""
    file, _, class_name = name.rpartition(":")
    return (file, class_name) if file.endswith(".py") else None


def _imported(path: Path):
    """The file as a module under a name of its own: called `random.py`, it must not stand in for Python's."""
    digest = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    name = f"hanknn_own_{digest}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ModelError(f"'{path}' is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # and there it stays, for its classes to be pickled
    try:
        with _siblings(path.resolve().parent):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise ModelError(f"'{path}' cannot be imported: {_explained(error, path)}") from error
    return module


def _explained(error: BaseException, path: Path) -> str:
    """What is wrong with a file, and the line where it is."""
    if isinstance(error, SyntaxError):
        words = [word for word in re.findall(r"(\w+)\s*=", error.text or "") if keyword.iskeyword(word)]
        hint = f"; '{words[0]}' is a word of Python's own: call it {words[0]}_" if words else ""
        return f"SyntaxError: {error}{hint} (in: {(error.text or '').strip()})"
    numbers = [n for frame, n in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == str(path)]
    where = f" (line {numbers[-1]})" if numbers else ""
    kind = "" if isinstance(error, HanknnError) else f"{type(error).__name__}: "
    return f"{kind}{error}{where}"


@contextmanager
def _siblings(folder: Path) -> Iterator[None]:
    """The file may import its neighbours; they come last, so that none stands in for another package's module."""
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
