"""`smets_wouters` with the zero lower bound: residuals of the linear, the second-order and the solved policy function.

Run: python benchmarks/smets_wouters.py [FILE] (half an hour on two cores; FILE: a solution, in place of a new one).
Residuals are in units of consumption (Euler equation), of marginal cost (Phillips curves of prices and wages) and
relative elsewhere, over the whole box and each economy's linear ergodic distribution; also by how often the bound would
bind in the linear economy, for many economies that meet it often have no equilibrium (`bound_existence.py`).
"""

import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import hanknn
from hanknn.economy import Equations, PolicyFunction
from hanknn.economy.points import Point
from hanknn.machine.batches import in_batches

DRAWS = 2000
SELDOM = 0.04
"""The bound binds seldom below."""


def drawn(equations: Equations) -> tuple[Point, Point]:
    """Economies over the box, and a state of each: stacked, and linearised once for all policy functions."""
    space, rng = equations.model.parameters, np.random.default_rng(5)
    thetas = rng.uniform(space.lower, space.upper, (DRAWS, len(space)))
    normals = rng.normal(size=(DRAWS, len(equations.states)))

    def one(vector, normal):
        theta = equations.parameters(vector)
        return theta, equations.ergodic_state(normal, theta)

    return jax.jit(lambda *rows: in_batches(one, rows, 250))(jnp.asarray(thetas), jnp.asarray(normals))


def residuals(equations: Equations, policy: PolicyFunction, thetas: Point, states: Point):
    """Residuals of each draw, and whether its bound binds."""

    def at(theta, state):
        found = equations.residuals(policy, state, theta, equations.judging_rule, jax.random.key(0))
        return found, equations.slackness(state, policy(state, theta), theta)[0] < 0

    found = jax.jit(lambda *rows: in_batches(at, rows, 250))(thetas, states)
    return np.asarray(found[0]), np.asarray(found[1])


def table(equations: Equations, policies: dict[str, PolicyFunction]) -> pd.DataFrame:
    """A row for each policy function and each part of the draws; of each equation the median."""
    thetas, states = drawn(equations)
    seldom = np.asarray(thetas.linear.bounds.frequency)[:, 0] < SELDOM
    rows = {}
    for name, policy in policies.items():
        found, binds = residuals(equations, policy, thetas, states)
        parts = {
            "everywhere": binds | True,
            "at the bound": binds,
            "away from it": ~binds,
            "bound seldom": seldom,
            "bound seldom, at it": seldom & binds,
            "bound seldom, away": seldom & ~binds,
        }
        for where, which in parts.items():
            sizes = np.abs(found[which])
            each = dict(zip(equations.equation_names, np.median(sizes, axis=0), strict=True))
            whole = {"all, median": np.median(sizes), "all, 99 of 100": np.quantile(sizes, 0.99)}
            rows[name, where] = {"share": which.mean(), **each, **whole}
    return pd.DataFrame(rows).T


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
        print(table(equations, policies).to_string(float_format="{:.1e}".format))


if __name__ == "__main__":
    main()
