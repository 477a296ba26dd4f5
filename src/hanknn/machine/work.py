"""Long work: how it tells where it stands, and where it keeps what it has, to go on after a stop."""

import dataclasses
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from . import storage
from .errors import RunFolderError
from .settings_difference import described, difference


class Step(NamedTuple):
    """Where a piece of long work stands. `note`: what it has reached, in words."""

    stage: str
    done: int
    total: int
    note: str = ""


Report = Callable[[Step], None]


class Saved(NamedTuple):
    """What a `Store` kept under a name."""

    header: dict[str, Any]
    arrays: list[np.ndarray]
    path: Path


def silent(step: Step) -> None:
    """Reports nothing."""


RECORD = "settings.json"
"""The file in a store's folder that says what work it holds."""


@dataclass(frozen=True)
class Store:
    """Where long work saves what it has, at most once in `every` seconds; without a folder nothing is saved.

    Work goes on from what it finds there, unless `resume` is off.

    `settings` identify the work, as `settings_difference.described` keeps them: files of other settings are refused,
    so that a resumed run cannot mix two. Files are written atomically.
    """

    folder: Path | str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    every: float = 10.0
    resume: bool = True

    def within(self, **settings: Any) -> "Store":
        """The same folder for work that these settings identify, too."""
        return dataclasses.replace(self, settings={**self.settings, **described(settings)})

    def claim(self) -> None:
        """Before the work: raise `RunFolderError` where the folder holds other work or cannot be written."""
        if self.folder is None:
            return
        folder = Path(self.folder)
        record = folder / RECORD
        try:
            if self.resume and record.exists():
                self._require_same(record, json.loads(record.read_text()))
            folder.mkdir(parents=True, exist_ok=True)
            temporary = record.with_name(f".{RECORD}.partial")
            temporary.write_text(json.dumps(described(self.settings), indent=2) + "\n")
            os.replace(temporary, record)
        except OSError as error:
            raise RunFolderError(f"'{self.folder}' cannot be written ({error.strerror}); give another folder") from None
        except ValueError:
            raise RunFolderError(f"'{record}' is damaged; start over in another folder") from None

    def save(self, name: str, header: dict[str, Any], arrays: list[np.ndarray]) -> None:
        if self.folder is not None:
            path = Path(self.folder) / f"{name}.npz"
            storage.write(path, {"kind": name, "settings": described(self.settings), **header}, arrays)

    def load(self, name: str) -> Saved | None:
        """What was saved under `name`, None where there is nothing to go on from.

        Raises `RunFolderError` where it was saved by work with other settings.
        """
        path = None if self.folder is None else Path(self.folder) / f"{name}.npz"
        if path is None or not self.resume or not path.exists():
            return None
        header, arrays = storage.read(path, name)
        self._require_same(path, header.get("settings", {}))
        return Saved(header, arrays, path)

    def _require_same(self, path: Path, saved: dict[str, Any]) -> None:
        found = difference(saved, self.settings)
        if found is not None:
            name, old, new = found
            raise RunFolderError(
                f"'{path}' was made with {name} = {old}, not {new}; resume with the same settings, or start over in "
                "another folder"
            )
