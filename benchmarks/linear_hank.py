"""`hank` to first order: the network's small responses held against the linear solution.

    python benchmarks/linear_hank.py                  the linear responses alone
    python benchmarks/linear_hank.py --train FILE     solves the economy without bound, a tenth of its shocks, first

Responses, without the zero lower bound, to 0.1 standard deviations of each shock at five points of the parameter
box. `largest_differences` says how far the network's are off, as a share of their peak.

To first order responses are proportional to shocks, whose standard deviations change no slope. So these three
parameters are held while the network learns the other seven, and at values at which technology and monetary policy move
inflation as much as preferences do: at KMR's, preferences would be nine tenths of what is learned.
"""

import argparse
import dataclasses
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr

import hanknn
from hanknn.expectations import GaussHermite
from hanknn.models import HANK
from hanknn.models.hank_parameters import PARAMETERS
from hanknn.networks import SmoothNetwork
from hanknn.parameters import Parameter, ParameterSpace
from hanknn.references import PerfectForesight
from hanknn.training.curriculum import Curriculum
from hanknn.training.loop import Progress
from hanknn.training.recipes import households
from hanknn.training.walk import Walk

SIZE, PERIODS = 0.1, 20
SHOCKS = ("zeta", "z", "mp")
COMPARED = ("output", "inflation", "interest_rate")
SHOWN = (0, 1, 2, 4, 8, 16)
EPSILONS = {"zeta": "zeta", "z": "z", "mp": "m"}
HELD = {"zeta": 0.015, "z": 0.04, "mp": 0.005}
"""Standard deviations while training."""

NETWORK = SmoothNetwork(28, 2, curved_width=8, curved_depth=2, bend=0.3, begin=0.01, hidden_width=56)
METHOD = dataclasses.replace(
    households(iterations=150, points=1024).methods[0],
    expectation=GaussHermite(1),  # certainty equivalence holds: one node, at zero, is exact
    curriculum=Curriculum(2, 20),
    walk=Walk(steps=10),
    memory=0.9,
    least_damping=1e-9,
    float32_until=1.0,
)


class WithoutBound(HANK):
    """`hank` where the policy rule is always in force: nothing is given a second time, for the bound."""

    @property
    def outputs(self):
        return {"free": super().outputs["free"]}

    def output_scale(self, theta):
        return {"free": super().output_scale(theta)["free"]}

    def policies_from(self, state, outputs, theta):
        return super().policies_from(state, SimpleNamespace(free=outputs.free, turn=jnp.zeros(())), theta)


def points(draws: int = 4, seed: int = 5) -> pd.DataFrame:
    """KMR's true values, then points that fill the box; a row a point, estimated parameters only."""
    sampled = PARAMETERS.sample(draws, seed=seed)
    rows = np.vstack([PARAMETERS.baseline, sampled])
    return pd.DataFrame(rows, columns=list(PARAMETERS.names))[list(PARAMETERS.free)]


def linear_responses(at: pd.DataFrame, reference: PerfectForesight = PerfectForesight()) -> xr.Dataset:
    """Dimensions `point`, `shock` and `horizon`; variables and units as in `ForeseenPath.to_dataset`."""
    economies = []
    for _, row in at.iterrows():
        economy = reference.at(row.to_dict())
        responses = [economy.linear(shock, SIZE, PERIODS) for shock in SHOCKS]
        economies.append(xr.concat(responses, pd.Index(SHOCKS, name="shock")))
    return xr.concat(economies, pd.RangeIndex(len(at), name="point"), combine_attrs="drop_conflicts")


def largest_differences(network: xr.Dataset, linear: xr.Dataset) -> pd.DataFrame:
    """The largest difference over the quarters as a percentage of the linear response's peak.

    Both datasets have dimensions `point`, `shock` and `horizon`, and `COMPARED` in the same units: deviations from
    where the economy would be without the shock. A row a point and shock; columns are `COMPARED`.
    """
    network, linear = (table[list(COMPARED)].isel(horizon=slice(PERIODS)) for table in (network, linear))
    network, linear = xr.align(network, linear, join="exact")
    share = 100 * abs(network - linear).max("horizon") / abs(linear).max("horizon")
    return share.to_dataframe()[list(COMPARED)]


def small_shocks() -> WithoutBound:
    """Without the bound, with a tenth of the shocks, their standard deviations `HELD`."""
    held = {f"sigma_{EPSILONS[shock]}": Parameter(sd) for shock, sd in HELD.items()}
    parameters = {name: PARAMETERS[name] for name in PARAMETERS.names} | held
    return WithoutBound(relaxation=1.0, shock_share=SIZE).changed(parameters=ParameterSpace(**parameters))


def network_responses(solution: hanknn.Solution, at: pd.DataFrame) -> xr.Dataset:
    """As `linear_responses`, from the network."""
    economies = []
    for _, row in at.iterrows():
        free = row[list(solution.model.parameters.free)].to_dict()
        size = {shock: row[f"sigma_{name}"] / HELD[shock] for shock, name in EPSILONS.items()}
        found = [
            hanknn.irf(solution, f"eps_{EPSILONS[shock]}", size[shock], PERIODS, free, extrapolate=True)
            for shock in SHOCKS
        ]
        economies.append(xr.concat(found, pd.Index(SHOCKS, name="shock"), combine_attrs="drop_conflicts"))
    table = xr.concat(economies, pd.RangeIndex(len(at), name="point"), combine_attrs="drop_conflicts")
    return table.drop_vars("inflation").rename(inflation_rate="inflation")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--train", type=Path, help="Solve the economy of small shocks into this file, if it is not there."
    )
    arguments = parser.parse_args()
    at = points()
    began = time.perf_counter()
    linear = linear_responses(at)
    seconds = time.perf_counter() - began
    print(at.to_string(float_format="{:.4g}".format))
    for name in COMPARED:
        table = linear[name].sel(horizon=list(SHOWN)).to_dataframe()[name].unstack("horizon")
        print(f"\n{name}, {linear[name].attrs['units']}\n" + table.to_string(float_format="{:.5f}".format))
    print(f"\n{len(at)} points, {os.cpu_count()} cores, {seconds:.0f} s, compilation included")
    if arguments.train is not None:
        compare(arguments.train, at, linear)
    return 0


def shown(progress: Progress) -> None:
    print(
        f"{progress.iteration} iterations, {progress.seconds:.0f} s, residual² {progress.mean_square:.1e}", flush=True
    )


def compare(file: Path, at: pd.DataFrame, linear: xr.Dataset) -> None:
    if not file.exists():
        began = time.perf_counter()
        solved = hanknn.solve(small_shocks(), hanknn.Recipe(NETWORK, (METHOD,)), report=shown)
        solved.solution.save(file)
        print(f"\nsolved in {time.perf_counter() - began:.0f} s")
    differences = largest_differences(network_responses(hanknn.load(file, small_shocks()), at), linear)
    print("\nlargest difference over 20 quarters, percent of peak (target 1)\n")
    print(differences.to_string(float_format="{:.2f}".format))


if __name__ == "__main__":
    sys.exit(main())
