"""KMR's figure 11: the loss while `rank` is solved, with the phase in which the zero lower bound comes in."""

from ...machine.work import Step
from ...models import RANK
from ...training.recipes import PHASED_IN, constrained
from ...training.solving import solve
from ..figures import phased_history, save
from .experiment import Experiment, Finding

PUBLISHED = 1e-6
"""Mean squared residual at which KMR's 100,000 iterations end."""
OURS = 1e-9


class Figure11(Experiment):
    """The default solve. Target: a mean squared residual of 1e-9, a thousandth of KMR's."""

    def run(self, folder, seed, resume, report, data=None):
        tell = lambda p: report(Step("Levenberg-Marquardt", p.done, p.total))
        solved = solve(RANK(), constrained(), seed, tell)
        folder.mkdir(parents=True, exist_ok=True)
        solved.history.table.to_csv(folder / "history.csv", index=False)
        solved.history.validation.to_csv(folder / "validation.csv", index=False)
        save(phased_history(solved.history.validation, (PHASED_IN.start, PHASED_IN.end), PUBLISHED), folder, "figure11")
        last = float(solved.history.validation["mean_square"].iloc[-1])
        return [Finding("mean squared residual on fresh draws", last, OURS), Finding("KMR's own", last, PUBLISHED)]
