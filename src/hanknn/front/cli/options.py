"""The command's arguments and options: what they are called, and what they name."""

import inspect
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from ...economy.model import Model
from ...machine.errors import RunFolderError, SettingError, UnknownNameError
from ...machine.files import explained, write_text
from ...machine.work import Store
from ...models import SHIPPED, shipped
from ...solution import Solution, load
from ...training.recipes import RECIPES, Recipe, suited
from ..runs import SOLUTION, UNFINISHED
from .own_model import is_own, own_model
from .printing import note

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help holds brackets, [/PER], that are meant as they are
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Solve nonlinear macroeconomic models with neural networks, once for all parameter values.\n\n"
    "Start with: hanknn demo. Then: hanknn solve nk, hanknn check nk, hanknn irf nk --set phi=0.8, "
    "hanknn estimate nk.",
)

LARGEST_SEED = 2**32 - 1
"""Larger ones would give the numbers of a smaller one."""

MOST = 10**7
"""The largest count of quarters, draws, paths or particles: more than memory holds ends a process without a word."""

ModelName = Annotated[str, typer.Argument(help="A shipped model ('nk'), or your own as FILE.py:ClassName.")]
SolutionName = Annotated[
    str, typer.Argument(help="A shipped solution ('nk'), a run folder ('./nk' where it is called so), or a file.")
]
OwnModel = Annotated[str | None, typer.Option("--model", help="Your own model, FILE.py:ClassName, where it is one.")]
Settings = Annotated[list[str] | None, typer.Option("--set", help="A parameter value, NAME=VALUE; may be repeated.")]
Seed = Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Random seed; the same seed gives the same result.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print errors only.")]
Csv = Annotated[Path | None, typer.Option("--out", help="Write the table to this CSV file as well.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what an interrupted run left in the folder.")]
SaveEvery = Annotated[float, typer.Option(min=0, help="Seconds between saves.")]
Extrapolate = Annotated[bool, typer.Option("--extrapolate", help="Allow parameters outside the solved ranges.")]

SAVE_EVERY = Store.every


def usual(function: Callable, name: str) -> Any:
    """The default of a library function's argument, which the command line shares."""
    return inspect.signature(function).parameters[name].default


def find_model(name: str) -> Model:
    """A shipped model by name, or the class FILE.py:ClassName."""
    return own_model(name) if is_own(name) else shipped(name)


def find_recipe(name: str, model: Model) -> Recipe:
    """A recipe by name; "default" is what suits the model."""
    if name not in RECIPES:
        raise UnknownNameError("recipe", name, RECIPES)
    return suited(model) if name == "default" else RECIPES[name]()


def find_solution(name: str, model: str | None) -> Solution:
    """A shipped solution, a run folder's, or a file's. A shipped one's name means it, whatever lies there."""
    path, own = Path(name), None if model is None else find_model(model)
    if is_own(name):
        raise SettingError(
            f"'{name}' is a model, not a solution: solve it first (hanknn solve {name} --out FOLDER), then give the "
            f"folder, and --model {name}"
        )
    if name in {known.name for known in SHIPPED}:
        if path.exists():
            note(f"'{name}' is the shipped solution; write ./{name} for what lies here under that name")
        return load(name, own)
    try:
        if not path.is_dir():
            return load(name, own)
        if not (path / SOLUTION).is_file():
            unfinished = (path / UNFINISHED).is_file()
            cure = "go on with its solve by --resume" if unfinished else "give the folder of a finished hanknn solve"
            raise RunFolderError(f"'{path}' holds no {SOLUTION}; {cure}")
    except OSError as error:
        raise RunFolderError(explained(error, path)) from error
    return load(path / SOLUTION, own)


def narrowed(model: Model, only: list[str]) -> Model:
    """The model over a part of its box, from NAME, NAME=LOW..HIGH and NAME=VALUE."""
    free, values = [], {}
    for name, text in named_once(only, "--only"):
        value = text.partition("=")[2]
        low, dots, high = value.partition("..")
        try:
            if "=" in text:
                values[name] = (float(low), float(high)) if dots else float(low)
            else:
                free.append(name)
        except ValueError:
            raise SettingError(
                f"--only {text}: give NAME, NAME=LOW..HIGH or NAME=VALUE, such as --only phi=0.6..0.8"
            ) from None
    return model.only(*free, **values)


def parse_settings(settings: list[str] | None, option: str = "--set") -> dict[str, float]:
    """NAME=VALUE pairs as numbers."""
    values = {}
    for name, setting in named_once(settings or [], option):
        try:
            values[name] = float(setting.partition("=")[2])
        except ValueError:
            raise SettingError(f"{option} {setting}: give NAME=VALUE with a number, such as --set phi=0.8") from None
    return values


def named_once(settings: Iterable[str], option: str) -> list[tuple[str, str]]:
    """The names before "=", each with its whole text; raises `SettingError` for a name given twice."""
    names = [setting.partition("=")[0].strip() for setting in settings]
    for name in names:
        if names.count(name) > 1:
            raise SettingError(f"{option} names '{name}' twice; give it once")
    return list(zip(names, settings, strict=True))


def listed(text: str | None) -> list[str] | None:
    """Names from a comma-separated list."""
    return None if text is None else [name.strip() for name in text.split(",")]


def require_place(file: Path | None, force: bool, option: str = "--out") -> None:
    """Before anything is computed: a file can be written there."""
    if file is None:
        return
    try:
        if file.is_dir() or not file.absolute().parent.is_dir():
            raise RunFolderError(f"'{file}' cannot be written: {option} names a file in a folder that exists")
        if file.exists() and not force:
            raise RunFolderError(f"'{file}' exists; nothing was touched; use --force or another {option}")
        if not os.access(file if file.exists() else file.absolute().parent, os.W_OK):
            raise RunFolderError(f"'{file}' cannot be written; give an {option} that you may write to")
    except OSError as error:
        raise RunFolderError(explained(error, file)) from error


def write_table(table: pd.DataFrame, file: Path | None) -> None:
    if file is not None:
        write_text(file, table.to_csv())
