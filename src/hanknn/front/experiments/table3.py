"""KMR's table 3: the posterior of `hank` on US data."""

import time
from pathlib import Path

import numpy as np

from ...inference.data import Level, Observed, prepare
from ...inference.posterior.importance import GOOD_K
from ...machine.precision import in_float64
from ...solution import load
from .experiment import Experiment, Finding
from .hank_estimates import ERROR, OBSERVABLES, ON_US_DATA, beside, estimated

NAME = "US data"
"""Of the estimation that tables 3 and 4 share."""


class Table3(Experiment):
    """A reliable posterior within the hour, beside theirs.

    Theirs is of an economy with 100 households, whose draws are a shock of their own, and reaches where we know of no
    equilibrium: nothing makes the two equal, so no distance between them is a target.
    """

    reads = "a CSV or Parquet file of quarters with output_growth, inflation_rate and notional_rate, percent a year"

    @in_float64
    def run(self, folder, seed, resume, report, data=None):
        began = time.perf_counter()
        place, found = estimated(NAME, us_data(data), folder, seed, resume, report)
        place.finish(found)
        minutes = (time.perf_counter() - began) / 60
        chains = found.uncorrected or found.posterior
        beside(found.posterior, ON_US_DATA).to_csv(folder / "table3.csv")
        return [
            Finding("Pareto k of the exact last step", found.posterior.notes["pareto_k"], GOOD_K),
            Finding("largest R-hat", float(np.max(chains.convergence()[0])), 1.01),
            Finding("minutes, with figures", minutes, 60.0),
        ]


def us_data(file: Path | None) -> Observed:
    """KMR's three series from a user's file; raises `DataError` where one is missing."""
    assert file is not None, "the command asks for it"
    model = load("hank").model
    series = {name: Level(name, model.observables[name].unit) for name in OBSERVABLES}
    return prepare(file, model, series, ERROR)
