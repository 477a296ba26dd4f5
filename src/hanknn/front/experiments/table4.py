"""KMR's table 4: moments of `hank` at its posterior on US data, beside the data's."""

import numpy as np
import pandas as pd

from ...inference.data import Observed
from ...machine.precision import in_float64
from ...solution import Solution
from ...solution.simulation import moments, simulate
from .experiment import Experiment, Finding
from .hank_estimates import OBSERVABLES, estimated
from .table3 import NAME, Table3, us_data

DRAWS = 200
PUBLISHED = {
    ("sd", "output_growth"): 4 * 0.69,
    ("sd", "inflation_rate"): 1.15,
    ("sd", "notional_rate"): 2.56,
    ("autocorrelation", "output_growth"): 0.14,
    ("autocorrelation", "inflation_rate"): 0.81,
    ("autocorrelation", "notional_rate"): 0.72,
    ("mean", "gini"): 0.879,
}
"""Theirs at the posterior median; growth is taken to be quarterly there, and is annualised here."""


class Table4(Experiment):
    """The data's moments within the model's 90 % band, over parameters and samples of the data's length.

    A share of moments outside is a finding about the model, not about the computation.
    """

    reads = Table3.reads

    @in_float64
    def run(self, folder, seed, resume, report, data=None):
        _, found = estimated(NAME, us_data(data), folder, seed, resume, report)
        table = compared(found.solution, found.data, found.posterior.draws(DRAWS, seed), seed)
        table.to_csv(folder / "table4.csv")
        known = table.dropna(subset="data")
        outside = ((known["data"] < known["5 %"]) | (known["data"] > known["95 %"])).mean()
        return [Finding("share of the data's moments outside the model's 90 % band", float(outside), 0.1)]


def compared(solution: Solution, data: Observed, draws: np.ndarray, seed: int) -> pd.DataFrame:
    """Moments over draws, each of a sample as long as the data's, beside the data's and KMR's."""
    names = solution.model.parameters.names
    found = []
    for i, draw in enumerate(draws):
        path = simulate(solution, data.periods, dict(zip(names, draw, strict=True)), seed + i)
        found.append(moments(path[[*OBSERVABLES, "gini"]]))
    rows = {}
    for (kind, name), published in PUBLISHED.items():
        ours = np.quantile([table.loc[name, kind] for table in found], [0.5, 0.05, 0.95])
        rows[kind, name] = [*ours, moment_of(data, kind, name), published]
    columns = ["median", "5 %", "95 %", "data", "KMR"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("moment")


def moment_of(data: Observed, kind: str, name: str) -> float:
    """Of one series, NaN where the data have none."""
    if name not in data.names:
        return float("nan")
    series = data.table[name]
    return float({"sd": series.std(ddof=0), "autocorrelation": series.autocorr(), "mean": series.mean()}[kind])
