"""What each choice in solving `rank` is worth. Run: python benchmarks/rank_choices.py (ten minutes)

Every variant is the default solve but for one thing, seed 0, judged by time iteration at 300 random draws.
"""

import dataclasses
import os
import time

import jax
import pandas as pd

import hanknn
from hanknn.economy.expectations import GaussHermite
from hanknn.references import TimeIteration
from hanknn.training.recipes import constrained
from hanknn.training.weighting import EquationWeights

DEFAULT = constrained()
METHOD = DEFAULT.methods[0]


VARIANTS = {
    "default: split rule, policy units, screen": (hanknn.models.RANK(), {}),
    "Gauss-Hermite, 8 nodes": (hanknn.models.RANK(), {"expectation": GaussHermite(8)}),
    "plain residuals": (hanknn.models.RANK(), {"weighting": EquationWeights()}),
    "no screen": (hanknn.models.RANK(), {"sample": dataclasses.replace(METHOD.sample, screen=None)}),
}


def main() -> None:
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    known = TimeIteration().solve(hanknn.models.RANK().parameters.sample(300, seed=3_000_001))
    rows = {}
    for label, (model, changes) in VARIANTS.items():
        recipe = hanknn.Recipe(DEFAULT.network, (dataclasses.replace(METHOD, **changes),))
        began = time.perf_counter()
        solved = hanknn.solve(model, recipe, seed=0)
        table = hanknn.distance(solved.solution, known)
        inside = table[table["exists"]]
        rows[label] = {
            "output, median (%)": inside["output_error"].median(),
            "output, 95 %": inside["output_error"].quantile(0.95),
            "inflation, median (bp)": inside["inflation_error"].median(),
            "inflation, 95 %": inside["inflation_error"].quantile(0.95),
            "map wrong (share)": (table["exists"] != table["solved"]).mean(),
            "seconds iterating": solved.seconds,
            "seconds in all": time.perf_counter() - began,
        }
        print(pd.DataFrame.from_dict(rows, orient="index").to_string(float_format="{:.3g}".format), "\n", flush=True)


if __name__ == "__main__":
    main()
