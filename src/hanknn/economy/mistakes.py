"""Errors inside a model's functions, told to their writer: which function, which line, what to write instead."""

import difflib
import functools
import linecache
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import jax

from ..machine.errors import HanknnError, ModelError, UnknownNameError

LONGEST = 90
"""A longer line of the user's file is cut."""


def in_writers_words(build: Callable[..., None]) -> Callable[..., None]:
    """For a constructor that takes a model and calls its functions: what they raise says where it happened.

    Errors of Python, numpy and JAX become a `ModelError`; the library's own keep their class. What is raised elsewhere
    passes through.
    """

    @functools.wraps(build)
    def wrapped(self: object, model: Any) -> None:
        try:
            build(self, model)
        except Exception as error:
            place = _place(error, model)
            if place is None:
                raise
            if isinstance(error, HanknnError):
                error.args = (f"{place.told}: {error}{_elsewhere(error, model)}",)
                raise
            raise ModelError(f"{place.told}: {_cure(error, place.line, model)}") from error

    return wrapped


class _Place(NamedTuple):
    """Where in a model an error came up, in words, and the line of the file."""

    told: str
    line: str


def _place(error: BaseException, model: Any) -> _Place | None:
    """The last line of the model's own file that was reached; None where none of its functions was running."""
    own = _codes(type(model))
    files = {code.co_filename for code in own}
    entered = last = None
    for frame, number in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        entered = entered or (own.get(code) and code)
        if entered is not None and code.co_filename in files:
            last = code, number
    if entered is None or last is None:
        return None
    code, number = last
    line = linecache.getline(code.co_filename, number).strip()
    shown = line if len(line) <= LONGEST else line[:LONGEST] + " …"
    through = "" if code in own or code.co_name.startswith("<") else f", in {code.co_name}"
    spot = f"{Path(code.co_filename).name}, line {number}" + (f": {shown}" if shown else "")
    return _Place(f"{type(model).__name__}.{own[entered]}{through} ({spot})", line)


def _codes(kind: type) -> dict[CodeType, str]:
    """The functions that a class and its parents define, but those of the protocol itself."""
    found = {}
    for parent in kind.__mro__:
        if parent.__module__ == f"{__package__}.model" or parent.__module__ in ("abc", "builtins"):
            continue
        found |= {f.__code__: name for name, f in vars(parent).items() if isinstance(f, FunctionType)}
    return found


def _cure(error: Exception, line: str, model: Any) -> str:
    """What is wrong, and what to write instead."""
    if isinstance(error, jax.errors.TracerBoolConversionError):
        return _choice(line)
    if isinstance(error, jax.errors.TracerArrayConversionError | jax.errors.ConcretizationTypeError):
        return _foreign(line)
    if isinstance(error, FloatingPointError):
        where = " ".join(getattr(error, "__notes__", ()))
        return f"not a finite number: the logarithm or root of a negative number, or a division by 0{where}"
    if isinstance(error, NameError) and error.name:
        return f"'{error.name}' is not defined{_kind_of(error.name, model)}"
    if isinstance(error, AttributeError) and error.name and error.obj is not None:
        near = difflib.get_close_matches(error.name, dir(error.obj), n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        return f"{_named(error.obj)} has no '{error.name}'{hint}"
    said = (str(error).strip() or "no more is known").splitlines()[0]
    return f"{type(error).__name__}: {said}"


def _named(thing: object) -> str:
    return getattr(thing, "__name__", None) or f"a {type(thing).__name__}"


def _choice(line: str) -> str:
    """Where Python asked whether something holds of values that are not known yet."""
    for name, other in (("max", "maximum"), ("min", "minimum")):
        if re.search(rf"(?<![\w.]){name}\(", line):
            return f"Python's {name} cannot compare a model's variables; write jnp.{other}(a, b)"
    return (
        "Python's if, and, or, not cannot be asked of a model's variables, which stand for all their values at once; "
        "write jnp.where(condition, a, b), and &, | for and, or"
    )


def _foreign(line: str) -> str:
    """Where a function asked for the number behind a variable."""
    found = re.search(r"\b(numpy|np|math)\.([\w.]*\w)", line)
    if found:
        module, name = "Python's math" if found[1] == "math" else "numpy", found[2]
        return f"{module}'s {name} cannot be used on a model's variables; write jnp.{name}"
    return (
        "numpy, scipy, math, float() and int() cannot be used on a model's variables, which stand for all their values "
        "at once; write jnp's function of that name (jnp.exp, jnp.log, …)"
    )


def _elsewhere(error: HanknnError, model: Any) -> str:
    """Where a name that was read from the wrong place belongs."""
    return _kind_of(error.name, model) if isinstance(error, UnknownNameError) else ""


def _kind_of(name: str, model: Any) -> str:
    kinds = (
        ("a parameter", model.parameters, f"theta.{name}"),
        ("a state", model.states, f"now.{name}, or next.{name} in expectands"),
        ("a policy", model.policies, f"now.{name}, or next.{name} in expectands"),
        ("a shock", model.shocks, f"shock.{name}, in transition only"),
    )
    for kind, known, written in kinds:
        if name in known:
            return f"; '{name}' is {kind}: write {written}"
    return ""
