"""A solution by its name, file or folder."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from ..economy import Equations
from ..economy.definition import declared, definition, disagreement
from ..economy.model import Model
from ..machine import storage
from ..machine.errors import ModelError, ModelWantedError, SettingError, SolutionFileError, UnknownNameError
from ..machine.precision import in_float64
from ..machine.version import __version__
from ..models import SHIPPED, shipped
from .network_file import architecture_from, weights_from
from .solution import Solution
from .tables_file import with_tables

P = ParamSpec("P")
R = TypeVar("R")

NAMES = tuple(model.name for model in SHIPPED)
WEIGHTS = Path(__file__).parents[1] / "models" / "weights"
SOLVED = tuple(name for name in NAMES if (WEIGHTS / f"{name}.npz").exists())
"""The models whose solution ships; the others are solved in minutes."""
FILE = "solution.npz"
"""What a solution is called in a run's folder."""


@in_float64
def load(source: str | Path, model: Model | None = None) -> Solution:
    """A saved solution: a file, a run folder, or the one that ships with the library for a model's name ("nk").

    A name means what ships also where a file or folder is called so; write "./nk", or a `Path`, for that one. A model
    of your own must be passed as `model`, and so must a shipped one with other settings. Raises `SolutionFileError`
    where the file is missing, damaged or of another model, or where the model ships without one, and
    `UnknownNameError` for an unknown name.

    Example: `load("rank")`, `load("runs/first")`, `load("growth.npz", Growth())`.
    """
    path = Path(source)
    if source in SOLVED:
        path = WEIGHTS / f"{source}.npz"
    elif path.is_dir():
        path = path / FILE
    elif source in NAMES and not path.exists():
        raise SolutionFileError(
            f"model '{source}' ships without a solution; solve it first, a minute or two: 'hanknn solve {source} --out "
            f"runs/{source}', then give 'runs/{source}' (in Python: hanknn.solve('{source}').solution)"
        )
    elif not path.suffix and not path.exists():
        raise UnknownNameError("solution", str(source), SOLVED, "the library, and no such file exists")
    header, arrays = storage.read(path, "solution")
    if model is None:
        if header["model"] not in NAMES:
            raise ModelWantedError(path, header["model"])
        model = _narrowed(shipped(header["model"]), header["definition"]["parameters"])
    model, arrays = with_tables(model, header, arrays)
    known = Equations(model)
    # The library's own equations do not change within a version, and a test holds the shipped files to them.
    ours = type(model) in SHIPPED and header["version"] == __version__
    differs = disagreement(header["definition"], declared(model) if ours else definition(known))
    if differs is not None:
        raise SolutionFileError(
            f"'{path}' was solved for another definition of model '{header['model']}' ({differs}); pass the model that "
            "was solved, load(path, model=…), or solve again"
        )
    architecture = architecture_from(header["architecture"], path)
    network, law = weights_from(known, architecture, header.get("law"), arrays, path)
    return Solution(model, architecture, network, header, law)


def _narrowed(model: Model, solved: dict[str, list[float]]) -> Model:
    """The model over the part of its box that the solution was given."""
    space = model.parameters
    narrower = {
        name: value if low == high else (low, high)
        for name, (value, low, high) in solved.items()
        if name in space.free and (low, high) != space[name].bounds
    }
    if not narrower:
        return model
    try:
        return model.only(*(name for name in space.free if name not in narrower), **narrower)
    except ModelError:
        return model  # of another definition: who compares the two says where


def as_solution(given: object) -> Solution:
    """The solution itself, or what `load` finds under a name or path; raises `SettingError` for anything else.

    What ships is loaded once: a second question under its name finds it compiled.
    """
    if isinstance(given, Solution):
        return given
    if isinstance(given, str | Path):
        return _shipped(given) if given in SOLVED else load(given)
    what = f"the model class {given.__name__}" if isinstance(given, type) else f"of type {type(given).__name__}"
    solve = "; solve it first: hanknn.solve(model).solution" if _is_model(given) else ""
    raise SettingError(
        f"a solution is wanted, or the name of one that ships ('nk', 'rank', 'hank') or a file; this is {what}{solve}"
    )


@functools.cache
def _shipped(name: str) -> Solution:
    return load(name)


def reads_solution(function: Callable[P, R]) -> Callable[P, R]:
    """Let the first argument of `function`, a solution, be whatever `as_solution` takes."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> R:
        if args:
            args = as_solution(args[0]), *args[1:]
        elif "solution" in kwargs:
            kwargs["solution"] = as_solution(kwargs["solution"])
        return function(*args, **kwargs)

    return wrapped


def _is_model(given: object) -> bool:
    return isinstance(given, Model) or (isinstance(given, type) and issubclass(given, Model))
