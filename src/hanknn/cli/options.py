"""The command's arguments and options: what they are called, and what they name."""

import importlib.util
import inspect
import sys
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console

from .. import load
from ..errors import ModelError, RunFolderError, SettingError, UnknownNameError
from ..model import Model
from ..models import shipped
from ..runs import SOLUTION
from ..solution import Solution
from ..training.recipes import RECIPES, Recipe, suited

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Solve nonlinear macroeconomic models with neural networks, once for all parameter values.\n\n"
    "Start with: hanknn demo. Then: hanknn solve nk, hanknn check nk, hanknn irf nk --set phi=0.8, "
    "hanknn estimate nk.",
)
out = Console(highlight=False)

ModelName = Annotated[str, typer.Argument(help="A shipped model ('nk'), or your own as FILE.py:ClassName.")]
SolutionName = Annotated[str, typer.Argument(help="A shipped solution ('nk'), a run folder, or a solution file.")]
OwnModel = Annotated[str | None, typer.Option("--model", help="Your own model, FILE.py:ClassName, where it is one.")]
Settings = Annotated[list[str] | None, typer.Option("--set", help="A parameter value, NAME=VALUE; may be repeated.")]
Seed = Annotated[int, typer.Option(help="Random seed; the same seed gives the same result.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print errors only.")]
Csv = Annotated[Path | None, typer.Option("--out", help="Write the table to this CSV file as well.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]
Extrapolate = Annotated[bool, typer.Option("--extrapolate", help="Allow parameters outside the solved ranges.")]


def find_model(name: str) -> Model:
    """A shipped model by name, or the class FILE.py:ClassName."""
    file, _, class_name = name.partition(":")
    if not file.endswith(".py"):
        return shipped(name)
    path = Path(file)
    if not path.is_file():
        raise ModelError(f"no file '{path}'; give your model as FILE.py:ClassName")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ModelError(f"'{path}' is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ModelError(f"'{path}' cannot be imported: {type(error).__name__}: {error}") from error
    found = {k: v for k, v in vars(module).items() if inspect.isclass(v) and issubclass(v, Model) and v is not Model}
    if class_name not in found:
        raise UnknownNameError("model class", class_name, found, f"'{path}'")
    return found[class_name]()


def find_recipe(name: str, model: Model) -> Recipe:
    """A recipe by name; "default" is what suits the model."""
    if name not in RECIPES:
        raise UnknownNameError("recipe", name, RECIPES)
    return suited(model) if name == "default" else RECIPES[name]()


def find_solution(name: str, model: str | None) -> Solution:
    """A shipped solution, a run folder's, or a file's."""
    path = Path(name)
    source = path / SOLUTION if path.is_dir() else name
    return load(source, None if model is None else find_model(model))


def narrowed(model: Model, only: list[str]) -> Model:
    """The model over a part of its box, from NAME, NAME=LOW..HIGH and NAME=VALUE."""
    free, values = [], {}
    for text in only:
        name, given, value = text.partition("=")
        low, dots, high = value.partition("..")
        try:
            if given:
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
    for setting in settings or []:
        name, _, value = setting.partition("=")
        try:
            values[name] = float(value)
        except ValueError:
            raise SettingError(f"{option} {setting}: give NAME=VALUE with a number, such as --set phi=0.8") from None
    return values


def require_place(file: Path | None, force: bool) -> None:
    """Before anything is computed: a table can be written there."""
    if file is None:
        return
    if file.is_dir() or not file.parent.is_dir():
        raise RunFolderError(f"'{file}' cannot be written: --out names a CSV file in a folder that exists")
    if file.exists() and not force:
        raise RunFolderError(f"'{file}' exists; nothing was touched; use --force or another --out")


def write_table(table: pd.DataFrame, file: Path | None) -> None:
    if file is not None:
        table.to_csv(file)
