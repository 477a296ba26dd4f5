"""Options that several commands have, and their values as the library takes them.

Defaults that are the library's are written out, for asking it takes seconds; a test holds them to it.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

import hanknn

from ...machine.arguments import LARGEST_SEED, require_once
from ...machine.errors import RunFolderError, SettingError
from ...machine.files import explained, write_text
from .app import Given
from .names import find_solution

MOST = 10**7
"""The largest count of quarters, draws, paths or particles: more than memory holds ends a process without a word."""

DRAWN = ".png", ".pdf", ".svg"
"""Endings of files with a figure."""

SolutionName = Annotated[
    str, typer.Argument(help="A shipped solution ('nk'), a run folder ('./nk' where it is called so), or a file.")
]
OwnModel = Annotated[str | None, typer.Option("--model", help="Your own model, FILE.py:ClassName, where it is one.")]
Settings = Annotated[list[str] | None, typer.Option("--set", help="A parameter value, NAME=VALUE; may be repeated.")]
Seed = Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Random seed; the same seed gives the same result.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print errors only.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what an interrupted run left in the folder.")]
SaveEvery = Annotated[float, typer.Option(min=0, help="Seconds between saves.")]


@dataclass(frozen=True)
class Place:
    """Where long work is kept."""

    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder (default: one below runs/, named after the work).")
    ] = None
    resume: Resume = False
    force: Force = False
    quiet: Quiet = False


@dataclass(frozen=True)
class At:
    """A solution, and the parameter values at which it is read."""

    solution: SolutionName
    set_: Settings = None
    model: OwnModel = None
    extrapolate: Annotated[bool, typer.Option("--extrapolate", help="Allow parameters outside the solved ranges.")] = (
        False
    )

    def find(self) -> tuple["hanknn.Solution", dict[str, float]]:
        values = parse_settings(self.set_)
        return find_solution(self.solution, self.model), values


@dataclass(frozen=True)
class Output:
    """Where a table goes, besides the terminal."""

    file: Annotated[Path | None, typer.Option("--out", help="Write the table to this CSV file as well.")] = None
    force: Force = False
    quiet: Quiet = False

    def require(self, given: Given, figure: Path | None = None) -> None:
        """Before anything is computed: files can be written, and no option does nothing."""
        given.refuse(self.file is None and figure is None, "without a file to write; leave it out", "force")
        require_place(self.file, self.force)
        require_drawing(figure, self.force, "--figure")

    def write(self, table: Any) -> None:
        if self.file is not None:
            write_text(self.file, table.to_csv())


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
    require_once(names, option)
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


def require_drawing(file: Path | None, force: bool, option: str) -> None:
    """The same of a file with a figure."""
    require_place(file, force, option)
    if file is not None and file.suffix not in DRAWN:
        raise SettingError(f"{option} {file}: give a file that ends in {' or '.join(DRAWN)}")
