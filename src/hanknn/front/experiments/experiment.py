"""What every experiment offers: findings beside their targets."""

import abc
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

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

    reads: ClassVar[str] = ""
    """What a user's file has to hold, where the experiment needs one."""

    @abc.abstractmethod
    def run(self, folder: Path, seed: int, resume: bool, report: Report, data: Path | None = None) -> list[Finding]:
        """Compute everything, leaving tables and figures in `folder`; `resume`: go on from what is there.

        `data`: the user's file, for an experiment that `reads` one.
        """


def findings_table(findings: list[Finding]) -> Any:
    """A pandas table, one row a finding."""
    import pandas as pd  # slow to import, and the command line shows its help without it

    rows = {f.name: {"found": f.found, "target (at most)": f.target, "met": f.met} for f in findings}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("finding")
