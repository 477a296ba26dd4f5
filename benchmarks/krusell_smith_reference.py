"""The Krusell-Smith reference at Den Haan, Judd and Juillard's calibration: how exact it is by means of its own.

Run: python benchmarks/krusell_smith_reference.py (three minutes on one core). First the default settings: seconds of
one core, the law, figures along 10,000 quarters that solving did not see, mean capital on ten such paths. Then other
settings, all with paths of 2,000 quarters: each one's figures on 2,000 fresh quarters, and how far consumption is from
the first row's over households there, in percent; nodes with a mass of less than 1e-6 are nobody's.
"""

import time

import numpy as np
import pandas as pd

from hanknn.references import KrusellSmithReference, KrusellSmithSolution, krusell_smith_accuracy

PATHS, QUARTERS, LOOKS = 10, 2000, 20
SHORT = {"periods": 2000}
OTHERS = {
    "2,000 quarters": {},
    "own assets doubled": {"assets": 800},
    "capital's nodes doubled": {"capital": 24},
    "histogram doubled": {"histogram": 2000},
    "top doubled": {"top": 50.0, "assets": 440, "histogram": 1414},
    "another path": {"seed": 2},
    "two powers": {"powers": 2},
    "four powers": {"powers": 4},
}


def main() -> None:
    begin = time.process_time()
    solution = KrusellSmithReference().solve()
    seconds = time.process_time() - begin
    print(f"default settings: {seconds:.0f} s of one core, {solution.iterations} rounds after the coarse ones")
    print(f"log K' from powers of log K - {solution.law.center:.6f}, bad and good:\n{solution.law.coefficients}")
    print(pd.Series(krusell_smith_accuracy(solution)._asdict()).to_string(float_format="{:.6g}".format))
    means = [solution.simulate(solution.times(10_000, seed)).capital.mean() for seed in range(10, 10 + PATHS)]
    print(f"mean capital, {PATHS} paths: {np.mean(means):.3f}, from {min(means):.3f} to {max(means):.3f}\n", flush=True)
    first = KrusellSmithReference(**SHORT).solve()
    for name, settings in OTHERS.items():
        other = KrusellSmithReference(**SHORT | settings).solve() if settings else first
        found = krusell_smith_accuracy(other, QUARTERS)._asdict()
        found["consumption_mean"], found["consumption_max"] = consumption_off(first, other)
        print(name, *(f"{figure} {value:.5g}" for figure, value in found.items()), sep="; ", flush=True)


def consumption_off(first: KrusellSmithSolution, other: KrusellSmithSolution) -> tuple[float, float]:
    """Percent, over the households that the first one's path visits."""
    z, quarters = first.times(QUARTERS, seed=1), range(0, QUARTERS, QUARTERS // LOOKS)
    path, job = first.simulate(z, quarters=quarters), np.arange(2)[:, None]
    off = []
    for t in quarters:
        at = first.histogram.nodes, job, path.capital[t], z[t]
        off.append(100 * np.abs(other.consumption(*at) / first.consumption(*at) - 1))
    sizes = np.array(off)
    return float((sizes * path.distributions).sum() / len(sizes)), float(sizes[path.distributions > 1e-6].max())


if __name__ == "__main__":
    main()
