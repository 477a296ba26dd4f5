"""What `hank`'s residuals are made of: how much of them, economy by economy, a simple function of the state explains.

    python benchmarks/residual_parts.py                 the shipped weights, four minutes on two cores
    python benchmarks/residual_parts.py runs/hank/solution.npz

At each of some solved parameter points, residuals at simulated states are regressed on what the network sees of the
state. What a constant or a linear function explains there, the network has got wrong in the parameters, not in the
state. What a quadratic with its own slopes at the bound leaves is rougher than that.
"""

import argparse

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import hanknn
from hanknn.training.problem import Problem
from hanknn.training.walk import residual_rows, walk

QUARTERS = 60


def designs(inputs: np.ndarray, binds: np.ndarray) -> dict[str, np.ndarray]:
    """Regressors by name, (states, regressors)."""
    one, count = np.ones((len(inputs), 1)), inputs.shape[1]
    squares = [inputs[:, [i]] * inputs[:, [j]] for i in range(count) for j in range(i, count)]
    linear = np.hstack([one, inputs])
    by_regime = linear * binds[:, None]
    return {
        "constant": one,
        "linear": linear,
        "linear by regime": np.hstack([linear, by_regime]),
        "quadratic, linear by regime": np.hstack([linear, *squares, by_regime]),
    }


def left(residuals: np.ndarray, regressors: np.ndarray) -> np.ndarray:
    """Mean square that a regression leaves, by column, corrected for its degrees of freedom."""
    fitted = regressors @ np.linalg.lstsq(regressors, residuals, rcond=1e-10)[0]
    return np.sum((residuals - fitted) ** 2, axis=0) / (len(residuals) - regressors.shape[1])


def at_one_economy(solution: hanknn.Solution, theta: np.ndarray, states: int, key) -> pd.DataFrame:
    """Mean squared residuals and what is left of them: equations by regressors."""
    equilibrium = solution.equilibrium
    problem = Problem(equilibrium, jnp.float64)
    known = equilibrium.prepared(jnp.asarray(theta))
    start = equilibrium.units(known)["state_center"]
    shocks = jax.random.normal(key, (states, QUARTERS, len(equilibrium.shocks)), jnp.float64)
    found = jax.lax.map(lambda s: walk(problem, solution.network, known, start, s), shocks, batch_size=64)
    rows = residual_rows(problem, solution.network, jnp.tile(known, (states, 1)), found, equilibrium.judging_rule)
    inputs = jax.vmap(lambda state: equilibrium.inputs(state, known))(found)
    slack = jax.vmap(lambda s: equilibrium.slackness(s, solution.policy_function(s, known), known))(found)
    rows, binds = np.asarray(rows), np.asarray(slack[:, 0] < 0, float)
    parts = {"nothing": np.mean(rows**2, axis=0)}
    parts |= {name: left(rows, regressors) for name, regressors in designs(np.asarray(inputs), binds).items()}
    return pd.DataFrame(parts).groupby(np.array(equilibrium.row_equations)).mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("solution", nargs="?", default="hank")
    parser.add_argument("--economies", type=int, default=8)
    parser.add_argument("--states", type=int, default=384)
    arguments = parser.parse_args()
    solution = hanknn.load(arguments.solution)
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(0), 4 * arguments.economies)
        thetas = np.array([solution.model.parameters.draw(key, jnp.float64) for key in keys])
        thetas = thetas[solution.solved(thetas)][: arguments.economies]
        tables = [at_one_economy(solution, t, arguments.states, k) for t, k in zip(thetas, keys, strict=False)]
    mean = sum(tables) / len(tables)
    print(f"{len(tables)} solved economies, {arguments.states} states after {QUARTERS} quarters each")
    print("Mean square, and what a regression on the state leaves of it in each economy:")
    print(mean.to_string(float_format="{:.1e}".format))


if __name__ == "__main__":
    main()
