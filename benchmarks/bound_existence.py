"""`smets_wouters`: has the linear economy with the zero lower bound a perfect-foresight equilibrium over the box?

Run: python benchmarks/bound_existence.py (a minute on two cores).
Forces n ≥ 0 by which the bound raises the rate so many quarters ahead must leave the rate at least zero, and are zero
where it is positive: a linear complementarity problem (Holden 2016, "Existence, uniqueness and computation of solutions
to dynamic models with occasionally binding constraints"), solved here by scipy's mixed-integer programs. From states of
the linear ergodic distribution at which the rate would be negative; 24 quarters, no bound after. The solution is
unique from every state if all principal minors of the rate's responses are positive. Nothing here comes from the
library but derivatives of the model's equations in the steady state.
"""

import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from scipy.linalg import solve_discrete_lyapunov
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.stats import norm

import hanknn
from hanknn.economy import Equations
from hanknn.economy.linearised import Around, Told

ECONOMIES, STATES, QUARTERS, MINORS = 80, 6, 24, 9
LARGEST = 0.5
"""No force is larger: half of the price level, a quarter."""


class Linear(NamedTuple):
    """Law of motion, responses of the rate to states, and to forces (column: when they act), all by quarters."""

    move: np.ndarray
    hit: np.ndarray
    rate: np.ndarray
    answer: np.ndarray
    slack: float


def derivatives(equations: Equations, thetas: np.ndarray) -> tuple[Told, Told]:
    """Slopes and values of the equations in the steady states, an economy a row."""
    of = equations.company.of

    def one(vector):
        theta = of.derived(vector)
        x = equations.company._guess(theta, jnp.zeros(len(of.states) + len(of.outputs)))
        s, o = jnp.split(x, [len(of.states)])
        functions = equations.company._functions(equations.company._resting(x, theta))
        here = Around(s, o, jnp.zeros(len(of.shocks)), s, o)
        return jax.jacfwd(functions)(here), functions(here)

    found = jax.jit(jax.vmap(one))(jnp.asarray(thetas))
    return jax.tree.map(np.asarray, found)


def linear(slopes: Told, values: Told) -> Linear:
    """By time iteration on the linear equations."""
    a, b = slopes.law.state, slopes.law.output
    p, q = slopes.rows.state + slopes.rows.next_state @ a, slopes.rows.output + slopes.rows.next_state @ b
    n, policy = slopes.rows.next_output, np.zeros_like(p)
    for _ in range(5000):
        policy, before = -np.linalg.solve(q + n @ policy @ b, p + n @ policy @ a), policy
        if np.abs(policy - before).max() < 1e-13:
            break
    now, move = q + n @ policy @ b, a + b @ policy
    last = np.linalg.solve(now, np.eye(len(now))[:, -1])
    news = [last / (slopes.first.output[0] @ last)]
    for _ in range(QUARTERS - 1):
        news.append(-np.linalg.solve(now, n @ news[-1]))
    rate = slopes.first.state[0] + slopes.first.output[0] @ policy
    moved, answer = np.zeros((len(a), QUARTERS)), []
    for k in range(QUARTERS):
        said = np.zeros((len(now), QUARTERS))
        said[:, k:] = np.array(news[: QUARTERS - k]).T
        answer.append(rate @ moved + slopes.first.output[0] @ said)
        moved = move @ moved + b @ said
    ahead = np.array([rate @ np.linalg.matrix_power(move, k) for k in range(QUARTERS)])
    return Linear(move, slopes.law.shock, ahead, np.array(answer), float(values.first[0]))


def has_solution(short: np.ndarray, answer: np.ndarray) -> bool:
    """Whether forces n and signs z exist: 0 ≤ n ≤ z · LARGEST, 0 ≤ short + answer n ≤ (1 − z) · LARGEST."""
    size = len(short)
    one, nothing = np.eye(size), np.zeros((size, size))
    constraints = [
        LinearConstraint(np.hstack([one, -LARGEST * one]), -np.inf, 0),
        LinearConstraint(np.hstack([answer, nothing]), -short, np.inf),
        LinearConstraint(np.hstack([answer, LARGEST * one]), -np.inf, LARGEST - short),
    ]
    whole, most = np.r_[np.zeros(size), np.ones(size)], np.r_[np.full(size, LARGEST), np.ones(size)]
    found = milp(1 - whole, constraints=constraints, integrality=whole, bounds=Bounds(np.zeros(2 * size), most))
    return found.status != 2


def least_minor(matrix: np.ndarray) -> float:
    places = range(len(matrix))
    chosen = (c for r in places for c in itertools.combinations(places, r + 1))
    return min(np.linalg.det(matrix[np.ix_(c, c)]) for c in chosen)


def main() -> None:
    rng = np.random.default_rng(5)
    with jax.enable_x64(True):
        equations = Equations(hanknn.models.SmetsWouters())
        space = equations.model.parameters
        slopes, values = derivatives(equations, rng.uniform(space.lower, space.upper, (ECONOMIES, len(space))))
    rows = []
    for i in range(ECONOMIES):
        at = linear(*jax.tree.map(lambda a: a[i], (slopes, values)))  # noqa: B023
        variance = solve_discrete_lyapunov(at.move, at.hit @ at.hit.T)
        states = rng.multivariate_normal(np.zeros(len(variance)), variance, 20_000)
        negative = states[at.slack + states @ at.rate[0] < 0][:STATES]
        solved = [has_solution(at.slack + at.rate @ state, at.answer) for state in negative]
        frequency = norm.cdf(-at.slack / np.sqrt(at.rate[0] @ variance @ at.rate[0]))
        unique = least_minor(at.answer[:MINORS, :MINORS]) > 0
        rows.append({"frequency": frequency, "unique": unique, "states": len(solved), "none": solved.count(False)})
    table = pd.DataFrame(rows)
    often = pd.cut(table.pop("frequency"), [0, 0.01, 0.02, 0.04, 0.08, 1], labels=["<1", "1-2", "2-4", "4-8", ">8"])
    found = table.groupby(often, observed=True).agg(
        economies=("unique", "size"), unique=("unique", "sum"), states=("states", "sum"), none=("none", "sum")
    )
    print(found.rename_axis("bound binds, % of quarters").to_string())


if __name__ == "__main__":
    main()
