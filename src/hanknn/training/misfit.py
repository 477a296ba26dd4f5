"""How badly an economy's equations are solved, as one number in units of its policies."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.stats import norm

from ..expectations import Expectation, sobol_normals
from ..networks import PolicyNetwork
from .problem import Problem
from .weighting import Weighting

STATES = 9
SOLVED = 0.01
"""Largest misfit, a share of the policies' scale, at which an economy counts as solved."""


def misfit(
    problem: Problem,
    network: PolicyNetwork,
    theta: Float[Array, " parameters"],
    weighting: Weighting,
    expectation: Expectation,
) -> Float[Array, ""]:
    """Root mean square of one economy's weighted residuals over its ergodic distribution.

    With `PolicyUnits` weights it estimates the policies' errors, as a share of their scale. Where an economy
    has no equilibrium no network solves it, and its misfit stays large.
    """

    def rows(normal):
        state = problem.equilibrium.ergodic_state(normal, theta)
        residuals = problem.residuals(network, state, theta, expectation, jax.random.key(0))
        return weighting.matrix(problem, network, state, theta) @ residuals

    squares = jax.vmap(rows)(jnp.asarray(_normals(len(problem.equilibrium.states)), theta.dtype)) ** 2
    return jnp.sqrt(jnp.mean(squares))


def _normals(states: int) -> np.ndarray:
    """Evenly spread standard normals, the same for every economy, shape (STATES · states, states)."""
    if states == 1:
        return norm.ppf((np.arange(STATES) + 0.5) / STATES)[:, None]
    return sobol_normals(2 ** int(np.ceil(np.log2(STATES * states))), 0, states, 0)[1]
