"""How strong may shocks and bound be for `hank` to have an equilibrium: one parameter point after another.

    python benchmarks/bound_hank.py                            about half an hour on two cores
    python benchmarks/bound_hank.py --cases sigma_zeta=0.011,varphi=70 sigma_zeta=0.015,relaxation=0.5

Each case is solved from nothing with the recipe `calibration`, all other parameters at KMR's true values.
`relaxation`: the share of the rate's movement below the bound that is allowed, 0 in the economy itself. Where shocks
are weak, or the bound soft, mean squares fall to some 1e-9; a case that stays far above that is solved approximately
only, and may have no exact equilibrium. Beside each: the s.d. of the preference shock up to which time iteration finds
an equilibrium of the economy's representative twin, with the whole bound.
"""

import argparse
import dataclasses
import sys
import time

import jax
import pandas as pd

import hanknn
from hanknn.models import HANK
from hanknn.references import twin_frontier
from hanknn.training.recipes import calibration
from hanknn.training.sample import Curriculum

CASES = ("sigma_zeta=0.012", "sigma_zeta=0.0135", "sigma_zeta=0.015,relaxation=0.2", "sigma_zeta=0.015")
DRAWS = 400
SHOWN = ("labor_market", "government_budget", "bond_market", "phillips_curve", "euler", "euler_remainder")


def case(values: dict[str, float], iterations: int, quarters: int) -> dict[str, float]:
    began = time.perf_counter()
    fixed = {name: value for name, value in values.items() if name != "relaxation"}
    model = HANK(relaxation=values.get("relaxation", 0.0)).only(**fixed)
    recipe = calibration(iterations)
    method = dataclasses.replace(recipe.methods[0], curriculum=Curriculum(2, 30))
    solution = hanknn.solve(model, hanknn.Recipe(recipe.network, (method,)), report=tell).solution
    found = hanknn.check(solution, DRAWS).residuals["mean_square"]
    moments = hanknn.long_run(solution, quarters=quarters)
    target = 400 * (model.parameters["target"].value - 1)
    return {
        **values,
        "twin's frontier": twin_frontier(fixed)[0],
        **found[list(SHOWN)],
        "zlb (%)": 100 * moments.loc["zlb", "mean"],
        "inflation gap (bp)": 100 * (moments.loc["inflation_rate", "mean"] - target),
        "s.d. output (%)": moments.loc["output", "sd"],
        "seconds": time.perf_counter() - began,
    }


def tell(step) -> None:
    print(f"  {step.done:4d}  {step.note}", flush=True)


def values_of(text: str) -> dict[str, float]:
    """`NAME=VALUE,NAME=VALUE`; argparse reports what is none."""
    return {name: float(value) for name, value in (part.split("=") for part in text.split(","))}


def main() -> int:
    jax.config.update("jax_num_cpu_devices", 2)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = [values_of(text) for text in CASES]
    parser.add_argument("--cases", nargs="+", type=values_of, default=default, metavar="NAME=VALUE[,NAME=VALUE]")
    parser.add_argument("--iterations", type=int, default=80)
    parser.add_argument("--quarters", type=int, default=200_000)
    arguments = parser.parse_args()
    rows = []
    for values in arguments.cases:
        rows.append(case(values, arguments.iterations, arguments.quarters))
        print(pd.DataFrame(rows).to_string(index=False, float_format="{:.3g}".format), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
