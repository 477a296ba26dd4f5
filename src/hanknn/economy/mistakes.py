"""Errors inside a model's functions, told to their writer: which function, which line, what to write instead."""

import difflib
import functools
import inspect
import linecache
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import jax

from ..machine.errors import HanknnError, ModelError, UnknownNameError
from .model import Model

HINTS = {
    "NoneType": "; a function without return gives nothing (NoneType)",
    "tuple": "; a comma at the end of a line makes a tuple",
    "xor": "; powers are written **, as in x**2",
}
"""What is most likely behind some of Python's messages."""

PACKAGE = __name__.rpartition(".")[0]

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
                _refuse_arguments(error, model)
                raise
            if isinstance(error, HanknnError):
                error.args = (place.says(f"{error}{_elsewhere(error, model)}"),)
                raise
            raise ModelError(place.says(_cure(error, place.line, model))) from error

    return wrapped


def _refuse_arguments(error: Exception, model: Any) -> None:
    """Raise `ModelError` where a model's function does not take what it is given."""
    found = re.match(r"(?:\w+\.)*(\w+)\(\) (takes|missing|got)", str(error)) if isinstance(error, TypeError) else None
    if found and hasattr(Model, found[1]) and hasattr(type(model), found[1]):
        arguments = ", ".join(inspect.signature(getattr(Model, found[1])).parameters)
        written = f"{type(model).__name__}.{found[1]}"
        raise ModelError(f"{written} does not take what it is given; write def {found[1]}({arguments}):") from error


class _Place(NamedTuple):
    """Where in a model an error came up, in words, and the line of the file."""

    told: str
    line: str

    def says(self, what: str) -> str:
        line = self.line if len(self.line) <= LONGEST else self.line[:LONGEST] + " …"
        return f"{self.told}: {what}" + (f" (in: {line})" if line else "")


def _place(error: BaseException, model: Any) -> _Place | None:
    """The last line of the model's own file that was reached; None where none of its functions was running."""
    own = _codes(type(model))
    files = {code.co_filename for code in own}
    entered = last = None
    for frame, number in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        entered = code if entered is None and code in own else entered
        if entered is not None and code.co_filename in files:
            last = code, number
    if entered is None or last is None:
        return None
    code, number = last
    line = linecache.getline(code.co_filename, number).strip()
    through = "" if code in own or code.co_name.startswith("<") else f", in {code.co_name}"
    spot = f"{Path(code.co_filename).name}, line {number}"
    return _Place(f"{type(model).__name__}.{own[entered]}{through} ({spot})", line)


def _codes(kind: type) -> dict[CodeType, str]:
    """The functions that a class and its parents define, but those of the protocols themselves."""
    found = {}
    for parent in kind.__mro__:
        if parent not in Model.__mro__ and not parent.__module__.startswith(PACKAGE):
            own = {
                name: inspect.unwrap(f)
                for name, f in vars(parent).items()
                if isinstance(f, FunctionType) and name != "prepared"
            }
            found |= {f.__code__: name for name, f in own.items()}
    return found


def _cure(error: Exception, line: str, model: Any) -> str:
    """What is wrong, and what to write instead."""
    if isinstance(error, jax.errors.TracerBoolConversionError):
        return _choice(line)
    if isinstance(error, jax.errors.TracerArrayConversionError | jax.errors.ConcretizationTypeError):
        return _foreign(line)
    if isinstance(error, FloatingPointError):
        return str(error)
    if isinstance(error, NameError) and error.name:
        return f"'{error.name}' is not defined{_kind_of(error.name, model)}"
    if isinstance(error, AttributeError) and error.name and error.obj is not None:
        if error.obj is next:
            return "only expectands sees next period; this function reads now, and 'next' is another thing in Python"
        near = difflib.get_close_matches(error.name, dir(error.obj), n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        return f"{_named(error.obj)} has no '{error.name}'{hint}"
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    hint = next((hint for word, hint in HINTS.items() if word in said), "")
    return re.sub(r"'?\b\w*Tracer\b'?", "a value", said) + hint


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
    found = re.search(r"\b(numpy|np|math|scipy)\.([\w.]*\w)", line)
    if found:
        instead = f"jax.scipy.{found[2]}" if found[1] == "scipy" else f"jnp.{found[2]}"
        return f"{found[0]} cannot be used on a model's variables; write {instead}"
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
            return f" ('{name}' is {kind}: write {written})"
    return ""
