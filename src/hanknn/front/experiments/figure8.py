"""KMR's figure 8: output volatility and the frequency of the zero lower bound against households' risk."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from ...machine.errors import RunFolderError
from ...machine.work import Report, Step
from ...models import HANK
from ...references import PerfectForesight
from ...solution import Solution, load
from ...solution.simulation import long_run
from ...training.recipes import Recipe, households
from ...training.solving import solve
from ..figures import moments_by_risk, save
from .experiment import Experiment, Finding
from .hank_estimates import ON_US_DATA

ESTIMATED = {name: median for name, (median, _, _) in ON_US_DATA.items() if name != "sigma_s"}
"""KMR's posterior medians on US data, all but σ_s."""
RISK = ON_US_DATA["sigma_s"][0]
"""Theirs for σ_s."""
POINTS, QUARTERS = 9, 200_000
HOUSEHOLDS = 100
"""How many KMR track."""
WITHOUT = "without.npz"


class Figure8(Experiment):
    """Both rise with risk, and volatility rises faster where the bound is enforced.

    At KMR's estimates; the economy without the bound is solved anew over σ_s alone. KMR report, at their estimate
    of σ_s, that the bound makes 22 points of output's volatility and that inflation averages 30 basis points below
    target: the table holds ours, for a continuum of households and for as many as they track.
    """

    def run(self, folder, seed, resume, report, data=None):
        folder.mkdir(parents=True, exist_ok=True)
        without = self._without(folder, seed, resume, report)
        table = moments_against_risk(load("hank"), without, seed)
        table.to_csv(folder / "figure8.csv", index=False)
        save(moments_by_risk(table, without.model.parameters["sigma_s"], RISK), folder, "figure8")
        rises = {name: table[name].diff().min() for name in ("sd", "frequency")}
        growth = {name: table[name].iloc[-1] / table[name].iloc[0] for name in ("sd", "sd_without")}
        return [
            Finding("largest fall of output's s.d. from one value of risk to the next (percent)", -rises["sd"], 0.0),
            Finding("largest fall of the bound's frequency (percentage points)", -rises["frequency"], 0.0),
            Finding(
                "growth of output's s.d. without the bound over that with it", growth["sd_without"] / growth["sd"], 1.0
            ),
        ]

    def _without(self, folder: Path, seed: int, resume: bool, report: Report) -> Solution:
        """The economy in which the rate may fall below zero."""
        model = HANK(relaxation=1.0).only("sigma_s", **ESTIMATED)
        path = folder / WITHOUT
        if resume and path.exists():
            found = load(path, model)
            if found.header["seed"] != seed:
                raise RunFolderError(
                    f"'{path}' was solved with seed = {found.header['seed']}, not {seed}; resume with the same seed"
                )
            return found
        tell = lambda p: report(Step("without the bound", p.done, p.total))
        usual = households(40, 256)
        network = dataclasses.replace(usual.network, width=8, depth=2, curved_width=16)
        solution = solve(model, Recipe(network, usual.methods), seed, tell).solution
        solution.save(path)
        return solution


def moments_against_risk(bounded: Solution, without: Solution, seed: int) -> pd.DataFrame:
    """One row a value of risk: s.d. of output with the bound and without, the bound's share of it, its frequency, and
    mean inflation less target (annual basis points); what the luck of a hundred households does to output (s.d., to
    first order), and the bound's share where it is there, too."""
    space = without.model.parameters
    risks = np.sort(np.append(np.linspace(*space["sigma_s"].bounds, POINTS), RISK))
    columns = {name: np.full(len(risks), value) for name, value in ESTIMATED.items()} | {"sigma_s": risks}
    ours, theirs = (long_run(solution, columns, QUARTERS, seed) for solution in (bounded, without))
    of = lambda table, variable, what: table.xs(variable, level="variable")[what].to_numpy()
    sd, sd_without = of(ours, "output", "sd"), of(theirs, "output", "sd")
    target = 400 * (space["target"].value - 1)
    luck = np.array(
        [PerfectForesight().at(ESTIMATED | {"sigma_s": s}).luck_deviation(HOUSEHOLDS)["output"] for s in risks]
    )
    return pd.DataFrame(
        {
            "sigma_s": risks,
            "sd": sd,
            "sd_without": sd_without,
            "share_of_bound": 100 * (1 - sd_without / sd),
            "frequency": 100 * of(ours, "zlb", "mean"),
            "inflation_bias": 100 * (of(ours, "inflation_rate", "mean") - target),
            "luck": luck,
            "share_of_bound_with_luck": 100 * (1 - np.hypot(sd_without, luck) / np.hypot(sd, luck)),
        }
    )
