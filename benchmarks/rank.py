"""`rank`: what the README says of it. Run: python benchmarks/rank.py [seeds] [draws]

For each seed: the default solve from nothing, its residuals, the distance from time iteration at random draws,
how often the trust map is right, residuals at the constraint, and simulated moments beside time iteration's.
A process a seed: JAX keeps every program that it compiled, and each solve compiles its own.
"""

import multiprocessing
import os
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import hanknn
from hanknn.references import TimeIterated, TimeIteration

PERIODS, CHAINS = 1_000_000, 1_000
TARGETS = {
    "seconds from nothing": 180,
    "mean squared residual": 1e-9,
    "output, median draw (%)": 0.02,
    "output, 95 of 100 (%)": 0.1,
    "inflation, median draw (bp)": 0.5,
    "inflation, 95 of 100 (bp)": 5.0,
    "binding / slack, largest residual": 5.0,
    "trust map wrong (share)": 0.05,
    "ZLB frequency, difference (pp)": 0.2,
    "mean inflation, difference (%)": 1.0,
    "s.d. of output, difference (%)": 1.0,
    "s.d. of inflation, difference (%)": 1.0,
    "peak memory (GB)": 2.0,
}


def simulated(policy, sd: float, rho: float) -> dict[str, float]:
    """Moments over a million quarters at the true values; `policy` maps ζ (chains, quarters) to levels."""
    key = jax.random.key(7)
    with jax.enable_x64(True):
        shocks = np.asarray(jax.random.normal(key, (PERIODS // CHAINS, CHAINS)))
    zeta, state = np.empty_like(shocks), sd * shocks[0]
    for t, e in enumerate(shocks):
        state = rho * state + sd * np.sqrt(1 - rho**2) * e if t else state
        zeta[t] = state
    at = policy(zeta)
    inflation = 400 * (at["inflation"] - 1)
    return {
        "ZLB frequency (%)": 100 * np.mean(at["rate"] <= 1),
        "mean inflation (%, annual)": inflation.mean(),
        "deflationary bias (bp, annual)": 100 * (inflation.mean() - 400 * (np.exp(0.005) - 1)),
        "s.d. of output (%)": 100 * np.log(at["labor"]).std(),
        "s.d. of inflation (%, annual)": inflation.std(),
    }


def moments(solution) -> tuple[dict[str, float], dict[str, float]]:
    """Simulated moments of the solution and of time iteration."""
    theta = solution.model.parameters
    rho, sd = theta["rho_zeta"].value, theta["sigma_zeta"].value / np.sqrt(1 - theta["rho_zeta"].value ** 2)

    def network(zeta):
        table = solution.policy({"zeta": zeta.ravel()})
        rate = np.exp(0.005) / 0.9975 * (table["inflation"] / np.exp(0.005)) ** 2 * table["labor"] ** 0.25
        return {"labor": table["labor"], "inflation": table["inflation"], "rate": np.maximum(rate, 1)}

    reference = TimeIteration().solve()

    def exact(zeta):
        at = reference.policy(zeta.reshape(1, -1))
        return {"labor": at["labor"][0], "inflation": at["inflation"][0], "rate": at["interest_rate"][0]}

    return simulated(network, sd, rho), simulated(exact, sd, rho)


def one(solution, seconds: float, draws: int, known: TimeIterated) -> dict[str, float]:
    report = hanknn.check(solution)
    largest = report.constraints["max"].unstack("state")
    table = hanknn.distance(solution, known)
    inside = table[table["exists"]].head(draws)
    found, exact = moments(solution)
    print(report)
    print(f"\n{draws} draws with an equilibrium, largest errors within 3 s.d.")
    print(inside[["output_error", "inflation_error"]].quantile([0.5, 0.9, 0.95, 0.99, 1.0]).to_string())
    print("\nby thirds of each range, over all draws with an equilibrium that are claimed to be solved")
    print(hanknn.distance_by_thirds(table, solution.model.parameters).to_string(float_format="{:.3g}".format))
    print("worst draw:\n" + inside.loc[inside["output_error"].idxmax()].to_string())
    print("\n" + pd.DataFrame({"network": found, "time iteration": exact}).to_string())
    relative = lambda name: 100 * abs(found[name] / exact[name] - 1)
    return {
        "seconds from nothing": seconds,
        "mean squared residual": _mean_square(solution, table),
        "output, median draw (%)": inside["output_error"].median(),
        "output, 95 of 100 (%)": inside["output_error"].quantile(0.95),
        "inflation, median draw (bp)": inside["inflation_error"].median(),
        "inflation, 95 of 100 (bp)": inside["inflation_error"].quantile(0.95),
        "binding / slack, largest residual": float((largest["binding"] / largest["slack"]).max()),
        "trust map wrong (share)": float((table["exists"] != table["solved"]).mean()),
        "ZLB frequency, difference (pp)": abs(found["ZLB frequency (%)"] - exact["ZLB frequency (%)"]),
        "mean inflation, difference (%)": relative("mean inflation (%, annual)"),
        "s.d. of output, difference (%)": relative("s.d. of output (%)"),
        "s.d. of inflation, difference (%)": relative("s.d. of inflation (%, annual)"),
        "peak memory (GB)": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


def _mean_square(solution, table: pd.DataFrame, states: int = 20) -> float:
    """Over every economy that has an equilibrium by time iteration, whatever the solution says of itself."""
    with jax.enable_x64(True):
        space, economy, equations = solution.model.parameters, solution.economy, solution.equations
        inside = table[table["exists"]]
        thetas = jnp.asarray(space.resolve({name: inside[name].to_numpy() for name in space.free}))
        normals = jax.random.normal(jax.random.key(11), (len(thetas), states, 1))
        rule = equations.judging_rule

        def rows(vector, normal):
            theta = economy.parameters(vector)
            at = lambda n: economy.residuals(equations.ergodic_state(n, theta), theta, rule, jax.random.key(0))
            return jax.vmap(at)(normal)

        run = jax.jit(lambda t, n: jax.lax.map(lambda a: rows(*a), (t, n), batch_size=50))
        return float(np.mean(np.asarray(run(thetas, normals)) ** 2))


def trained(seed: int, draws: int, known: TimeIterated) -> dict[str, float]:
    """One seed from nothing, in a process of its own."""
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    began = time.perf_counter()
    solved = hanknn.solve(hanknn.models.RANK(), seed=seed)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"\n== seed {seed}: {seconds:.0f} s, of which iterating {solved.seconds:.0f} s; {peak:.2f} GB", flush=True)
    return one(solved.solution, seconds, draws, known)


def shipped(draws: int, known: TimeIterated) -> dict[str, float]:
    print("\n== weights that ship", flush=True)
    return one(hanknn.load("rank"), 0.0, draws, known)


def main() -> int:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    draws = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    began = time.perf_counter()
    known = TimeIteration().solve(hanknn.models.RANK().parameters.sample(max(1000, 2 * draws), seed=3_000_001))
    print(f"time iteration: {len(known.thetas)} draws in {time.perf_counter() - began:.0f} s, ", end="")
    print(f"an equilibrium at {100 * known.converged.mean():.1f} %", flush=True)
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh, max_tasks_per_child=1) as pool:
        results = {f"seed {seed}": pool.submit(trained, seed, draws, known).result() for seed in range(seeds)}
        results["shipped"] = pool.submit(shipped, draws, known).result()
    table = pd.DataFrame(results)
    table.insert(0, "target", pd.Series(TARGETS))
    print(f"\n{os.cpu_count()} cores\n" + table.to_string(float_format="{:.3g}".format))
    missed = (table.drop(columns="target").gt(table["target"], axis=0)).any(axis=1)
    print("missed: " + (", ".join(table.index[missed]) or "none"))
    return int(missed.any())


if __name__ == "__main__":
    sys.exit(main())
