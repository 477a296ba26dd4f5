"""A folder that holds one piece of work: refused, claimed, reused or resumed."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..machine.errors import RunFolderError
from ..machine.files import explained, write_text
from ..machine.plain_json import to_json
from ..machine.settings_difference import difference

SETTINGS = "settings.json"


class Folder:
    """A folder for work with these settings; `owned`: the files and folders that the work leaves there.

    Opening looks only: a folder that holds anything, or cannot be written, is refused unless `resume` (same
    settings: go on) or `force` (it holds earlier work: start over). `claim` takes it when work begins, so that
    a command refused for another reason leaves everything as it was. Raises `RunFolderError`.
    """

    def __init__(
        self,
        path: Path,
        settings: Mapping[str, Any],
        owned: tuple[str, ...],
        resume: bool = False,
        force: bool = False,
    ) -> None:
        if resume and force:
            raise RunFolderError("--resume goes on with a run and --force starts it over; give one of them")
        self.path, self.owned = path, (SETTINGS, *owned)
        self.settings, self.resume, self.force, self.claimed = settings, resume, force, False
        self._examine()

    def claim(self) -> None:
        """Take the folder: what `force` starts over is removed, the settings are written. Once is enough."""
        if self.claimed:
            return
        self._examine()  # another run may have taken it meanwhile
        try:
            if self.force:
                self._clear()
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(explained(error, self.path)) from error
        self.claimed = True
        self.write_json(SETTINGS, self.settings)

    def _examine(self) -> None:
        """Refuse a folder in which this work must not or cannot begin."""
        if not holds_anything(self.path):
            return
        if not (self.path / SETTINGS).is_file():
            raise RunFolderError(
                f"'{self.path}' is not empty and holds no run; nothing was touched; give another --out"
            )
        if self.resume:
            changed = difference(read_settings(self.path), self.settings)
            if changed:
                name, old, new = changed
                raise RunFolderError(
                    f"'{self.path}' was run with {name} = {old}, not {new}; resume with the same settings"
                )
        elif not self.force:
            raise RunFolderError(
                f"'{self.path}' already holds a run; nothing was touched; "
                "use --resume to go on with it, --force to start over, or another --out"
            )

    def _clear(self) -> None:
        for name in self.owned:
            if (self.path / name).is_dir():
                shutil.rmtree(self.path / name)
            else:
                (self.path / name).unlink(missing_ok=True)

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        self.write(name, to_json(content) + "\n")

    def write(self, name: str, text: str) -> None:
        """Atomically; the first file claims the folder."""
        self.claim()
        write_text(self.path / name, text)


def holds_anything(path: Path) -> bool:
    """Whether a folder is there and not empty; raises `RunFolderError` where none can be made or written."""
    try:
        there = next(p for p in (path, *path.absolute().parents) if p.exists())
        if not there.is_dir():
            raise RunFolderError(f"'{there}' is a file; give another --out")
        if not os.access(there, os.W_OK | os.X_OK):
            raise RunFolderError(f"'{there}' cannot be written; give an --out that you may write to")
        return there == path and any(path.iterdir())
    except OSError as error:
        raise RunFolderError(explained(error, path)) from error


def read_settings(path: Path) -> dict[str, Any]:
    """The settings of the work that a folder holds; raises `RunFolderError` where they cannot be read."""
    try:
        settings = json.loads((path / SETTINGS).read_text(encoding="utf-8"))
    except OSError as error:
        raise RunFolderError(explained(error, path / SETTINGS)) from error
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise RunFolderError(f"'{path / SETTINGS}' is damaged; use --force to start over, or another --out")
    return settings
