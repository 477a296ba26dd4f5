"""From residuals to the policy errors behind them."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .economy import Economy
from .equations import Equations
from .expectations import Monomial
from .linear.stationary import radius
from .points import Point, join, like, pack

FLOOR = 1e-2
"""Singular values count as at least this share of the largest one."""


def policy_error_matrix(economy: Economy, state: Point, theta: Point) -> Float[Array, "policies residuals"]:
    """What turns the residuals of one point into policy errors, in units of the policies' scale at the baseline.

    If policies are off by a shape that persists like the states do, residuals are off by M times that error, M =
    ∂R/∂(policy now) + λ ∂R/∂(policy next period), with λ the persistence of the states, λ = 0 where a constraint
    binds: spells end soon, and a rate that is fixed for ever would leave almost any policies without error. The
    matrix is the (regularised) inverse of M. A nearly singular Euler equation, where small residuals hide large
    errors, thereby counts for what it hides; docs/decisions/weighting.md has the measurement.
    """
    eq = economy.equations
    nodes, weights = Monomial(3).nodes(jax.random.key(0), len(eq.shocks), theta.dtype)
    unit = jnp.asarray(eq.policy_unit, theta.dtype)
    policy = economy.policy(state, theta)
    moved = lambda policy, shift: like(pack(policy) + unit * shift, policy)

    def residuals(now_shift, next_shift):
        now = moved(policy, now_shift)

        def at(shock):
            later = eq.transition(state, now, shock, theta)
            later_policy = moved(economy.policy(later, theta), next_shift)
            return eq.expectands(join(state, now), join(later, later_policy), theta)

        averaged = jax.tree.map(lambda value: jnp.tensordot(weights, value, 1), jax.vmap(at)(nodes))
        return eq.residuals_given(state, now, averaged, theta)

    zero = jnp.zeros_like(unit)
    to_now, to_next = jax.jacfwd(residuals, argnums=(0, 1))(zero, zero)
    binds = jnp.any(eq.slackness(state, policy, theta) < 0)
    sensitivity = to_now + jnp.where(binds, 0, _persistence(eq, state, policy, theta)) * to_next
    u, s, vt = jnp.linalg.svd(sensitivity, full_matrices=False)
    s = jnp.maximum(s, FLOOR * s[0])
    return (vt.T / s[None, :]) @ u.T


def _persistence(eq: Equations, state: Point, policy: Point, theta: Point) -> Float[Array, ""]:
    """Spectral radius of the states' law of motion at given policies, roughly, capped at 1."""
    no_shock = jnp.zeros(len(eq.shocks), theta.dtype)
    scale = pack(eq.units(theta).state_scale)
    law = lambda s: pack(eq.transition(like(s * scale, state), policy, no_shock, theta)) / scale
    return jnp.minimum(radius(jax.jacfwd(law)(pack(state) / scale), squarings=6), 1.0)
