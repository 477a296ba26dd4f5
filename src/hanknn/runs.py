"""Run folders: what `hanknn solve` leaves behind, and how it goes on after a kill."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .accuracy import AccuracyReport, check
from .errors import RunFolderError, TrainingStopped
from .figures import impulse_responses, loss_history, policy_panels, save
from .model import Model
from .solution import Solution
from .solve import Solved, solve, to_solved
from .training.loop import Checkpoints, Report
from .training.recipes import Recipe

SETTINGS, METRICS, HISTORY, VALIDATION = "settings.json", "metrics.json", "history.csv", "validation.csv"
SOLUTION, CHECKPOINT, FIGURES = "solution.npz", "checkpoint.npz", "figures"


class RunFolder:
    """A folder with one run: settings, loss history (CSV), weights, metrics and figures.

    Opening claims the folder. A folder that holds anything is refused unless `resume` (same
    settings: go on) or `force` (it holds an earlier run: start over). Raises `RunFolderError`.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any], resume: bool = False, force: bool = False) -> None:
        self.path = path
        if path.exists() and not path.is_dir():
            raise RunFolderError(f"'{path}' is a file; give another --out")
        if path.is_dir() and any(path.iterdir()):
            self._reuse(settings, resume, force)
        path.mkdir(parents=True, exist_ok=True)
        self._write_json(SETTINGS, settings)

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
            for name in (SETTINGS, METRICS, HISTORY, VALIDATION, SOLUTION, CHECKPOINT):
                (self.path / name).unlink(missing_ok=True)
            shutil.rmtree(self.path / FIGURES, ignore_errors=True)
        else:
            raise RunFolderError(
                f"'{self.path}' already holds a run; nothing was touched; "
                "use --resume to go on with it, --force to start over, or another --out"
            )

    def solve(
        self, model: Model, recipe: Recipe, seed: int, resume: bool, report: Report | None, save_every: float = 10.0
    ) -> Solved:
        """Solve with checkpoints in this folder; what was reached is kept also if training stops."""
        checkpoints = Checkpoints(self.path / CHECKPOINT, resume, save_every)
        try:
            solved = solve(model, recipe, seed, report, checkpoints)
        except TrainingStopped as stopped:
            self._keep(to_solved(model, recipe, seed, stopped.trained))
            raise
        self._keep(solved)
        return solved

    def _keep(self, solved: Solved) -> None:
        solved.solution.save(self.path / SOLUTION)
        self._write(HISTORY, solved.history.table.to_csv(index=False))
        self._write(VALIDATION, solved.history.validation.to_csv(index=False))

    def finish(self, solved: Solved, draws: int = 10_000) -> AccuracyReport:
        """Check, write metrics and figures, and remove the checkpoint."""
        report = check(solved.solution, draws)
        times = {"seconds": solved.seconds, "compile_seconds": solved.compile_seconds}
        self._write_json(METRICS, {**times, "status": solved.solution.header["status"], **report.to_dict()})
        draw_solution(solved.solution, self.path / FIGURES)
        save(loss_history(solved.history.table, solved.history.validation), self.path / FIGURES, "loss_history")
        (self.path / CHECKPOINT).unlink(missing_ok=True)
        return report

    def _write_json(self, name: str, content: Mapping[str, Any]) -> None:
        self._write(name, json.dumps(content, indent=2) + "\n")

    def _write(self, name: str, text: str) -> None:
        temporary = self.path / f".{name}.partial"
        temporary.write_text(text)
        os.replace(temporary, self.path / name)


def draw_solution(solution: Solution, folder: Path) -> list[Path]:
    """The figures of a solution: each policy against the parameters, and the response to each shock."""
    paths = []
    if solution.model.parameters.free:
        for policy in solution.model.policies:
            paths += save(policy_panels(solution, policy), folder, f"policy_{policy}")
    for shock in solution.model.shocks:
        paths += save(impulse_responses(solution, shock), folder, f"irf_{shock}")
    return paths
