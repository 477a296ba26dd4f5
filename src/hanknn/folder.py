"""A folder that holds one piece of work: claimed, refused, reused or resumed."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import RunFolderError

SETTINGS = "settings.json"


class Folder:
    """A folder claimed for work with these settings; `owned`: the files and folders that the work leaves there.

    Opening claims the folder. A folder that holds anything is refused unless `resume` (same
    settings: go on) or `force` (it holds earlier work: start over). Raises `RunFolderError`.
    """

    def __init__(
        self,
        path: Path,
        settings: Mapping[str, Any],
        owned: tuple[str, ...],
        resume: bool = False,
        force: bool = False,
    ) -> None:
        self.path, self.owned = path, (SETTINGS, *owned)
        if path.exists() and not path.is_dir():
            raise RunFolderError(f"'{path}' is a file; give another --out")
        if path.is_dir() and any(path.iterdir()):
            self._reuse(settings, resume, force)
        path.mkdir(parents=True, exist_ok=True)
        self.write_json(SETTINGS, settings)

    def _reuse(self, settings: Mapping[str, Any], resume: bool, force: bool) -> None:
        """Accept a folder that is not empty, or refuse it."""
        if not (self.path / SETTINGS).is_file():
            raise RunFolderError(
                f"'{self.path}' is not empty and holds no run; nothing was touched; give another --out"
            )
        if resume:
            old = json.loads((self.path / SETTINGS).read_text())
            changed = [name for name in {**old, **settings} if old.get(name) != settings.get(name)]
            if changed:
                raise RunFolderError(
                    f"'{self.path}' was run with {changed[0]} = {old.get(changed[0])}, not {settings.get(changed[0])}; "
                    "resume with the same settings"
                )
        elif force:
            for name in self.owned:
                if (self.path / name).is_dir():
                    shutil.rmtree(self.path / name)
                else:
                    (self.path / name).unlink(missing_ok=True)
        else:
            raise RunFolderError(
                f"'{self.path}' already holds a run; nothing was touched; "
                "use --resume to go on with it, --force to start over, or another --out"
            )

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        self.write(name, json.dumps(content, indent=2) + "\n")

    def write(self, name: str, text: str) -> None:
        """Atomically: a kill leaves the old file or the new one."""
        temporary = self.path / f".{name}.partial"
        temporary.write_text(text)
        os.replace(temporary, self.path / name)
