"""An unbiased estimate of the mean squared residual from random shocks."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from ...economy import Economy
from ...economy.draws import ergodic_sample
from ...economy.expectations import MonteCarlo
from ...economy.points import Point, like, pack
from ...machine.batches import in_batches
from ...machine.compiled import jit, once
from ...machine.errors import ModelError, SettingError
from ...machine.precision import in_float64
from .. import Solution, reads_solution


@reads_solution
@in_float64
def audit(solution: Solution, points: int = 10_000, draws: int = 20, seed: int = 2_000_003) -> pd.DataFrame:
    """Mean squared residual of each equation without the bias that sampling error adds to a square.

    At each of `points` fresh (parameters, ergodic state), `draws` antithetic pairs of fresh shocks
    give that many independent residuals r_i; the mean of r_i r_j over all i ≠ j is unbiased for the
    squared residual, whatever quadrature the solution was trained with. Draws at which the
    economy is not solved (see `Solution.solved`) are left out. Columns: `unbiased`, its
    `standard_error` over points, and `biased`, what squaring the Monte Carlo mean would report.

    Raises `ModelError` where a residual is not affine in its expectations: no pair is unbiased then.
    """
    if draws < 2 or points < 2:
        raise SettingError("an audit needs at least 2 draws and 2 points")
    economy, equations = solution.economy, solution.equations
    first, second = jax.random.split(jax.random.key(seed))
    drawn = ergodic_sample(equations, first, points, jnp.float64)
    solved = solution.solved(np.asarray(drawn.theta))
    thetas, states = jax.tree.map(lambda a: a[solved], (drawn.known, drawn.state))
    _require_affine(economy, *jax.tree.map(lambda a: a[0], (states, thetas)))
    rule = MonteCarlo(2 * draws, antithetic=True)

    def at(state, theta, key):
        nodes = rule.draw(key, len(equations.shocks), jnp.float64)
        policy = economy.policy(state, theta)
        expectands = equations.expectand_draws(economy.policy, state, theta, nodes)
        expectands = jax.tree.map(lambda a: (a[:draws] + a[draws:]) / 2, expectands)
        r = jax.vmap(lambda e: equations.residuals_given(state, policy, e, theta))(expectands)
        total, squares = jnp.sum(r, axis=0), jnp.sum(r**2, axis=0)
        return (total**2 - squares) / (draws * (draws - 1)), (total / draws) ** 2

    step = jit(lambda *rows: in_batches(at, rows, 256))
    unbiased, biased = (np.asarray(a) for a in step(states, thetas, jax.random.split(second, points)[solved]))
    return pd.DataFrame(
        {
            "unbiased": unbiased.mean(axis=0),
            "standard_error": unbiased.std(axis=0, ddof=1) / np.sqrt(len(unbiased)),
            "biased": biased.mean(axis=0),
        },
        index=pd.Index(equations.equation_names, name="equation"),
    )


def _require_affine(economy: Economy, state: Point, theta: Point) -> None:
    equations = economy.equations

    def hessian(state, theta):
        policy = economy.policy(state, theta)
        calm = jnp.zeros((1, len(equations.shocks)))
        expected = jax.tree.map(lambda a: a[0], equations.expectand_draws(economy.policy, state, theta, calm))
        residuals = lambda e: equations.residuals_given(state, policy, like(e, expected), theta)
        return jax.hessian(residuals)(pack(expected))

    curved = np.abs(np.asarray(once(hessian)(state, theta))).max(axis=(1, 2)) > 1e-10
    if curved.any():
        name = equations.row_equations[int(np.argmax(curved))]
        raise ModelError(
            f"equation '{name}' is not affine in its expectations, so pairs of draws are no unbiased estimate; "
            "use check() with a fine GaussHermite rule instead"
        )
