"""`hank` to first order: the network's small responses held against the linear solution.

    python benchmarks/linear_hank.py                  the linear responses alone
    python benchmarks/linear_hank.py --each           without bound, a two-hundredth of the shocks, solved at each point
    python benchmarks/linear_hank.py --train FILE     the same, a fiftieth, solved once for all points, into a file

Responses, without the zero lower bound, to 0.1 standard deviations of each shock at five points of the parameter
box. `largest_differences` says how far the network's are off, as a share of their peak.

To first order responses are proportional to shocks, whose standard deviations change no slope. So these three
parameters are held while the network learns the other seven (or none of them, `--each`), and at values at which
technology and monetary policy move inflation as much as preferences do: at KMR's, preferences would be nine tenths of
what is learned.
"""

import argparse
import dataclasses
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr

import hanknn
from hanknn.economy.expectations import GaussHermite
from hanknn.economy.networks import SmoothNetwork
from hanknn.economy.parameters import Parameter, ParameterSpace
from hanknn.machine.work import Step
from hanknn.models import HANK
from hanknn.models.hank.parameters import PARAMETERS
from hanknn.references import PerfectForesight
from hanknn.training.gauss_newton import Curvature, GaussNewton
from hanknn.training.recipes import WALKED
from hanknn.training.sample import Curriculum, Walked
from hanknn.training.weighting import EquationWeights

SIZE, PERIODS = 0.1, 20
AT_A_POINT_TRAINED, ONCE_TRAINED = 0.005, 0.02
"""Share of the shocks' s.d. while training. At one point terms of second order are what is left in the residuals, so
smaller shocks are better; over the box they are worse (docs/decisions/hank_accuracy.md)."""
SHOCKS = ("zeta", "z", "mp")
COMPARED = ("output", "inflation", "interest_rate")
SHOWN = (0, 1, 2, 4, 8, 16)
EPSILONS = {"zeta": "zeta", "z": "z", "mp": "m"}
HELD = {"zeta": 0.015, "z": 0.04, "mp": 0.005}
"""Standard deviations while training."""

NETWORK = SmoothNetwork(28, 2, curved_width=8, curved_depth=2, bend=0.3, begin=0.01, hidden_width=56)
CURVATURE = Curvature(damping=1e-5, least_damping=1e-10, float32_until=1.0, memory=0.9, bend=False, at_once=64)
METHOD = GaussNewton(
    iterations=100,
    sample=Walked(points=1024, steps=10, screen=WALKED.screen, doubtful=WALKED.doubtful),
    expectation=GaussHermite(1),  # certainty equivalence holds: one node, at zero, is exact
    weighting=EquationWeights(arrays=0.5),
    curvature=CURVATURE,
    curriculum=Curriculum(2, 20),
)
AT_A_POINT = hanknn.Recipe(
    hanknn.recipes.calibration().network,
    (
        dataclasses.replace(
            METHOD,
            iterations=60,
            sample=dataclasses.replace(METHOD.sample, points=256),
            curvature=dataclasses.replace(CURVATURE, least_damping=1e-11),
        ),
    ),
)
"""Where every parameter is given, a smaller network and fewer states do."""


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


def small_shocks(share: float) -> WithoutBound:
    """Without the bound, with this share of the shocks, their standard deviations `HELD`."""
    held = {f"sigma_{EPSILONS[shock]}": Parameter(sd) for shock, sd in HELD.items()}
    parameters = {name: PARAMETERS[name] for name in PARAMETERS.names} | held
    return WithoutBound(relaxation=1.0, shock_share=share).changed(parameters=ParameterSpace(**parameters))


def network_responses(solutions: Sequence[hanknn.Solution], at: pd.DataFrame) -> xr.Dataset:
    """As `linear_responses`, from networks, a solution for each row."""
    economies = []
    for solution, (_, row) in zip(solutions, at.iterrows(), strict=True):
        free = row[list(solution.model.parameters.free)].to_dict()
        share = solution.model.shock_share
        size = {shock: SIZE / share * row[f"sigma_{name}"] / HELD[shock] for shock, name in EPSILONS.items()}
        found = [
            hanknn.irf(solution, f"eps_{EPSILONS[shock]}", size[shock], PERIODS, free, extrapolate=True)
            for shock in SHOCKS
        ]
        economies.append(xr.concat(found, pd.Index(SHOCKS, name="shock"), combine_attrs="drop_conflicts"))
    table = xr.concat(economies, pd.RangeIndex(len(at), name="point"), combine_attrs="drop_conflicts")
    return table.drop_vars("inflation").rename(inflation_rate="inflation")


def over_the_box(file: Path, at: pd.DataFrame) -> list[hanknn.Solution]:
    """One solution for all points, kept in `file`."""
    model = small_shocks(ONCE_TRAINED)
    if not file.exists():
        solved(model, hanknn.Recipe(NETWORK, (METHOD,))).save(file)
    return [hanknn.load(file, model)] * len(at)


def at_each_point(at: pd.DataFrame) -> list[hanknn.Solution]:
    model = small_shocks(AT_A_POINT_TRAINED)
    free = at[list(model.parameters.free)]
    return [solved(model.only(**row.to_dict()), AT_A_POINT) for _, row in free.iterrows()]


def solved(model: WithoutBound, recipe: hanknn.Recipe) -> hanknn.Solution:
    began = time.perf_counter()
    found = hanknn.solve(model, recipe, report=shown)
    print(f"solved in {time.perf_counter() - began:.0f} s\n", flush=True)
    return found.solution


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--train", type=Path, metavar="FILE", help="Solve once for all, into this file if it is not there."
    )
    how.add_argument("--each", action="store_true", help="Solve at each of the points.")
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
        compare(over_the_box(arguments.train, at), at, linear)
    if arguments.each:
        compare(at_each_point(at), at, linear)
    return 0


def shown(step: Step) -> None:
    print(f"{step.done} iterations, {step.note}", flush=True)


def compare(solutions: Sequence[hanknn.Solution], at: pd.DataFrame, linear: xr.Dataset) -> None:
    differences = largest_differences(network_responses(solutions, at), linear)
    print("\nlargest difference over 20 quarters, percent of peak (target 1)\n")
    print(differences.to_string(float_format="{:.2f}".format))
    print(f"\n{int((differences <= 1).sum().sum())} of {differences.size} within 1 %")


if __name__ == "__main__":
    sys.exit(main())
