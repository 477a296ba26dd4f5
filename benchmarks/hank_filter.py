"""`hank`'s likelihood: what compiling and a likelihood take, how noisy, with the whole distribution and on summaries.

Run: python benchmarks/hank_filter.py [--data FILE] [--quarters 120] [--draws DRAWS] (ten minutes). FILE is a CSV with a
column of quarters and one of each series: output_growth, inflation_rate and notional_rate, percent, annualised; errors
of 5 % of each variance, parameters at KMR's posterior medians (strain 0.98). Without it, quarters simulated there.
DRAWS: the draws.csv of an estimation, at twenty of which both filters are compared, too.
"""

import argparse
import time
import warnings

import jax
import numpy as np
import pandas as pd

import hanknn
from hanknn import Guided, OnSummaries, Twisted
from hanknn.front.experiments.hank_estimates import OBSERVABLES, ON_US_DATA
from hanknn.inference.data import VarianceShare, prepare, simulate_data
from hanknn.machine.log_space import log_mean

MEDIANS = {name: median for name, (median, _, _) in ON_US_DATA.items()}
"""KMR, table 3."""
FILTERS = (
    (OnSummaries(Guided(100, steps=4)), 64, 32),
    (OnSummaries(Twisted(100)), 128, 32),
    (OnSummaries(Twisted(3000)), 8, 1),
    (Guided(100, steps=4), 8, 1),
    (Twisted(100), 16, 1),
)
"""Each with the number of likelihoods, and how many at once."""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--data")
    asked.add_argument("--quarters", type=int, default=120)
    asked.add_argument("--draws")
    given = asked.parse_args()
    warnings.simplefilter("ignore")  # particles collapse in single quarters: the s.d. says so
    hank = hanknn.load("hank")
    if given.data:
        data = prepare(given.data, hank.model, None, VarianceShare(0.05))
    else:
        data = simulate_data(hank, OBSERVABLES, given.quarters, MEDIANS, VarianceShare(0.05)).observed
    theta = hank.model.parameters.resolve(MEDIANS)
    for filter, times, size in FILTERS:
        likelihood = hanknn.Likelihood(hank, data, filter)
        start = time.perf_counter()
        likelihood.batch(np.tile(theta, (size, 1)), size=size)
        compiled = time.perf_counter() - start
        start = time.perf_counter()
        values = likelihood.batch(np.tile(theta, (times, 1)), jax.random.key(1), size=size)
        each = (time.perf_counter() - start) / times
        mean = log_mean(values)
        print(
            f"{filter}: first {compiled:.0f} s, then {1 / each:.2f} a second; log L̂ {values.mean():.2f}, "
            f"s.d. {values.std(ddof=1):.2f}, log of the mean {mean:.2f}",
            flush=True,
        )
    if given.draws:
        compare(hank, data, pd.read_csv(given.draws).to_numpy())
    for name, ask in (
        ("filter_states", lambda: hanknn.filter_states(hank, data, MEDIANS, Twisted(100))),
        ("forecast", lambda: hanknn.forecast(hank, data, MEDIANS, filter=Twisted(100))),
        ("irf", lambda: hanknn.irf(hank, "eps_zeta", parameters=MEDIANS)),
    ):
        seconds = []
        for _ in range(2):
            start = time.perf_counter()
            ask()
            seconds.append(time.perf_counter() - start)
        print(f"{name}: {seconds[0]:.1f} s, again {1000 * seconds[1]:.0f} ms", flush=True)


def compare(hank: hanknn.Solution, data, draws: np.ndarray, count: int = 20, fast: int = 16, exact: int = 4) -> None:
    """Exact less fast log-likelihood at some draws, each the log of a mean of several estimates."""
    thetas = draws[np.linspace(0, len(draws) - 1, count).astype(int)]
    found = {}
    for filter, times in ((OnSummaries(Twisted(100)), fast), (Twisted(100), exact)):
        values = hanknn.Likelihood(hank, data, filter).batch(np.repeat(thetas, times, axis=0), jax.random.key(2))
        found[times] = values.reshape(count, times)
        print(f"{filter}: s.d. of log L̂ at {count} draws, mean {found[times].std(1, ddof=1).mean():.2f}")
    apart = log_mean(found[exact]) - log_mean(found[fast])
    print(
        f"exact less fast at {count} posterior draws: mean {apart.mean():.2f}, s.d. {apart.std(ddof=1):.2f}", flush=True
    )


if __name__ == "__main__":
    main()
