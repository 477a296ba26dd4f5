"""What finitely many households add to `hank`'s aggregates: KMR track 100, here is a continuum.

    python benchmarks/granular_hank.py         about five minutes on two cores

At the true values, the same aggregate shocks each time. Households' own luck averages out like one over their number:
the variance that it adds, times the number of households, should settle; a hundred households are then told from
that (the network itself knows the continuum only: `inputs_far` says when it is asked too far away).
"""

import time

import numpy as np
import pandas as pd

import hanknn

HOUSEHOLDS = (2_500, 10_000, 40_000)
QUARTERS = 4_000
KMR = 100


def main() -> None:
    solution = hanknn.load("hank")
    limit = hanknn.long_run(solution, quarters=1_000_000)
    rows = {"continuum": {"s.d. of output": limit.loc["output", "sd"], "at the bound": 100 * limit.loc["zlb", "mean"]}}
    base = hanknn.simulate_finite(solution, 200_000, QUARTERS)
    for households in HOUSEHOLDS:
        began = time.perf_counter()
        found = hanknn.simulate_finite(solution, households, QUARTERS)
        apart = found["output"] - base["output"]
        rows[f"{households:,} households"] = {
            "s.d. of output": found["output"].std(),
            "at the bound": 100 * (found["notional_rate"] < 0).mean(),
            "s.d. from luck": apart.std(),
            "its variance × households": apart.var() * households,
            "inputs far": found["inputs_far"].mean(),
            "seconds": time.perf_counter() - began,
        }
        print(pd.DataFrame(rows).T.to_string(float_format="{:.4g}".format), flush=True)
    added = rows[f"{HOUSEHOLDS[-1]:,} households"]["its variance × households"] / KMR
    whole = np.sqrt(limit.loc["output", "sd"] ** 2 + added)
    print(f"{KMR} households, by that rule: s.d. of output {whole:.3f}, {np.sqrt(added):.3f} of it luck")


if __name__ == "__main__":
    main()
