"""The posterior of a linear model, 7 shocks and 21 parameters: corrected surrogate against Kalman and NUTS.

Run: python benchmarks/many_shocks_estimate.py (half an hour on two cores). The model is that of `many_shocks.py` with
its discount factor fixed; data show the three policies and four of the exogenous processes, with 5 % measurement error.
The reference knows neither particles nor surrogate.
"""

import os
import time

import jax
import numpy as np
import pandas as pd
from many_shocks import model

import hanknn
from hanknn.front.progress import work_bar

SHOWN = ["gap", "inflation", "rate", "demand_0", "costs_1", "policy_2", "demand_3"]
QUARTERS, SEED = 200, 1


def main() -> None:
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    economy = model(7)
    free = [name for name in economy.parameters.names if name != "beta"]
    solution = hanknn.solve(economy.only(*free)).solution
    data = hanknn.data.simulate_data(solution, SHOWN, QUARTERS, seed=SEED)
    found, seconds = {}, {}
    for name, method in {
        "surrogate": hanknn.ViaSurrogate(),
        "Kalman and NUTS": hanknn.Direct(hanknn.Kalman()),
    }.items():
        start = time.perf_counter()
        with work_bar(saved=False) as report:
            found[name] = hanknn.estimate(solution, data.observed, method, report=report)
        seconds[name] = time.perf_counter() - start
        print(f"{name}: {seconds[name] / 60:.1f} minutes\n{found[name].verdict}", flush=True)
    ours, exact = found["surrogate"].posterior, found["Kalman and NUTS"].posterior
    apart = (ours.quantiles() - exact.quantiles()).div(exact.mean_sd()[1], axis=0)
    truth = pd.Series({name: data.parameters[name] for name in ours.names})
    apart["truth inside"] = (ours.quantiles()[0.05] < truth) & (truth < ours.quantiles()[0.95])
    print("quantiles less those of Kalman and NUTS, in its standard deviations (targets 0.1 at 0.5, else 0.15)")
    print(apart.to_string(float_format="{:.3f}".format))
    print("fewest effective draws of Kalman and NUTS", int(np.min(exact.convergence()[1])))


if __name__ == "__main__":
    main()
