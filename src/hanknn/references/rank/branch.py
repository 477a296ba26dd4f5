"""The intended and the deflationary equilibrium of `rank`, and where they meet.

With larger preference shocks the intended equilibrium is at the bound more often and the deflationary one, which is
there most of the time, less often. Where the two become one, neither goes on: a fold, or saddle-node. Followed in the
size of shocks a solver finds a singular system there, and nothing beyond it. So the curve is followed in the share of
quarters at the bound, and the size of shocks is what Newton's method finds.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float
from scipy.special import ndtr, ndtri

from ...machine.compiled import jit
from ...machine.errors import NotSolvedError, SettingError, ShapeError
from ...machine.precision import in_float64
from ...models import RANK
from ...solution import Values
from .time_iteration import Expectations, TimeIteration

STEP = 0.1
"""How far the kink moves from one point of the curve to the next, in ergodic s.d."""

NEWTON_STEPS = 15
TOLERANCE = 1e-9
DIFFERENCE = 1e-7
LARGEST, SMALLEST = 0.05, 1e-4
RARELY = -2.0
PLACE, PERSISTENCE, TARGET = (RANK.parameters.names.index(name) for name in ("sigma_zeta", "rho_zeta", "target"))


@in_float64
def equilibrium_branch(
    parameters: Values | np.ndarray | None = None, upto: float = 0.4, settings: TimeIteration | None = None
) -> pd.DataFrame:
    """The curve from rare spells at the bound until it binds in a share `upto` of all quarters, a row a point.

    `parameters`: of `rank`, named (the rest at baseline) or a full vector; the s.d. of the preference shock is what is
    looked for. Columns: `zlb`, the share of quarters at the bound; `sigma_zeta`, the s.d. with which an equilibrium is
    there so often; `inflation_gap`, mean inflation over target (percent, annualised); `radius`, the largest
    eigenvalue of a step of time iteration, which converges where it is below one.

    Raises `SettingError` where `upto` is no share, `ShapeError` for several economies, and `NotSolvedError` where there
    is no equilibrium with small shocks or Newton's method does not settle.
    """
    if not 0 < upto < 1:
        raise SettingError(f"equilibrium_branch: upto is {upto}; it is a share of quarters, between 0 and 1")
    settings = settings or TimeIteration()
    given = parameters if isinstance(parameters, np.ndarray) else RANK.parameters.resolve(parameters)
    theta = jnp.asarray(np.ravel(given))
    if len(theta) != len(RANK.parameters):
        raise ShapeError(
            f"equilibrium_branch follows one economy: parameters have shape {np.shape(given)}, not one value of "
            f"each of rank's {len(RANK.parameters)} parameters"
        )
    system, jacobian, moments = _programs(settings, theta)
    unknowns, kink = _start(settings, theta)
    rows = []
    while kink < ndtri(upto) + STEP:
        for _ in range(NEWTON_STEPS):
            slopes = np.asarray(jacobian(unknowns, kink))
            change = np.linalg.solve(slopes, system(unknowns, kink))
            unknowns = unknowns - change
            if np.max(np.abs(change)) <= TOLERANCE:
                break
        else:
            raise NotSolvedError(
                f"equilibrium_branch: Newton's method did not settle where the bound binds in "
                f"{100 * ndtr(kink):.3g} % of quarters; give fewer or more nodes, or a smaller upto"
            )
        radius = np.max(np.abs(np.linalg.eigvals(slopes[:-1, :-1] + np.eye(len(slopes) - 1))))
        rows.append((ndtr(kink), unknowns[-1], float(moments(unknowns)), radius))
        kink += STEP
    return pd.DataFrame(rows, columns=["zlb", "sigma_zeta", "inflation_gap", "radius"])


def _programs(settings: TimeIteration, theta: Float[Array, " parameters"]):
    """The system in expectations and the s.d. of shocks, its Jacobian, and mean inflation over target in percent."""

    def split(unknowns: Float[Array, " n"]):
        at = theta.at[PLACE].set(unknowns[-1])
        found = Expectations(unknowns[:-1].reshape(-1, 2), *4 * [jnp.zeros(())])
        return at, found, unknowns[-1] / jnp.sqrt(1 - at[PERSISTENCE] ** 2)

    def system(unknowns: Float[Array, " n"], kink: Float[Array, ""]) -> Float[Array, " n"]:
        at, found, sd = split(unknowns)
        moved = settings.step(at, found.coefficients) - found.coefficients
        return jnp.append(moved.ravel(), settings.choices(at, found, kink[None] * sd).notional_rate)

    def jacobian(unknowns: Float[Array, " n"], kink: Float[Array, ""]) -> Float[Array, "n n"]:
        # By differences: the Chebyshev polynomials' own derivative is 0 times infinity at the grid's ends.
        sizes = DIFFERENCE * jnp.append(jnp.ones(len(unknowns) - 1), unknowns[-1])
        ends = jax.vmap(lambda step: system(unknowns + step, kink) - system(unknowns - step, kink))(jnp.diag(sizes))
        return (ends / (2 * sizes[:, None])).T

    def inflation_gap(unknowns: Float[Array, " n"]) -> Float[Array, ""]:
        at, found, sd = split(unknowns)
        grid = jnp.linspace(-8, 8, 4001)
        weights = jnp.exp(-0.5 * grid**2)
        gaps = jnp.expm1(settings.choices(at, found, grid * sd).inflation_gap)
        return 400 * at[TARGET] * jnp.sum(weights * gaps) / jnp.sum(weights)

    return jit(system), jit(jacobian), jit(inflation_gap)


def _start(settings: TimeIteration, theta: Float[Array, " parameters"]) -> tuple[np.ndarray, float]:
    """An intended equilibrium at which the bound binds rarely, and its kink."""
    sizes = np.geomspace(SMALLEST, LARGEST, 32)
    rows = np.tile(theta, (len(sizes), 1))
    rows[:, PLACE] = sizes
    found = dataclasses.replace(settings, tolerance=1e-8, max_iterations=500).solve(rows).found
    rare = np.flatnonzero(found.converged & (found.kink < RARELY))
    if len(rare):
        last = rare[-1]
        return np.append(np.ravel(found.coefficients[last]), sizes[last]), float(found.kink[last])
    raise NotSolvedError(
        f"equilibrium_branch: time iteration finds no equilibrium at any s.d. of the preference shock from "
        f"{SMALLEST} to {LARGEST} with the bound binding in less than {100 * ndtr(RARELY):.2g} % of quarters"
    )
