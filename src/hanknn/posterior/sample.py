"""What a sampler returns, and how it reports and saves on the way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import storage
from ..errors import RunFolderError


class Sample(NamedTuple):
    """Posterior draws in the model's units.

    `values`: (chains, draws, estimated). `log_density`: of the unbounded coordinates' target,
    (chains, draws). `acceptance`: acceptance probability; `divergent`: NUTS only, else False.
    `log_evidence`: from tempered SMC, else NaN.
    """

    values: np.ndarray
    log_density: np.ndarray
    acceptance: np.ndarray
    divergent: np.ndarray
    log_evidence: float = float("nan")


class Step(NamedTuple):
    """Where a piece of long work stands."""

    stage: str
    done: int
    total: int


Report = Callable[[Step], None]


class Saved(NamedTuple):
    """What a `Store` kept under a name."""

    header: dict[str, Any]
    arrays: list[np.ndarray]
    path: Path


def silent(step: Step) -> None:
    """Reports nothing."""


@dataclass(frozen=True)
class Store:
    """Where long work saves what it has; without a folder nothing is saved.

    `settings` identify the work: files of other settings are refused, so that a resumed run cannot
    mix two. Files are written atomically.
    """

    folder: Path | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    every: float = 10.0

    def within(self, **settings: Any) -> "Store":
        return Store(self.folder, {**self.settings, **settings}, self.every)

    def save(self, name: str, header: dict[str, Any], arrays: list[np.ndarray]) -> None:
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"{name}.npz"
            storage.write(path, {"kind": name, "settings": self.settings, **header}, arrays)

    def load(self, name: str) -> Saved | None:
        """What was saved under `name`, None where nothing was."""
        path = None if self.folder is None else self.folder / f"{name}.npz"
        if path is None or not path.exists():
            return None
        header, arrays = storage.read(path, name)
        saved = header["settings"]
        for key, value in self.settings.items():
            if saved.get(key) != value:
                raise RunFolderError(
                    f"'{path}' was made with {key} = {saved.get(key)}, not {value}; resume with the same settings, "
                    "or start over in another folder"
                )
        return Saved(header, arrays, path)
