"""How many stable solutions a linearised economy has, in words."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
from jaxtyping import Array, Bool, Float

from ..machine.batches import in_batches
from ..machine.compiled import once
from ..machine.precision import in_float64
from .equations import Equations
from .linear.saddle import STABLE, System
from .model import Model
from .points import Point, join, pack

AT_REST = 1e-6
"""Residuals that a steady state may have."""
AT_ONCE = 256
"""Economies that are solved at once."""

ONE = "one stable solution"
MANY = "many stable solutions: indeterminate"
NONE = "no stable solution"
NO_STEADY_STATE = "no steady state was found"
BOUND = "a constraint binds in the steady state, or its second expression cannot lift its first"
VERDICTS = (ONE, MANY, NONE, NO_STEADY_STATE, BOUND)


class Signs(NamedTuple):
    """What the verdict on an economy is read from.

    `determinate`, `system`: see `Linearised`. `rest`: the largest residual in the steady state. `held`: whether the
    constraints of `bounds` are slack in the steady state and can hold.
    """

    determinate: Bool[Array, "*economies"]
    rest: Float[Array, "*economies"]
    held: Bool[Array, "*economies"]
    system: System


def signs(equations: Equations, theta: Point) -> Signs:
    """Of one economy, at parameters with their linear solution."""
    found = theta.linear
    state, policy = found.state_center, found.policy_center
    calm = jnp.zeros(len(equations.shocks), theta.dtype)
    averaged = equations.expectands(join(state, policy), join(state, policy), theta)
    off = pack(state) - pack(equations.transition(state, policy, calm, theta))
    # Without bounds, as the steady state is looked for: where one binds there is another verdict.
    rows = equations.relaxed(1.0).residuals_given(state, policy, averaged, theta)
    return Signs(
        found.determinate,
        jnp.max(jnp.abs(jnp.concatenate([off / (1 + jnp.abs(pack(state))), rows]))),
        jnp.asarray(True) if found.bounds is None else jnp.all(found.bounds.sound),
        found.system,
    )


def verdicts(of: Signs) -> np.ndarray:
    """One of `VERDICTS` for each economy, of stacked signs (Blanchard and Kahn 1980)."""
    told = np.where(of.determinate, ONE, np.where(of.rest <= AT_REST, np.where(of.held, NONE, BOUND), NO_STEADY_STATE))
    told = told.astype(object)
    for i in np.flatnonzero(told == NONE):
        system = System(*(part[i] for part in of.system))
        if _stable_roots(system) > len(system.a):
            told[i] = MANY
    return told


def _stable_roots(system: System) -> int:
    """Eigenvalues inside the unit circle or on it, by QZ: doubling says nothing where it finds no solution."""
    if not all(np.isfinite(part).all() for part in system):
        return 0
    left = scipy.linalg.block_diag(np.eye(len(system.a)), system.n)
    right = np.block([[system.a, system.b], [-system.p, -system.q]])
    above, below = np.asarray(scipy.linalg.eig(right, left, right=False, homogeneous_eigvals=True))
    return int((STABLE * np.abs(above) <= np.abs(below)).sum())


@in_float64
def verdicts_at(equations: Equations, thetas: Float[np.ndarray, "economies parameters"]) -> np.ndarray:
    """The verdict on each row of full parameter vectors, shape (economies,).

    `equations`: of a model that the library linearises (`why_not_linearised`).
    """
    one = lambda vector: signs(equations, equations.parameters(vector))
    return verdicts(jax.device_get(once(lambda rows: in_batches(one, (rows,), AT_ONCE))(jnp.asarray(thetas))))


def why_not_linearised(model: Model) -> str:
    """Why the library does not linearise a model, in words; empty where it does."""
    if model.linearises:
        return ""
    cause = f"its '{model.arrays[0]}' is an array" if model.arrays else "it writes its own state_scale"
    return f"the library does not linearise '{model.name}', for {cause}"
