"""How far `hank` on summaries strays from `hank` with the whole distribution, left alone under the same shocks.

Run: python benchmarks/hank_law.py (two minutes). 240 quarters from the steady state, the first sixty dropped; economies
over the box up to a strain of 1.05. Differences are root mean squares, as a share of the series' own s.d.
"""

import jax
import jax.numpy as jnp
import numpy as np

import hanknn
from hanknn.machine.compiled import jit

ECONOMIES, AT_ONCE, QUARTERS, DROPPED, STRAIN = 200, 20, 240, 60, 1.05
NAMES = ("output", "output_growth", "inflation_rate", "interest_rate", "notional_rate")


def main() -> None:
    hank = hanknn.load("hank")
    print("one-step errors:", {name: f"{100 * e:.2f} %" for name, e in hank.header["law_errors"].items()})
    with jax.enable_x64(True):
        space = hank.model.parameters
        drawn = np.random.default_rng(0).uniform(space.lower, space.upper, (20 * ECONOMIES, len(space)))
        rows = jnp.asarray(drawn[hank.strains(drawn) <= STRAIN][:ECONOMIES])
        shocks = jax.random.normal(jax.random.key(0), (QUARTERS, len(hank.model.shocks)), jnp.float64)

        def paths(economy, vector):
            theta = economy.parameters(vector)
            show = lambda last, now, hit: economy.observe(last, now, theta, NAMES)
            return economy.path(economy.center(theta).state, shocks, theta, show)[DROPPED:]

        whole, few = hank.economy, hank.economy.summarised
        both = jit(jax.vmap(lambda vector: (paths(whole, vector), paths(few, vector))))
        parts = [both(rows[i : i + AT_ONCE]) for i in range(0, ECONOMIES, AT_ONCE)]
        exact, told = (np.concatenate([np.asarray(p[i]) for p in parts]) for i in (0, 1))
    share = np.sqrt(((told - exact) ** 2).mean(axis=1)) / exact.std(axis=1)
    for name, column in zip(NAMES, share.T, strict=True):
        worst = f"95 % {100 * np.quantile(column, 0.95):.2f} %, worst {100 * column.max():.2f} %"
        print(f"{name}: median economy {100 * np.median(column):.2f} %, {worst} (of {len(share)})")


if __name__ == "__main__":
    main()
