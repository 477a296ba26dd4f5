"""`rbc` solved with the default recipe: seconds, Euler errors over the box, consumption against time iteration.

Run: python benchmarks/rbc.py (three minutes on two cores). Errors at 100 random draws of the parameters with 200
ergodic states each; the Euler error is implied over actual consumption less 1, expectations by the judging rule.
Consumption is compared at the first 20 draws.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import hanknn
from hanknn.economy.points import pack
from hanknn.references import GrowthTimeIteration

DRAWS, STATES, COMPARED = 100, 200, 20


def main() -> None:
    model = hanknn.models.RBC()
    start = time.perf_counter()
    solved = hanknn.solve(model)
    wall = time.perf_counter() - start
    thetas = model.parameters.sample(DRAWS, seed=99)
    residuals, states, policies = measure(solved.solution, thetas)
    errors = np.log10(np.abs(residuals) + 1e-16)
    off = from_reference(thetas[:COMPARED], states, policies)
    row = {
        "iterating s": solved.seconds,
        "with compilation s": wall,
        "log10 Euler, mean": errors[..., 0].mean(),
        "log10 Euler, max": errors[..., 0].max(),
        "log10 labour, max": errors[..., 1].max(),
        "consumption off, median %": 100 * np.median(off),
        "consumption off, largest %": 100 * off.max(),
    }
    print("RBC (targets: 60 s, mean ≤ −6, max ≤ −4.5, consumption within 0.01 %)")
    print(pd.DataFrame([row]).T.to_string(header=False, float_format="{:.3g}".format))


def measure(solution: hanknn.Solution, thetas: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Residuals, states and policies at ergodic states, each of shape (draws, states, 2)."""
    with jax.enable_x64(True):
        economy = solution.economy
        equations = economy.equations

        def at(vector, normals):
            theta = economy.parameters(vector)

            def one(normal):
                state = equations.ergodic_state(normal, theta)
                rows = economy.residuals(state, theta, equations.judging_rule, jax.random.key(0))
                return rows, pack(state), pack(economy.policy(state, theta))

            return jax.vmap(one)(normals)

        normals = jax.random.normal(jax.random.key(99), (len(thetas), STATES, 2), jnp.float64)
        found = jax.jit(lambda *rows: jax.lax.map(lambda row: at(*row), rows))(jnp.asarray(thetas), normals)
        rows, states, policies = (np.asarray(a) for a in found)
    return rows, states, policies


def from_reference(thetas: np.ndarray, states: np.ndarray, policies: np.ndarray) -> np.ndarray:
    """Relative errors of consumption, shape (draws, states)."""
    names, off = hanknn.models.RBC.parameters.names, []
    for theta, (capital, z), found in zip(thetas, np.moveaxis(states, 2, 1), policies, strict=False):
        known = GrowthTimeIteration().solve(dict(zip(names, theta, strict=True)))
        off.append(np.abs(found[:, 0] / known.policy(capital, z).consumption - 1))
    return np.array(off)


if __name__ == "__main__":
    main()
