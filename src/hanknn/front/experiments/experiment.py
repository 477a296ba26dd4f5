"""What every experiment offers: a name, what it shows, and findings beside their targets."""

import abc
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pandas as pd

from ...machine.work import Report


@dataclass(frozen=True)
class Finding:
    """One number beside what it should be at most."""

    name: str
    found: float
    target: float

    @property
    def met(self) -> bool:
        """False also where the number is NaN."""
        return self.found <= self.target


class Experiment(abc.ABC):
    """A published result, computed anew."""

    name: ClassVar[str]
    text: ClassVar[str]

    @abc.abstractmethod
    def run(self, folder: Path, seed: int, resume: bool, report: Report) -> list[Finding]:
        """Compute everything, leaving tables and figures in `folder`; `resume`: go on from what is there."""


def findings_table(findings: list[Finding]) -> pd.DataFrame:
    """One row a finding."""
    rows = {f.name: {"found": f.found, "target (at most)": f.target, "met": f.met} for f in findings}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("finding")
