"""What the default solution's errors do to `rank`'s posterior, seed by seed.

    hanknn reproduce table5 --out runs/table5
    python benchmarks/rank_posterior.py runs/table5 [seeds]

Every fourth of the experiment's benchmark draws, which have time iteration's likelihood, is weighed by the ratio of
each solution's likelihood to it (grid filter, same data): the weighted quantiles are those of that solution's exact
posterior. Both sides stand on the same draws, so the difference is the solution's alone. Twenty minutes on two cores.
"""

import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Float

import hanknn
from hanknn.front.experiments.benchmark import GridLikelihood, exercise
from hanknn.front.experiments.table5 import Table5
from hanknn.inference.posterior import Target
from hanknn.inference.posterior.importance import reweight
from hanknn.inference.posterior.result import Posterior
from hanknn.machine.precision import in_float64

TARGETS = {"median (s.d.)": 0.15, "5 % or 95 % (s.d.)": 0.25, "true values outside 90 %": 0.0, "Pareto k": 0.7}
DATA_SEED, THIN = 0, 4


class Benchmark(NamedTuple):
    """Draws of time iteration's posterior, their parameters, and its log-likelihood at each."""

    posterior: Posterior
    truth: dict[str, float]
    thetas: Float[np.ndarray, "draws parameters"]
    log_likelihoods: Float[np.ndarray, " draws"]


@in_float64
def benchmark_of(folder: Path) -> Benchmark:
    """What the experiment left in `folder`."""
    found = Table5().posteriors(folder, DATA_SEED, resume=True, report=lambda *_: None)
    box = found.benchmark.box
    posterior = Posterior(box, found.benchmark.values[:, ::THIN])
    thetas = box.full(posterior.values.reshape(-1, len(box.names)))
    target = Target(box, found.ours.surrogate.at)
    prior = jax.jit(jax.vmap(target.log_prior))(jnp.asarray(box.coordinates(thetas)))
    exact = found.benchmark.sample.log_density[:, ::THIN].ravel() - np.asarray(prior)
    return Benchmark(posterior, found.data.parameters, thetas, exact)


@in_float64
def log_likelihoods(seed: int | None, thetas: np.ndarray) -> np.ndarray:
    """By the grid filter under the solution of one seed; None: the weights that ship."""
    shipped = hanknn.load("rank")
    solution = shipped if seed is None else hanknn.solve(hanknn.models.RANK(), seed=seed).solution
    own = GridLikelihood(solution, exercise(shipped, DATA_SEED).observed, reference=None)
    distinct, where = np.unique(thetas, axis=0, return_inverse=True)
    found = jax.jit(lambda t: jax.lax.map(own.at, t, batch_size=64))(jnp.asarray(distinct))
    return np.asarray(found)[where.ravel()]


def compare(benchmark: Benchmark, found: np.ndarray) -> dict[str, float]:
    """How far the posterior under `found` lies from the benchmark's."""
    posterior, names = benchmark.posterior, benchmark.posterior.box.names
    importance = reweight(found, benchmark.log_likelihoods)
    weights = importance.weights.reshape(posterior.values.shape[:2])
    ours = Posterior(posterior.box, posterior.values, weights=weights).quantiles()
    off = (ours - posterior.quantiles()).abs().div(posterior.mean_sd()[1], axis=0)
    truth = np.array([benchmark.truth[name] for name in names])
    outside = (truth < ours[0.05]) | (truth > ours[0.95])
    row = (off[0.5].max(), off[[0.05, 0.95]].to_numpy().max(), outside.sum(), importance.pareto_k)
    return {**dict(zip(TARGETS, map(float, row), strict=True)), "log ratio, s.d.": importance.log_ratio_sd}


def main() -> int:
    folder, seeds = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    benchmark = benchmark_of(folder)
    table: dict[str, dict[str, float]] = {"target": TARGETS}
    for seed in (None, *range(seeds)):
        began = time.perf_counter()
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            found = pool.submit(log_likelihoods, seed, benchmark.thetas).result()
        column = "shipped" if seed is None else f"seed {seed}"
        table[column] = compare(benchmark, found) | {"seconds": time.perf_counter() - began}
        print(pd.DataFrame(table).to_string(float_format="{:.3g}".format), flush=True)
    found = pd.DataFrame(table)
    missed = [name for name, target in TARGETS.items() if found.loc[name].drop("target").max() > target]
    print("all met" if not missed else "missed: " + ", ".join(missed))
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
