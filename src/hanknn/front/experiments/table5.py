"""KMR's table 5: the posterior of `rank`, by the surrogate and by time iteration for every draw."""

import time
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
import pandas as pd

from ...inference.data.simulated import SimulatedData
from ...inference.estimation import Estimate, ViaSurrogate
from ...inference.likelihood import Guided
from ...inference.posterior import ParticleMetropolis, Store, Target
from ...inference.posterior.importance import Reweighting
from ...inference.posterior.result import Posterior
from ...inference.surrogate import Design
from ...machine.precision import in_float64
from ...machine.settings_difference import described
from ...machine.work import Report
from ...solution import load
from ...solution.identity import identity
from ..estimation_folder import STEPS, EstimationFolder
from ..figures import prior_posterior, save
from .benchmark import GridLikelihood, exercise
from .experiment import Experiment, Finding

METHOD = ViaSurrogate(
    filter=Guided(particles=100),
    design=Design(points=2000, chunk=128),
    refinement=Design(points=2000, chunk=128),
    correction=Reweighting(draws=2000),
)
BENCHMARK = ParticleMetropolis(chains=16, warmup=20, draws=250, guided_steps=100, chunk=10)
PUBLISHED = {
    "theta_pi": (2.04, 1.92, 2.15),
    "theta_y": (0.250, 0.240, 0.260),
    "varphi": (985.0, 921.0, 1047.0),
    "rho_zeta": (0.69, 0.671, 0.707),
    "sigma_zeta": (0.020, 0.019, 0.021),
}
"""KMR's posterior median, 5 % and 95 %, on data of their own."""


class Posteriors(NamedTuple):
    """What the experiment compares, the folder in which it lies, and the seconds that each took."""

    data: SimulatedData
    place: EstimationFolder
    ours: Estimate
    benchmark: Posterior
    seconds: dict[str, float]


class Table5(Experiment):
    """Medians within 0.15 posterior s.d. of the benchmark's, 5 % and 95 % within 0.25; true values inside 90 %.

    The benchmark samples with delayed acceptance: a surrogate proposes, an exact likelihood decides, so its
    posterior is exact whatever the surrogate.
    """

    @in_float64
    def run(self, folder, seed, resume, report, data=None):
        found = self.posteriors(folder, seed, resume, report)
        found.place.finish(found.ours, found.data)
        posterior, truth = found.ours.posterior, found.data.parameters
        save(prior_posterior(posterior, truth, {"time iteration": found.benchmark}), folder, "table5")
        table = compared(posterior, found.benchmark, truth)
        table.to_csv(folder / "table5.csv")
        pd.Series(found.seconds, name="seconds").to_csv(folder / "seconds.csv")
        median, tails = table["median, off by (s.d.)"].max(), table[["5 %, off by (s.d.)", "95 %, off by (s.d.)"]].max()
        outside = (table["true"] < table["5 %"]) | (table["true"] > table["95 %"])
        return [
            Finding("largest difference of a median (posterior s.d.)", float(median), 0.15),
            Finding("largest difference of a 5 % or 95 % quantile (posterior s.d.)", float(tails.max()), 0.25),
            Finding("true values outside their 90 % interval", float(outside.sum()), 0.0),
            Finding("benchmark's largest R-hat", float(np.max(found.benchmark.convergence()[0])), 1.02),
        ]

    @in_float64
    def posteriors(self, folder: Path, seed: int, resume: bool, report: Report) -> "Posteriors":
        """Both posteriors; with `resume` from what an earlier run left in `folder`."""
        solution = load("rank")
        data = exercise(solution, seed)
        began = time.perf_counter()
        settings = {"experiment": "table5", "seed": seed, "method": described(METHOD), **described(identity(solution))}
        place = EstimationFolder(folder, settings, resume, not resume)
        ours = place.estimate(solution, data.observed, METHOD, seed=seed, report=report)
        middle = time.perf_counter()
        exact = GridLikelihood(solution, data.observed)
        store = Store(folder / STEPS / "benchmark").within(
            seed=seed, method=METHOD, data=data.observed.fingerprint(), **identity(solution)
        )
        benchmark = self._benchmark(ours, exact, seed, store, report)
        seconds = {"surrogate": middle - began, "time iteration": time.perf_counter() - middle}
        return Posteriors(data, place, ours, benchmark, seconds)

    def _benchmark(self, ours, exact: GridLikelihood, seed: int, store: Store, report) -> Posterior:
        box = ours.posterior.box
        guide = Target(box, ours.surrogate.at)
        cloud = box.coordinates(box.full(ours.uncorrected.values.reshape(-1, len(box.names))))
        sample = BENCHMARK.sample(guide, cloud, exact.at, jax.random.key(seed + 1), store, report)
        return Posterior(box, sample.values, sample)


def compared(ours: Posterior, benchmark: Posterior, truth: dict[str, float]) -> pd.DataFrame:
    """Quantiles of both, their differences in units of the benchmark's posterior s.d., and what KMR published."""
    a, b, sd = ours.quantiles(), benchmark.quantiles(), benchmark.mean_sd()[1]
    labels = {0.5: "median", 0.05: "5 %", 0.95: "95 %"}
    columns: dict[str, object] = {"true": [truth[name] for name in ours.names]}
    columns |= {labels[p]: a[p] for p in labels}
    columns |= {f"{labels[p]}, time iteration": b[p] for p in labels}
    columns |= {f"{labels[p]}, off by (s.d.)": (a[p] - b[p]).abs() / sd for p in labels}
    columns["ESS, time iteration"] = benchmark.convergence()[1]
    published = pd.DataFrame.from_dict(PUBLISHED, orient="index", columns=[f"KMR {labels[p]}" for p in labels])
    return pd.DataFrame(columns, index=a.index).join(published)
