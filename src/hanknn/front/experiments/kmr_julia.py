"""What the Julia port of KMR's code recommends, in full: 50,000 iterations of 5 gradient steps on `nk`."""

import pandas as pd

from ...machine.work import Step
from ...models import LinearNK
from ...solution.accuracy import check
from ...training.recipes import RECIPES
from ...training.solving import solve
from ..figures import loss_history, save
from .experiment import Experiment, Finding

LOSS, OUTPUT_GAP, INFLATION = 1.3e-6, 0.0149, 0.0045
"""What the port reached: last losses (sum over a batch of 100), and errors at ζ = 0.01, baseline parameters."""


class KmrJulia(Experiment):
    """Adam-type training with fresh draws, five gradient steps on each, cosine annealing 1e-3 → 1e-10."""

    def run(self, folder, seed, resume, report, data=None):
        tell = lambda p: report(Step("gradient steps (thousands)", p.done * 5 // 1000, p.total * 5 // 1000))
        solved = solve(LinearNK(), RECIPES["kmr-julia-full"](), seed, tell)
        probes = check(solved.solution).probes
        near: pd.Series = probes.iloc[0]
        folder.mkdir(parents=True, exist_ok=True)
        solved.history.validation.to_csv(folder / "validation.csv", index=False)
        probes.to_csv(folder / "probes.csv", index=False)
        save(loss_history(solved.history.table, solved.history.validation), folder, "loss_history")
        return [
            Finding("mean loss of the last 1,000 iterations", solved.history.table["loss"].tail(1000).mean(), LOSS),
            Finding("error of X at ζ = 0.01", abs(near["error_output_gap"]), OUTPUT_GAP),
            Finding("error of inflation at ζ = 0.01", abs(near["error_inflation"]), INFLATION),
        ]
