"""How badly an economy's equations are solved, as one number in units of its policies."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray
from scipy.special import ndtri

from ..machine.batches import in_batches
from .economy import Economy
from .expectations import Expectation, sobol_normals
from .points import Point
from .policy_errors import policy_error_matrix

STATES, MOST = 9, 32
"""At how many states of an economy its equations are looked at: so many a dimension, and in all."""
PATHS, QUARTERS = 16, 20
"""Paths and their length, where states are simulated."""
RELATIVE = 0.1
AT_ONCE = 64
"""Points whose residuals are computed at once where a state is an array."""

SOLVED = 0.01
"""Largest misfit, a share of the policies' scale, at which an economy counts as solved."""


def misfit(
    economy: Economy,
    theta: Point,
    expectation: Expectation,
) -> Float[Array, ""]:
    """How badly one economy's equations are solved, as a share of its policies' scale.

    The root mean square, over the ergodic distribution, of the policy errors that residuals imply
    (`policy_error_matrix`). Where an economy has no equilibrium no network solves it, and its misfit stays large.

    Infinite where the linearised economy has no determinate solution.

    Where a state is an array, residuals are in relative units already: their root mean square after a short simulation
    from spread-out states, a tenth counting as one.
    """
    equations = economy.equations
    if equations.model.arrays:
        return _simulated(economy, theta, expectation) / RELATIVE

    def rows(normal):
        state = equations.ergodic_state(normal, theta)
        residuals = economy.residuals(state, theta, expectation, jax.random.key(0))
        return policy_error_matrix(economy, state, theta) @ residuals

    squares = jax.vmap(rows)(jnp.asarray(_normals(len(equations.scalar_states)), theta.dtype)) ** 2
    return jnp.where(equations.determinate(theta), jnp.sqrt(jnp.mean(squares)), jnp.inf)


def _simulated(economy: Economy, theta: Point, expectation: Expectation) -> Float[Array, ""]:
    equations = economy.equations
    normals = jnp.asarray(_normals(len(equations.scalar_states))[:PATHS], theta.dtype)
    starts = jax.vmap(lambda normal: equations.ergodic_state(normal, theta))(normals)
    shocks = jax.random.normal(jax.random.key(0), (PATHS, QUARTERS, len(equations.shocks)), theta.dtype)
    states = jax.vmap(lambda start, path: economy.after(start, path, theta))(starts, shocks)
    thetas = jax.tree.map(lambda value: jnp.broadcast_to(value, (PATHS, *value.shape)), theta)
    rows = residual_rows(economy, thetas, states, expectation, jax.random.key(0))
    return jnp.sqrt(jnp.mean(rows**2))


def _normals(states: int) -> np.ndarray:
    """Evenly spread standard normals, the same for every economy, shape (points, states)."""
    if states == 1:
        return ndtri((np.arange(STATES) + 0.5) / STATES)[:, None]
    return sobol_normals(min(2 ** int(np.ceil(np.log2(STATES * states))), MOST), 0, states, 0)[1]


def residual_rows(
    economy: Economy, thetas: Point, states: Point, expectation: Expectation, key: PRNGKeyArray
) -> Float[Array, "points rows"]:
    """All residuals at each point, some points at a time: a state may hold a distribution."""
    one = lambda state, theta, key: economy.residuals(state, theta, expectation, key)
    return in_batches(one, (states, thetas, jax.random.split(key, thetas.rows)), AT_ONCE)
