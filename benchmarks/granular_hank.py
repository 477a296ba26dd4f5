"""What finitely many households add to `hank`'s aggregates: KMR track 100, here is a continuum.

    python benchmarks/granular_hank.py         about five minutes on two cores

At the true values. Households' own luck, mean productivity above all, averages out like one over their number. What it
does to aggregates is known to first order (`ForeseenEconomy.luck`, compared here with the nonlinear path from the same
households); `simulate_finite` draws it, and its variance is compared with that of independent draws.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import hanknn
from hanknn.machine.precision import in_float64
from hanknn.references import PerfectForesight

HOUSEHOLDS = (100, 1_000, 10_000)
QUARTERS = 4_000
SAMPLES = (1_000, 40_000)
VARIABLES = {"output": "output", "inflation": "inflation_rate", "notional_rate": "notional_rate"}


@in_float64
def first_order(economy) -> None:
    """Both answers, at their peak, to households drawn from the steady state with assets tilted to make up the debt."""
    mass = np.maximum(economy.steady.distribution, 0)
    nodes = np.asarray(economy.settings.grids.asset_nodes(jnp.asarray(economy.steady.theta.borrowing_limit)))[:, None]
    for households in SAMPLES:
        drawn = np.random.default_rng(0).multinomial(households, mass.ravel() / mass.sum())
        drawn = drawn.reshape(mass.shape) / households
        mean = np.sum(drawn * nodes)
        drawn = drawn * (1 + (np.sum(mass * nodes) - mean) / np.sum(drawn * (nodes - mean) ** 2) * (nodes - mean))
        exact = economy.path({}, bound=False, distribution=drawn).to_dataset()
        for name, responses in economy.luck.items():
            off = np.abs((responses * (drawn - mass)).sum(("assets", "productivity")) - exact[name]).max()
            peak = float(np.abs(exact[name]).max())
            print(
                f"{households:,} households drawn, {name}: peak {peak:.3g}, first order off by {100 * off / peak:.2g} %"
            )


def main() -> None:
    jax.config.update("jax_num_cpu_devices", 2)
    solution, economy = hanknn.load("hank"), PerfectForesight().at()
    first_order(economy)
    limit = hanknn.long_run(solution, quarters=1_000_000)
    rows = {"continuum": {f"s.d. of {name}": limit.loc[there, "sd"] for name, there in VARIABLES.items()}}
    rows["continuum"]["at the bound"] = 100 * limit.loc["zlb", "mean"]
    for households in HOUSEHOLDS:
        found = hanknn.simulate_finite(solution, households, QUARTERS)
        rows[f"{households:,} households"] = {
            **{f"s.d. of {name}": found[there].std() for name, there in VARIABLES.items()},
            "at the bound": 100 * (found["notional_rate"] < 0).mean(),
            "luck in output": found["luck"].std(),
            "by independent draws": economy.luck_deviation(households)["output"],
        }
        print(pd.DataFrame(rows).T.to_string(float_format="{:.4g}".format), flush=True)


if __name__ == "__main__":
    main()
