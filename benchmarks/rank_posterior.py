"""What the default solution's errors do to `rank`'s posterior, seed by seed.

    hanknn reproduce table5 --out runs/table5
    python benchmarks/rank_posterior.py runs/table5 [seeds]

The experiment's benchmark draws, which have time iteration's likelihood, are weighed by the ratio of each solution's
likelihood to it (grid filter, same data): their weighted quantiles are those of that solution's exact posterior.
"""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import hanknn
from hanknn.experiments.benchmark import GridLikelihood
from hanknn.experiments.table5 import Table5
from hanknn.posterior import Target
from hanknn.posterior.importance import reweight
from hanknn.posterior.result import Posterior
from hanknn.precision import in_float64

TARGETS = {"median (s.d.)": 0.15, "5 % or 95 % (s.d.)": 0.25, "true values outside 90 %": 0.0, "Pareto k": 0.7}


@in_float64
def one(folder: Path, seed: int | None) -> dict[str, float]:
    """The solution of one seed, None for the weights that ship."""
    solution = hanknn.load("rank") if seed is None else hanknn.solve(hanknn.models.RANK(), seed=seed).solution
    found = Table5().posteriors(folder, 0, resume=True, report=lambda *_: None)
    benchmark, box = found.benchmark, found.benchmark.box
    flat = benchmark.values.reshape(-1, len(box.names))
    prior = jax.jit(jax.vmap(Target(box, found.ours.surrogate.at).log_prior))(
        jnp.asarray(box.coordinates(box.full(flat)))
    )
    exact = benchmark.sample.log_density.ravel() - np.asarray(prior)
    thetas, where = np.unique(box.full(flat), axis=0, return_inverse=True)
    own = GridLikelihood(solution, found.data.observed, reference=None)
    estimates = np.asarray(jax.jit(lambda t: jax.lax.map(own.at, t, batch_size=64))(jnp.asarray(thetas)))[where.ravel()]
    found_weights = reweight(estimates, exact)
    weighted = Posterior(box, benchmark.values, weights=found_weights.weights.reshape(benchmark.values.shape[:2]))
    off = (weighted.quantiles() - benchmark.quantiles()).abs().div(benchmark.mean_sd()[1], axis=0)
    truth = np.array([found.data.parameters[name] for name in box.names])
    ours = weighted.quantiles()
    outside = (truth < ours[0.05]) | (truth > ours[0.95])
    row = (off[0.5].max(), off[[0.05, 0.95]].to_numpy().max(), outside.sum(), found_weights.pareto_k)
    return {**dict(zip(TARGETS, map(float, row), strict=True)), "log ratio, s.d.": found_weights.log_ratio_sd}


def main() -> int:
    folder, seeds = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    table = {"target": TARGETS}
    for seed in (None, *range(seeds)):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            table["shipped" if seed is None else f"seed {seed}"] = pool.submit(one, folder, seed).result()
        print(pd.DataFrame(table).to_string(float_format="{:.3g}".format), flush=True)
    found = pd.DataFrame(table)
    missed = [name for name, target in TARGETS.items() if found.loc[name].drop("target").max() > target]
    print("all met" if not missed else "missed: " + ", ".join(missed))
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
