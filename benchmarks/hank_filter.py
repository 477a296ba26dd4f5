"""`hank`'s likelihood with the whole distribution in every particle: what compiling and a likelihood take, how noisy.

Run: python benchmarks/hank_filter.py (three minutes). 40 quarters of growth, inflation and the rate, simulated
at the true values but σ_ζ = 0.012 (an equilibrium is known there), errors of 10 % of each variance.
"""

import time
import warnings

import jax
import numpy as np

import hanknn
from hanknn.inference.data import VarianceShare, simulate_data

NAMES, QUARTERS, PARTICLES, TIMES = ("output_growth", "inflation_rate", "interest_rate"), 40, 100, 12
VALUES = {"sigma_zeta": 0.012}


def main() -> None:
    warnings.simplefilter("ignore")  # particles collapse in single quarters: the s.d. says so
    hank = hanknn.load("hank")
    data = simulate_data(hank, NAMES, QUARTERS, VALUES, VarianceShare(0.1)).observed
    theta = hank.model.parameters.resolve(VALUES)
    for steps in (1, 4):
        likelihood = hanknn.Likelihood(hank, data, hanknn.Guided(PARTICLES, steps=steps))
        start = time.perf_counter()
        likelihood.batch(theta[None], size=1)
        compiled = time.perf_counter() - start
        start = time.perf_counter()
        values = likelihood.batch(np.tile(theta, (TIMES, 1)), jax.random.key(1), size=1)
        each = (time.perf_counter() - start) / TIMES
        print(
            f"{steps} Gauss-Newton steps: first likelihood {compiled:.1f} s, then {each:.2f} s each "
            f"({1 / each:.2f} a second); log L̂ {values.mean():.1f}, s.d. {values.std(ddof=1):.1f}",
            flush=True,
        )
    for name, ask in (
        ("filter_states", lambda: hanknn.filter_states(hank, data, VALUES, hanknn.Guided(PARTICLES))),
        ("forecast", lambda: hanknn.forecast(hank, data, VALUES, filter=hanknn.Guided(PARTICLES))),
        ("irf", lambda: hanknn.irf(hank, "eps_zeta", parameters=VALUES)),
    ):
        seconds = []
        for _ in range(2):
            start = time.perf_counter()
            ask()
            seconds.append(time.perf_counter() - start)
        print(f"{name}: {seconds[0]:.1f} s, again {1000 * seconds[1]:.0f} ms", flush=True)


if __name__ == "__main__":
    main()
