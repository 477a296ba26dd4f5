"""The posterior of `rbc` from 200 quarters with 5 % measurement error: a speck in its box, found, and checked.

Run: python benchmarks/rbc_estimate.py [FILE] (twenty minutes on two cores; FILE: a solution, in place of a new one).
Three observables, one shock; a consumption share's level alone puts most of the box thousands of log units away. The
check is a long run of particle Metropolis: exact for the solution, whatever the surrogate is worth.
"""

import os
import sys
import time

import jax
import numpy as np
import pandas as pd

import hanknn
from hanknn.front.progress import work_bar
from hanknn.inference.likelihood import Likelihood
from hanknn.inference.posterior import ParticleMetropolis, Target
from hanknn.inference.posterior.result import Posterior

SHOWN, QUARTERS, SEED = ["output_growth", "hours", "consumption_share"], 200, 1
DESIGN, FURTHER = hanknn.surrogate.Design(3000), hanknn.surrogate.Design(1500)


def main() -> None:
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    solution = hanknn.load(sys.argv[1]) if len(sys.argv) > 1 else hanknn.solve("rbc").solution
    data = hanknn.data.simulate_data(solution, SHOWN, QUARTERS, seed=SEED)
    start = time.perf_counter()
    method = hanknn.ViaSurrogate(design=DESIGN, refinement=FURTHER)
    with work_bar(saved=False) as report:
        found = hanknn.estimate(solution, data.observed, method, report=report)
    minutes = (time.perf_counter() - start) / 60
    print(f"{minutes:.1f} minutes\n{found.verdict}\n{found.posterior.table().to_string()}", flush=True)
    exact = long_run(found)
    spread = exact.mean_sd()[1]
    apart = (found.posterior.quantiles() - exact.quantiles()).div(spread, axis=0)
    inside = found.posterior.quantiles()
    truth = pd.Series({name: data.parameters[name] for name in found.posterior.names})
    apart["truth inside"] = (inside[0.05] < truth) & (truth < inside[0.95])
    print("\nquantiles less those of particle Metropolis, in its standard deviations (targets 0.1 at 0.5, else 0.15)")
    print(apart.to_string(float_format="{:.3f}".format))
    print("fewest effective draws of particle Metropolis", int(np.min(exact.convergence()[1])))


def long_run(found: hanknn.Estimate) -> Posterior:
    """Exact draws: the surrogate proposes, fresh likelihoods decide."""
    box, surrogate = found.posterior.box, found.surrogate
    assert surrogate is not None and found.uncorrected is not None
    with jax.enable_x64(True):
        cloud = box.coordinates(box.full(found.uncorrected.values.reshape(-1, len(box.names))))
        likelihood = Likelihood(found.solution, found.data, found.method.filter)
        chains = ParticleMetropolis(chains=8, warmup=100, draws=1500, guided_steps=100)
        sample = chains.sample(Target(box, surrogate.at), cloud, likelihood.at, jax.random.key(5))
    return Posterior(box, sample.values, sample)


if __name__ == "__main__":
    main()
