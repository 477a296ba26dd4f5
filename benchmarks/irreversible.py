"""`irreversible` solved with the default recipe: consumption and how often the floor binds, against time iteration.

Run: python benchmarks/irreversible.py [FILE] (five minutes on two cores; FILE: a solution to judge in place of a new
one). At 100 random draws of the parameters both methods walk the same eight paths of 500 quarters from the steady
state: consumption is compared at the states that time iteration meets, and each says how often the floor binds on its
own paths.
"""

import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import hanknn
from hanknn.models import IrreversibleInvestment
from hanknn.references import GrowthTimeIteration

DRAWS, QUARTERS, PATHS = 100, 500, 8


def main() -> None:
    model = IrreversibleInvestment()
    start = time.perf_counter()
    if len(sys.argv) > 1:
        solution, seconds = hanknn.load(sys.argv[1], model=model), float("nan")
    else:
        solution = hanknn.solve(model).solution
        seconds = time.perf_counter() - start
    thetas = model.parameters.sample(DRAWS, seed=99)
    shocks = np.random.default_rng(0).normal(size=(QUARTERS, PATHS))
    rows = []
    ours = walker(solution, shocks)
    for theta in thetas:
        values = dict(zip(model.parameters.names, theta, strict=True))
        floor = values.pop("floor")
        known = GrowthTimeIteration().solve(values, floor).simulate(shocks)
        consumption, binds = ours(theta, known.capital, known.z)
        off = np.abs(consumption / known.policies.consumption - 1)
        rows.append([np.sqrt(np.mean(off**2)), off.max(), 100 * binds, 100 * known.binds.mean()])
    table = pd.DataFrame(rows, columns=["consumption, rms", "consumption, largest", "binds", "binds, reference"])
    apart = (table["binds"] - table["binds, reference"]).abs()
    print(f"seconds {seconds:.0f}; the floor binds in {table['binds, reference'].median():.0f} % of quarters (median)")
    shares = [0.5, 0.95, 1.0]
    found = 100 * table[["consumption, rms", "consumption, largest"]].quantile(shares)
    found["binds, points apart"] = apart.quantile(shares)
    print("percent, over draws (targets: consumption 0.05 at the median, 0.3 at 95 of 100; binds within 0.2 points)")
    print(found.to_string(float_format="{:.3g}".format))


def walker(solution: hanknn.Solution, shocks: np.ndarray):
    """Consumption at given states, and how often the floor binds on the solution's own path."""
    economy, equations = solution.economy, solution.equations
    consumption = hanknn.models.irreversible.consumption

    def at(vector, capital, z):
        theta = economy.parameters(vector)
        point = lambda k, z: hanknn.Point({"capital": k, "z": z}, "state")

        def here(k, z):
            now = economy.at(point(k, z), theta)
            return consumption(hanknn.economy.points.join(*now), theta)

        def show(last, now, shock):
            return equations.slackness(*now, theta)[0] < 0

        start = point(theta.steady.capital, jnp.zeros_like(theta.steady.capital))
        # The first row is the steady state; the path's last shock moves nothing that is shown.
        walk = lambda e: economy.path(start, jnp.append(e, 0.0)[:, None], theta, show)[1:]
        return jax.vmap(jax.vmap(here))(capital, z), jnp.mean(jax.vmap(walk, 1)(jnp.asarray(shocks)))

    run = jax.jit(at)

    def walk(*parts):
        with jax.enable_x64(True):
            return tuple(np.asarray(a) for a in run(*map(jnp.asarray, parts)))

    return walk


if __name__ == "__main__":
    main()
