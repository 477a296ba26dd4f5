"""Run folders: what `hanknn solve` leaves behind, and how it goes on after a kill."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any
from warnings import warn

from ..economy.model import Model
from ..machine.errors import HanknnError, ModelError, RunFolderError, TrainingStopped
from ..machine.work import Report, Step, Store, silent
from ..solution import Solution
from ..solution.accuracy import AccuracyReport, check
from ..training.loop import CHECKPOINT
from ..training.recipes import Recipe
from ..training.solving import Solved, solve, to_solved
from ..training.summary import summarise
from .figures import Figure, every_policy_panels, impulse_responses, loss_history, responses_by_state, save, trust_map
from .folder import Folder

METRICS, HISTORY, VALIDATION = "metrics.json", "history.csv", "validation.csv"
SOLUTION, FIGURES = "solution.npz", "figures"
UNFINISHED = f"{CHECKPOINT}.npz"


class RunFolder:
    """A folder with one run: settings, loss history (CSV), weights, metrics and figures.

    Opening refuses, `solve` claims the folder with its first iterations, as `Folder` says. Raises `RunFolderError`.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any], resume: bool = False, force: bool = False) -> None:
        self.path = path
        owned = (METRICS, HISTORY, VALIDATION, SOLUTION, UNFINISHED, FIGURES)
        self.folder = Folder(path, settings, owned, resume, force)

    def solve(
        self, model: Model, recipe: Recipe, seed: int, report: Report = silent, save_every: float = Store.every
    ) -> Solved:
        """Solve with checkpoints in this folder; what was reached is kept also if training stops."""

        def begun(step: Step) -> None:
            self.folder.claim()
            report(step)

        try:
            solved = solve(model, recipe, seed, begun, Store(self.path, every=save_every, resume=self.folder.resume))
        except TrainingStopped as stopped:
            self._keep(to_solved(model, recipe, seed, stopped.trained))
            raise
        self._keep(solved)
        if model.arrays:
            solved = self._summarised(solved, seed, begun)
        return solved

    def _summarised(self, solved: Solved, seed: int, report: Report) -> Solved:
        """With a law of motion for summaries of arrays, which filters need."""
        try:
            solved = solved._replace(solution=summarise(solved.solution, seed, report))
        except ModelError as error:
            warn(f"{error}; so filters know no summaries of this economy", stacklevel=2)
            return solved
        self._keep(solved)
        return solved

    def _keep(self, solved: Solved) -> None:
        self.folder.claim()
        solved.solution.save(self.path / SOLUTION)
        self.folder.write(HISTORY, solved.history.table.to_csv(index=False))
        self.folder.write(VALIDATION, solved.history.validation.to_csv(index=False))

    def check(self, solved: Solved, draws: int | None = None) -> AccuracyReport:
        """Check, and write metrics."""
        accuracy = check(solved.solution, draws)
        times = {"seconds": solved.seconds, "compile_seconds": solved.compile_seconds}
        self.folder.write_json(METRICS, {**times, "status": solved.solution.header["status"], **accuracy.to_dict()})
        return accuracy

    def draw(self, solved: Solved, report: Report = silent) -> None:
        """Draw figures, and remove the checkpoint: the run is complete."""
        save(loss_history(solved.history.table, solved.history.validation), self.path / FIGURES, "loss_history")
        draw_solution(solved.solution, self.path / FIGURES, report)
        (self.path / UNFINISHED).unlink(missing_ok=True)


def solution_of(folder: Path) -> Path:
    """The solution's file in a run folder; raises `RunFolderError` where there is none."""
    if not (folder / SOLUTION).is_file():
        unfinished = (folder / UNFINISHED).is_file()
        cure = "go on with its solve by --resume" if unfinished else "give the folder of a finished hanknn solve"
        raise RunFolderError(f"'{folder}' holds no {SOLUTION}; {cure}")
    return folder / SOLUTION


def draw_solution(solution: Solution, folder: Path, report: Report = silent) -> list[Path]:
    """The figures of a solution: each policy against the parameters, and the response to each shock.

    Each is written when it is ready, what is quick first; `report` is told of each. One that cannot be drawn is left
    out with a warning: it must not cost the others, nor a run its end.
    """
    drawings = list(_drawings(solution, report))
    paths: list[Path] = []
    for done, (what, draw) in enumerate(drawings):
        report(Step("figures", done, len(drawings)))
        try:
            for name, figure in draw().items():
                paths += save(figure, folder, name)
        except HanknnError as error:
            warn(f"no figure of {what}: {error}. The solution itself is saved", stacklevel=2)
    report(Step("figures", len(drawings), len(drawings)))
    return paths


def _drawings(solution: Solution, report: Report) -> Iterator[tuple[str, Callable[[], dict[str, Figure]]]]:
    """What is drawn, and what draws it by name: impulse responses, policies, where to trust them, generalised ones."""
    model = solution.model
    for shock in model.shocks:
        yield f"responses to '{shock}'", lambda shock=shock: {f"irf_{shock}": impulse_responses(solution, shock)}
    if model.parameters.free:
        yield (
            "policies by parameter",
            lambda: {f"policy_{n}": figure for n, figure in every_policy_panels(solution, report=report).items()},
        )
    if model.constraints and len(model.parameters.free) > 1 and not model.arrays:
        yield "where to trust the solution", lambda: {"trust_map": trust_map(solution, report=report)}
    for shock, constraint in product(model.shocks, model.constraints):
        draw = lambda s=shock, c=constraint: {f"girf_{s}_{c}": responses_by_state(solution, c, s)}
        yield f"responses to '{shock}' where '{constraint}' binds", draw
