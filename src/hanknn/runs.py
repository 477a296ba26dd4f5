"""Run folders: what `hanknn solve` leaves behind, and how it goes on after a kill."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .accuracy import AccuracyReport, check
from .errors import TrainingStopped
from .figures import every_policy_panels, impulse_responses, loss_history, responses_by_state, save, trust_map
from .folder import Folder
from .model import Model
from .solution import Solution
from .solve import Solved, solve, to_solved
from .training.loop import Checkpoints, Report
from .training.recipes import Recipe

METRICS, HISTORY, VALIDATION = "metrics.json", "history.csv", "validation.csv"
SOLUTION, CHECKPOINT, FIGURES = "solution.npz", "checkpoint.npz", "figures"


class RunFolder:
    """A folder with one run: settings, loss history (CSV), weights, metrics and figures.

    Opening claims the folder, as `Folder` says. Raises `RunFolderError`.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any], resume: bool = False, force: bool = False) -> None:
        self.path = path
        owned = (METRICS, HISTORY, VALIDATION, SOLUTION, CHECKPOINT, FIGURES)
        self.folder = Folder(path, settings, owned, resume, force)

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
        self.folder.write(HISTORY, solved.history.table.to_csv(index=False))
        self.folder.write(VALIDATION, solved.history.validation.to_csv(index=False))

    def finish(self, solved: Solved, draws: int | None = None) -> AccuracyReport:
        """Check, write metrics and figures, and remove the checkpoint."""
        report = check(solved.solution, draws)
        times = {"seconds": solved.seconds, "compile_seconds": solved.compile_seconds}
        self.folder.write_json(METRICS, {**times, "status": solved.solution.header["status"], **report.to_dict()})
        draw_solution(solved.solution, self.path / FIGURES)
        save(loss_history(solved.history.table, solved.history.validation), self.path / FIGURES, "loss_history")
        (self.path / CHECKPOINT).unlink(missing_ok=True)
        return report


def draw_solution(solution: Solution, folder: Path) -> list[Path]:
    """The figures of a solution: each policy against the parameters, and the response to each shock."""
    paths = []
    if solution.model.parameters.free:
        for policy, figure in every_policy_panels(solution).items():
            paths += save(figure, folder, f"policy_{policy}")
    if solution.model.constraints and len(solution.model.parameters.free) > 1 and not solution.model.arrays:
        paths += save(trust_map(solution), folder, "trust_map")
    for shock in solution.model.shocks:
        paths += save(impulse_responses(solution, shock), folder, f"irf_{shock}")
        for constraint in solution.model.constraints:
            figure = responses_by_state(solution, constraint, shock)
            paths += save(figure, folder, f"girf_{shock}_{constraint}")
    return paths
