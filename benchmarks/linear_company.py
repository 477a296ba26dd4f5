"""Steady states, first-order solutions, covariances and determinacy against QZ, Lyapunov and root finding of scipy.

Run: python benchmarks/linear_company.py (nine minutes on two shared cores). Models: `rank`, Brock-Mirman, `rbc`, linear
New Keynesian models with 3 and 7 shocks, the two after Smets and Wouters, 100 parameter draws each; and 10,000 draws of
a New Keynesian model, a third of whose box is indeterminate. The reference differentiates the models' equations by
central differences, so the steady state it finds and the derivatives it takes are its own.
"""

import sys
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import scipy.linalg
import scipy.optimize
from many_shocks import model as many_shocks

import hanknn
from hanknn import AR1, Parameter, ParameterSpace, Variable
from hanknn.economy import Equations
from hanknn.economy.linearised import Around
from hanknn.models import RANK, RBC, LinearSmetsWouters, SmetsWouters

sys.path.insert(0, str(Path(__file__).parents[1] / "docs" / "extend"))
from brock_mirman import BrockMirman

STEP = 3e-4


class Rule(hanknn.Model):
    """The three-equation model; the rule need not respond to inflation more than one for one."""

    name = "rule"
    parameters = ParameterSpace(
        phi_pi=Parameter(1.5, (0.75, 1.5)), phi_x=Parameter(0.1, (0.0, 0.2)), kappa=Parameter(0.1, (0.02, 0.3))
    )
    states = {"demand": AR1(0.8, 0.01, "d", "demand"), "costs": AR1(0.5, 0.01, "u", "costs")}
    policies = {n: Variable(n, n) for n in ("gap", "inflation")}

    def expectands(self, now, next, theta):
        return {"gap": next.gap, "inflation": next.inflation}

    def residuals(self, now, expected, theta):
        rate = theta.phi_pi * now.inflation + theta.phi_x * now.gap
        return {
            "euler": now.gap - expected.gap + rate - expected.inflation - now.demand,
            "phillips_curve": now.inflation - 0.99 * expected.inflation - theta.kappa * now.gap - now.costs,
        }


def reference(functions, values: np.ndarray, states: int, shocks: int):
    """Slopes, covariance of states and the number of stable eigenvalues at a steady state."""
    s, o = values[:states], values[states:]
    blocks = [s, o, np.zeros(shocks), s, o]
    flat = np.concatenate(blocks)

    def slope(k):
        # Three central differences of different width: the error falls to the sixth order.
        moved = lambda h: np.concatenate(functions(flat + h * np.eye(len(flat))[k]))
        near, middle, far = (moved(n * STEP) - moved(-n * STEP) for n in (1, 2, 3))
        return (45 * near - 9 * middle + far) / (60 * STEP)

    jacobian = np.stack([slope(k) for k in range(len(flat))], axis=1)
    law, rows = jacobian[:states], jacobian[states : states + len(o)]
    ends = np.cumsum([len(b) for b in blocks])[:-1]
    a, b, hit, _, _ = np.split(law, ends, axis=1)
    p, q, _, ps, n = np.split(rows, ends, axis=1)
    left = np.block([[np.eye(states), np.zeros_like(b)], [ps, n]])
    right = np.block([[a, b], [-p, -q]])
    *_, alpha, beta, _, z = scipy.linalg.ordqz(right, left, sort="iuc")
    stable = int((np.abs(alpha) < np.abs(beta)).sum())
    if stable != states:
        return None, None, stable
    slopes = z[states:, :states] @ np.linalg.inv(z[:states, :states])
    return slopes, scipy.linalg.solve_discrete_lyapunov(a + b @ slopes, hit @ hit.T), stable


def compare(model: hanknn.Model, draws: int) -> dict[str, float]:
    """Largest relative differences over draws, and how often determinacy is told otherwise."""
    equations = Equations(model)
    company, space, shocks = equations.company, model.parameters, len(equations.shocks)
    thetas = np.random.default_rng(0).uniform(space.lower, space.upper, (draws, len(space)))
    run = jax.jit(jax.vmap(equations.parameters))
    parts = np.array_split(thetas, max(draws // 500, 1))
    run(jnp.asarray(parts[0]))
    start = time.perf_counter()
    found = [jax.block_until_ready(run(jnp.asarray(part)).linear) for part in parts]
    seconds = time.perf_counter() - start
    linear = jax.tree.map(lambda *a: np.concatenate(a), *found)
    states = len(equations.states)
    at_rest = jax.jit(lambda x, v: company._at_rest(x, equations.derived(v)))

    @jax.jit
    def functions(flat, values, v):
        theta = company._resting(values, equations.derived(v))
        sizes = np.cumsum([states, len(values) - states, shocks, states])
        told = company._functions(theta)(Around(*jnp.split(flat, sizes)))
        return told.law, told.rows

    worst, otherwise, indeterminate = np.zeros(3), 0, 0
    for i, vector in enumerate(thetas):
        guess = np.concatenate([linear.states[i], linear.outputs[i]]) + 1e-3
        values = scipy.optimize.root(lambda x: np.asarray(at_rest(x, vector)), guess, tol=1e-13).x  # noqa: B023
        ask = lambda flat: [np.asarray(a) for a in functions(flat, values, vector)]  # noqa: B023
        slopes, variance, stable = reference(ask, values, states, shocks)
        indeterminate += stable != states
        otherwise += bool(linear.determinate[i]) != (stable == states)
        if slopes is None:
            continue
        size = lambda x, y: np.abs(x - y).max() / max(np.abs(y).max(), 1e-3)
        own = linear.root[i] @ linear.root[i].T
        rest = np.concatenate([linear.states[i], linear.outputs[i]])
        worst = np.maximum(worst, [size(rest, values), size(linear.slopes[i], slopes), size(own, variance)])
    names = "steady state", "slopes", "covariance"
    return {
        "model": model.name,
        "states": states,
        "draws": draws,
        **dict(zip(names, worst, strict=True)),
        "not determinate": indeterminate,
        "told otherwise": otherwise,
        "ms a draw": 1e3 * seconds / draws,
    }


def main() -> None:
    jax.config.update("jax_enable_x64", True)
    rows = [
        compare(model, draws)
        for model, draws in (
            (RANK(), 100),
            (BrockMirman(), 100),
            (RBC(), 100),
            (many_shocks(3), 100),
            (many_shocks(7), 100),
            (LinearSmetsWouters(), 100),
            (SmetsWouters(), 100),
            (Rule(), 10_000),
        )
    ]
    print(
        "largest differences, relative where values exceed a thousandth, from scipy's roots, QZ and Lyapunov solution"
    )
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:.1e}".format))


if __name__ == "__main__":
    main()
