"""`hank` against its acceptance list: residuals over the box, simulated moments, the cost of a quarter, peak memory.

python benchmarks/hank.py                  the weights that ship
python benchmarks/hank.py --seeds 0 1 2    solves from nothing first, one process a seed (an hour each)
python benchmarks/hank.py --quarters 1000000
"""

import argparse
import resource
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import hanknn
from hanknn.economy.draws import plausible
from hanknn.economy.misfit import AT_ONCE
from hanknn.machine.devices import split_over_devices
from hanknn.machine.precision import in_float64
from hanknn.solution.simulation.paths import settled_states, shown_path

BATCH, REPEATS = 512, 20
MARKETS = ["labor_market", "government_budget", "bond_market", "phillips_curve"]


def residual_table(solution, draws: int) -> None:
    began = time.perf_counter()
    report = hanknn.check(solution, draws)
    print(report)
    parts = {"wherever solved": report.residuals}
    parts |= {f"equilibrium {label}": table.droplevel(0) for label, table in report.existence.groupby(level=0)}
    for label, table in parts.items():
        residuals = table["mean_square"]
        markets = residuals[MARKETS]
        euler = residuals["euler"] + residuals["euler_remainder"]
        print(f"{label}: markets and Phillips curve, mean square {markets.mean():.2e} (target 1e-8)")
        print(f"{label}: Euler equations, mean square over households {euler:.2e} (target 1e-7)")
    print(f"share of the box that counts as solved: {100 * report.solved_share:.1f} %")
    print(f"[{time.perf_counter() - began:.0f} s]")


@in_float64
def known_economies(solution, economies: int = 256, states: int = 32) -> None:
    """Residuals where an equilibrium is known, at many states of many economies: single states make the means."""
    economy, equations, key = solution.economy, solution.equations, jax.random.key(7)
    drawn = jax.jit(jax.vmap(lambda k: plausible(equations, k, jnp.float64)))(jax.random.split(key, economies))
    thetas = jnp.repeat(drawn, states, axis=0)

    def at(point):
        state, vector = point
        return economy.residuals(state, economy.parameters(vector), equations.judging_rule, key)

    found = settled_states(solution, thetas, key), thetas
    rows = np.asarray(jax.jit(lambda points: jax.lax.map(at, points, batch_size=AT_ONCE))(found))
    squares = pd.DataFrame(np.asarray(equations.by_equation(jnp.asarray(rows**2))), columns=equations.equation_names)
    table = pd.DataFrame({"mean square": squares.mean(), "median": squares.median() ** 0.5})
    table["99 %"], table["largest"] = squares.quantile(0.99) ** 0.5, squares.max() ** 0.5
    print(f"\n{economies} economies with a known equilibrium, {states} states of each")
    print(table.to_string(float_format="{:.2e}".format))
    four = squares[MARKETS].mean(axis=1).to_numpy()
    worst = np.sort(four)[-len(four) // 100 :]
    each = four.reshape(economies, states).mean(axis=1)
    print(f"markets and Phillips curve: mean {four.mean():.2e} (target 1e-8), median economy {np.median(each):.1e}")
    print(f"one state in a hundred makes {100 * worst.sum() / four.sum():.0f} % of it")
    print(f"Euler equations: {(squares['euler'] + squares['euler_remainder']).mean():.2e} (target 1e-7)\n")


@in_float64
def quarter_cost(solution) -> None:
    """Seconds of one quarter of many economies at once, each with its own parameters."""
    economy, equations = solution.economy, solution.equations
    thetas = jnp.asarray(solution.model.parameters.sample(BATCH, seed=1))
    known = jax.jit(jax.vmap(economy.parameters))(thetas)
    states = settled_states(solution, thetas, jax.random.key(0))

    def quarters(economies):
        states, shocks, known = economies
        move = lambda s, e, t: equations.transition(*economy.at(s, t), e, t)
        step = lambda states, _: (jax.vmap(move)(states, shocks, known), None)
        return jax.lax.scan(step, states, length=REPEATS)[0]

    shocks = jax.random.normal(jax.random.key(1), (BATCH, len(equations.shocks)))
    run = split_over_devices(quarters, BATCH)
    jax.block_until_ready(run((states, shocks, known)))
    began = time.perf_counter()
    jax.block_until_ready(run((states, shocks, known)))
    each = (time.perf_counter() - began) / REPEATS / BATCH
    print(f"one model quarter, {BATCH} economies at once: {1e6 * each:.0f} microseconds (target 100)")


def moments(solution, quarters: int) -> None:
    """At the true values."""
    table = hanknn.long_run(solution, quarters=quarters)
    print(table.to_string(float_format="{:.4f}".format))
    gap = 100 * (table.loc["inflation_rate", "mean"] - 400 * (solution.model.parameters["target"].value - 1))
    print(f"zero lower bound: {100 * table.loc['zlb', 'mean']:.2f} % of {quarters:,} quarters")
    print(f"mean inflation less target: {gap:.1f} basis points (annual)")


@in_float64
def calm(solution, economies: int = 64, quarters: int = 200) -> None:
    """Without shocks a solved economy stays near its steady state: no explosive path was learned."""
    drawn = solution.model.parameters.sample(economies, seed=3)
    thetas = jnp.asarray(drawn[solution.solved(drawn)])
    economy, equations = solution.economy, solution.equations
    still = jnp.zeros((quarters, len(equations.shocks)))

    def follow(vector):
        theta = economy.parameters(vector)
        return shown_path(economy, equations.units(theta).state_center, still, theta)["observables"]

    shown = np.asarray(jax.jit(lambda rows: jax.lax.map(follow, rows, batch_size=64))(thetas))
    names = list(solution.model.observables)
    for name in ("output", "inflation_rate", "gini"):
        moved = shown[:, -1, names.index(name)] - shown[:, 0, names.index(name)]
        most = np.abs(moved).max()
        print(f"{quarters} calm quarters, {len(thetas)} solved economies: {name} moves by at most {most:.4f}")


def main() -> None:
    jax.config.update("jax_num_cpu_devices", 2)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="*", default=[])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--quarters", type=int, default=1_000_000)
    parser.add_argument("--solution", type=Path)
    arguments = parser.parse_args()
    known = [hanknn.load(arguments.solution or "hank")] if not arguments.seeds else []
    for seed in arguments.seeds:
        began = time.perf_counter()
        solved = hanknn.solve(hanknn.models.HANK(), seed=seed)
        print(
            f"seed {seed}: {time.perf_counter() - began:.0f} s from nothing, {solved.compile_seconds:.0f} s compiling"
        )
        known.append(solved.solution)
    for solution in known:
        residual_table(solution, arguments.draws)
        known_economies(solution)
        calm(solution)
        quarter_cost(solution)
        moments(solution, arguments.quarters)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB")


if __name__ == "__main__":
    main()
