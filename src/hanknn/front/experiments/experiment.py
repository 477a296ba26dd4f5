"""What every experiment offers: findings beside their targets."""

import abc
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

    @abc.abstractmethod
    def run(self, folder: Path, seed: int, resume: bool, report: Report) -> list[Finding]:
        """Compute everything, leaving tables and figures in `folder`; `resume`: go on from what is there."""


def findings_table(findings: list[Finding]) -> Any:
    """A pandas table, one row a finding."""
    import pandas as pd  # slow to import, and the command line shows its help without it

    rows = {f.name: {"found": f.found, "target (at most)": f.target, "met": f.met} for f in findings}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("finding")
