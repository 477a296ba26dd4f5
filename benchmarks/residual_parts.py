"""What `hank`'s residuals are made of: how much of them, economy by economy, a simple function of the state explains.

    python benchmarks/residual_parts.py                 the shipped weights, two minutes on two cores
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
from hanknn.economy.draws import ergodic_sample
from hanknn.economy.misfit import AT_ONCE
from hanknn.solution.simulation.paths import settled_states


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


def parts(residuals: np.ndarray, inputs: np.ndarray, binds: np.ndarray) -> pd.DataFrame:
    """One economy's mean squared residuals and what is left of them: rows by regressors."""
    regressors = designs(inputs, binds)
    return pd.DataFrame(
        {"nothing": np.mean(residuals**2, axis=0)} | {name: left(residuals, x) for name, x in regressors.items()}
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("solution", nargs="?", default="hank")
    parser.add_argument("--economies", type=int, default=8)
    parser.add_argument("--states", type=int, default=384)
    arguments = parser.parse_args()
    solution = hanknn.load(arguments.solution)
    economy, equations = solution.economy, solution.equations
    with jax.enable_x64(True):
        key = jax.random.key(0)
        drawn = ergodic_sample(equations, key, 4 * arguments.economies, jnp.float64).theta
        economies = drawn[solution.solved(np.asarray(drawn))][: arguments.economies]
        thetas = jnp.repeat(economies, arguments.states, axis=0)
        states = settled_states(solution, thetas, key)

        def at(state, vector):
            theta = economy.parameters(vector)
            slack = equations.slackness(*economy.at(state, theta), theta)
            residuals = economy.residuals(state, theta, equations.judging_rule, key)
            return residuals, equations.inputs(state, theta), (slack[0] < 0).astype(float)

        seen = jax.jit(lambda a: jax.lax.map(lambda b: at(*b), a, batch_size=AT_ONCE))((states, thetas))
    by_economy = zip(*(np.split(np.asarray(array), len(economies)) for array in seen), strict=True)
    mean = sum(parts(*one) for one in by_economy) / len(economies)
    print(f"{len(economies)} solved economies, {arguments.states} states each")
    print("Mean square, and what a regression on the state leaves of it in each economy:")
    table = mean.groupby(np.array(equations.row_equations)).mean()
    print(table.to_string(float_format="{:.1e}".format))


if __name__ == "__main__":
    main()
