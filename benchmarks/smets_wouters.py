"""`smets_wouters` with the zero lower bound: residuals of the linear, the second-order and the solved policy function.

Run: python benchmarks/smets_wouters.py [FILE] (half an hour on two cores; FILE: a solution, in place of a new one).
Residuals are in units of consumption (Euler equation), of marginal cost (Phillips curves of prices and wages) and
relative elsewhere, over the whole box and each economy's linear ergodic distribution.
"""

import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import hanknn
from hanknn.economy import Equations, PolicyFunction
from hanknn.machine.batches import in_batches

DRAWS = 2000


def residuals(equations: Equations, policy: PolicyFunction) -> tuple[np.ndarray, np.ndarray]:
    """Residuals of each draw, and whether its bound binds."""
    names = equations.equation_names

    def at(vector, normal):
        theta = equations.parameters(vector)
        state = equations.ergodic_state(normal, theta)
        found = equations.residuals(policy, state, theta, equations.judging_rule, jax.random.key(0))
        unit = {"prices": theta.slope_p, "wages": theta.slope_w}
        scale = jnp.stack([unit.get(name, jnp.ones(())) for name in names])
        return found / scale, equations.slackness(state, policy(state, theta), theta)[0] < 0

    space, rng = equations.model.parameters, np.random.default_rng(5)
    thetas = rng.uniform(space.lower, space.upper, (DRAWS, len(space)))
    normals = rng.normal(size=(DRAWS, len(equations.states)))
    found = jax.jit(lambda *rows: in_batches(at, rows, 250))(jnp.asarray(thetas), jnp.asarray(normals))
    return np.asarray(found[0]), np.asarray(found[1])


def main() -> None:
    start = time.perf_counter()
    if len(sys.argv) > 1:
        solution = hanknn.load(sys.argv[1])
    else:
        solved = hanknn.solve("smets_wouters")
        solution = solved.solution
        print(f"solved in {(time.perf_counter() - start) / 60:.1f} minutes, {solved.compile_seconds:.0f} s compiling")
    with jax.enable_x64(True):
        equations = solution.equations
        begin = lambda state, theta: equations.policies_at(equations.about(state, theta)[0], state, theta)
        policies = {"linear": equations.linear_policy, "second order": begin, "solved": solution.economy.policy}
        rows = {}
        for name, policy in policies.items():
            found, binds = residuals(equations, policy)
            for where, which in (("everywhere", binds | True), ("at the bound", binds), ("away from it", ~binds)):
                sizes = np.abs(found[which])
                each = dict(zip(equations.equation_names, np.median(sizes, axis=0), strict=True))
                rows[name, where] = {
                    "share": which.mean(),
                    **each,
                    "all, median": np.median(sizes),
                    "all, 99 of 100": np.quantile(sizes, 0.99),
                }
    print(pd.DataFrame(rows).T.to_string(float_format="{:.1e}".format))


if __name__ == "__main__":
    main()
