"""An unbiased estimate of the mean squared residual from random shocks."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from ..batches import in_batches
from ..compiled import jit, once
from ..equilibrium import Equilibrium
from ..errors import ModelError, SettingError
from ..expectations import MonteCarlo
from ..precision import in_float64
from ..solution import Solution, reads_solution
from ..training.sampling import ergodic_sample


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
    equilibrium = solution.equilibrium
    first, second = jax.random.split(jax.random.key(seed))
    thetas, states = ergodic_sample(equilibrium, first, points, jnp.float64)
    solved = solution.solved(np.asarray(thetas))
    thetas, states = thetas[solved], states[solved]
    _require_affine(solution, equilibrium, states[0], thetas[0])
    rule = MonteCarlo(2 * draws, antithetic=True)

    def at(state, theta, key):
        nodes = rule.draw(key, len(equilibrium.shocks), jnp.float64)
        policy = solution.policy_function(state, theta)
        expectands = equilibrium.expectand_draws(solution.policy_function, state, theta, nodes)
        expectands = (expectands[:draws] + expectands[draws:]) / 2
        r = jax.vmap(lambda e: equilibrium.residuals_given(state, policy, e, theta))(expectands)
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
        index=pd.Index(equilibrium.equations, name="equation"),
    )


def _require_affine(solution: Solution, equilibrium: Equilibrium, state, theta) -> None:
    def hessian(state, theta):
        policy = solution.policy_function(state, theta)
        calm = jnp.zeros((1, len(equilibrium.shocks)))
        expected = equilibrium.expectand_draws(solution.policy_function, state, theta, calm)[0]
        return jax.hessian(lambda e: equilibrium.residuals_given(state, policy, e, theta))(expected)

    curved = np.abs(np.asarray(once(hessian)(state, theta))).max(axis=(1, 2)) > 1e-10
    if curved.any():
        name = equilibrium.equations[int(np.argmax(curved))]
        raise ModelError(
            f"equation '{name}' is not affine in its expectations, so pairs of draws are no unbiased estimate; "
            "use check() with a fine GaussHermite rule instead"
        )
