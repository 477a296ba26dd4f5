"""Particle filters against the Kalman filter on `nk`: unbiased or not, how precise, how fast.

Run: python benchmarks/filters.py (about four minutes on two cores). Twenty parameter draws over the
box, each with 100 quarters simulated from it (ζ, X and π observed, measurement error 10 % of each
variance). Every filter runs on the shipped solution; Kalman linearises that same solution, so the
comparison is of filters alone.
"""

import os
import time

import jax
import numpy as np
import pandas as pd

import hanknn
from hanknn.inference.data import VarianceShare, simulate_data
from hanknn.inference.likelihood import Bootstrap, Guided, Kalman, Likelihood, Tempered, Twisted

OBSERVED = ("zeta", "output_gap", "inflation")
REPLICATIONS = {100: 1000, 1000: 200}


def main() -> None:
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    solution = hanknn.load("nk")
    unbiased(solution)
    speed(solution)


def unbiased(solution: hanknn.Solution, draws: int = 20) -> None:
    space = solution.model.parameters
    thetas = np.random.default_rng(1).uniform(space.lower, space.upper, (draws, len(space)))
    rows = []
    for i, theta in enumerate(thetas):
        named = dict(zip(space.names, theta, strict=True))
        data = simulate_data(solution, OBSERVED, 100, named, VarianceShare(0.1), seed=i).observed
        exact = Likelihood(solution, data, Kalman()).batch(theta[None])[0]
        for kind in (Bootstrap, Tempered, Guided, Twisted):
            for particles, count in REPLICATIONS.items():
                filter = kind(particles=particles)
                likelihood = Likelihood(solution, data, filter)
                found = likelihood.batch(np.tile(theta, (count, 1)), jax.random.key(i)) - exact
                rows.append({"filter": kind.__name__, "particles": particles, "draw": i} | summary(found))
        print(f"draw {i + 1} of {draws}", flush=True)
    table = pd.DataFrame(rows)
    by = table.groupby(["filter", "particles"], sort=False)
    result = by.agg(
        ratio=("ratio", "mean"),
        se=("ratio_se", lambda s: np.sqrt((s**2).sum()) / len(s)),
        worst_z=("z", lambda z: z.abs().max()),
        mean_log=("mean", "mean"),
        sd_median=("sd", "median"),
        sd_worst=("sd", "max"),
    )
    result["z"] = (result["ratio"] - 1) / result["se"]
    print("mean of exp(log L̂ − log L), its Monte Carlo s.e. and distance from 1 in them; s.d. of log L̂ over 20 draws")
    print(result.to_string(float_format="{:.3f}".format), "\n")


def summary(difference: np.ndarray) -> dict[str, float]:
    ratio = np.exp(difference)
    se = ratio.std(ddof=1) / len(ratio) ** 0.5
    return {
        "ratio": ratio.mean(),
        "ratio_se": se,
        "z": (ratio.mean() - 1) / se,
        "mean": difference.mean(),
        "sd": difference.std(ddof=1),
    }


def speed(solution: hanknn.Solution, draws: int = 2048) -> None:
    space = solution.model.parameters
    data = simulate_data(solution, OBSERVED, 100, measurement_error=VarianceShare(0.1)).observed
    thetas = np.random.default_rng(0).uniform(space.lower, space.upper, (draws, len(space)))
    rows = []
    for filter in (Bootstrap(100), Tempered(100), Guided(100), Twisted(100), Kalman()):
        likelihood = Likelihood(solution, data, filter)
        likelihood.batch(thetas[:256])
        rates = []
        for _ in range(3):
            start = time.perf_counter()
            likelihood.batch(thetas)
            rates.append(draws / (time.perf_counter() - start))
        rows.append({"filter": type(filter).__name__, "likelihoods a second": np.median(rates)})
    print(f"T = 100, 100 particles, {draws} parameter draws, {os.cpu_count()} cores")
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:,.0f}".format))


if __name__ == "__main__":
    main()
