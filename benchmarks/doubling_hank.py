"""`hank` at the true values, everything doubled: households' grids, shock nodes, projections of the distribution.

    python benchmarks/doubling_hank.py         about an hour on two cores
    python benchmarks/doubling_hank.py --base  the economy as it is alone: what the recipe `calibration` reaches
    python benchmarks/doubling_hank.py --sigma-zeta 0.012     weaker preference shocks, where residuals are smaller
    python benchmarks/doubling_hank.py --parts assets         one thing doubled, the others as shipped

Both economies are solved from nothing at this one point (`Model.only`, the recipe `calibration`) and simulated for
500,000 quarters with the same shocks.
"""

import argparse
import dataclasses
import sys
import time
from pathlib import Path

import jax
import pandas as pd

import hanknn
from hanknn.economy.households import Grids
from hanknn.economy.split import SplitGaussHermite
from hanknn.models import HANK
from hanknn.models.hank.parameters import PARAMETERS
from hanknn.models.hank.tables import HouseholdTables
from hanknn.references import SteadyState
from hanknn.references.hank.summary_table import AHEAD, MODES, tables_near
from hanknn.training.recipes import calibration

DOUBLED = dict(modes=12, ahead=(1, 2, 4, 8, 16, 32))
QUARTERS = 500_000
PARTS = ("assets", "productivities", "nodes", "projections")
TARGETS = {"zero lower bound (points)": 0.3, "mean inflation (basis points)": 2.0, "s.d. of output (percent)": 1.0}


def tables(parts: set[str]) -> HouseholdTables:
    usual = Grids()
    more = {part: 2 * getattr(usual, part) for part in parts & {"assets", "productivities"}}
    grids = dataclasses.replace(usual, **more)
    summaries = DOUBLED if "projections" in parts else dict(modes=MODES, ahead=AHEAD)
    at = PARAMETERS["sigma_s"].value, PARAMETERS["borrowing_limit"].value
    return tables_near(*at, SteadyState(grids, tolerance=1e-9), **summaries)


def solved(parts: set[str], sigma_zeta: float, iterations: int, points: int, file: Path | None) -> hanknn.Solution:
    model = HANK(tables=tables(parts)).only(sigma_zeta=sigma_zeta)
    if file is not None and file.exists():
        return hanknn.load(file, model)
    usual = calibration(iterations, points)
    rule = SplitGaussHermite(6 if "nodes" in parts else 3, randomized=True)
    method = dataclasses.replace(usual.methods[0], expectation=rule)
    solution = hanknn.solve(model, hanknn.Recipe(usual.network, (method,)), report=tell).solution
    if file is not None:
        solution.save(file)
    return solution


def tell(step) -> None:
    print(f"  {step.done:4d}  {step.note}", flush=True)


def main() -> int:
    jax.config.update("jax_num_cpu_devices", 2)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sigma-zeta", type=float, default=PARAMETERS["sigma_zeta"].value)
    parser.add_argument("--iterations", type=int, default=100)
    parser.add_argument("--points", type=int, default=256)
    parser.add_argument("--keep", type=Path, help="Folder for the solutions; those already there are not solved anew.")
    parser.add_argument("--base", action="store_true", help="Leave the doubled economy out.")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="What is doubled (default: all).")
    arguments = parser.parse_args()
    found = {}
    economies = {"as shipped": set()}
    if not arguments.base:
        economies[" ".join(["doubled", *arguments.parts])] = set(arguments.parts)
    for label, parts in economies.items():
        began = time.perf_counter()
        file = None if arguments.keep is None else arguments.keep / f"{label.replace(' ', '-')}.npz"
        solution = solved(parts, arguments.sigma_zeta, arguments.iterations, arguments.points, file)
        print(f"{label}: {time.perf_counter() - began:.0f} s", flush=True)
        print(hanknn.check(solution, 256).residuals.to_string(float_format="{:.2e}".format), flush=True)
        found[label] = hanknn.long_run(solution, quarters=QUARTERS)
        print(found[label].to_string(float_format="{:.4f}".format), flush=True)
    if arguments.base:
        return 0
    base, fine = found.values()
    shift = lambda variable: 100 * (fine.loc[variable, "mean"] - base.loc[variable, "mean"])
    moved = {
        "zero lower bound (points)": shift("zlb"),
        "mean inflation (basis points)": shift("inflation_rate"),
        "s.d. of output (percent)": 100 * (fine.loc["output", "sd"] / base.loc["output", "sd"] - 1),
    }
    print(pd.DataFrame({"moved": moved, "target": TARGETS}).to_string(float_format="{:.3f}".format))
    return int(any(abs(moved[name]) > target for name, target in TARGETS.items()))


if __name__ == "__main__":
    sys.exit(main())
