"""A model's first-order solution around its steady state, at one value of the parameters.

What everything else takes from it: centres and scales, draws from the ergodic distribution, a first guess of the policy
function, determinacy.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from .coordinates import Coordinates
from .linear.saddle import System, saddle
from .linear.stationary import stationary
from .linear.systems import root
from .points import Point, pack

SLOWEST = 0.9995
"""An economy counts as no more persistent than this where its ergodic distribution is asked for."""

LEAST = 1e-4
"""A variable that does not move is looked at in this share of its level."""


class Around(NamedTuple):
    """Where a model's functions are looked at, in vectors (`Coordinates`): this period and the next."""

    state: Float[Array, " states"]
    output: Float[Array, " outputs"]
    shock: Float[Array, " shocks"]
    next_state: Float[Array, " states"]
    next_output: Float[Array, " outputs"]


class Told(NamedTuple):
    """What a model's functions say there: where this period's state leads, residuals without uncertainty, policies."""

    law: Float[Array, " states"]
    rows: Float[Array, " rows"]
    policy: Float[Array, " policies"]


Functions = Callable[[Around], Told]


class Linearised(NamedTuple):
    """The first-order solution: outputs are `slopes` · (state − `states`) above `outputs`.

    Vectors and matrices are in coordinates (logarithms of positive variables), points in the model's units. `move` and
    `hit`: the law of motion of states. `root`: of the ergodic covariance of states. Scales are ergodic standard
    deviations. `stable`, `explosive`: see `Saddle`. `determinate`: whether there is a steady state with one stable path
    to it.
    """

    state_center: Point
    output_center: Point
    policy_center: Point
    state_scale: Point
    output_scale: Point
    policy_scale: Point
    states: Float[Array, " states"]
    outputs: Float[Array, " outputs"]
    state_spread: Float[Array, " states"]
    output_spread: Float[Array, " outputs"]
    slopes: Float[Array, "outputs states"]
    policy_slopes: Float[Array, "policies states"]
    move: Float[Array, "states states"]
    hit: Float[Array, "states shocks"]
    root: Float[Array, "states states"]
    stable: Float[Array, ""]
    explosive: Float[Array, ""]
    determinate: Bool[Array, ""]
    coordinates: Coordinates

    def away(self, state: Point) -> Float[Array, " states"]:
        """How far a state is from the steady state."""
        return self.coordinates.vector(state) - self.states

    def inputs(self, state: Point) -> Float[Array, " states"]:
        """The same in ergodic standard deviations."""
        return self.away(state) / self.state_spread

    def outputs_at(self, state: Point) -> Float[Array, " outputs"]:
        """The linear solution there."""
        return self.outputs + self.slopes @ self.away(state)

    def ergodic_state(self, normal: Point) -> Point:
        """Standard normals, one a state, as a draw from the ergodic distribution."""
        return self.coordinates.point(self.states + self.root @ pack(normal))


def linearised(
    functions: Functions,
    state: Float[Array, " states"],
    output: Float[Array, " outputs"],
    shocks: int,
    coordinates: tuple[Coordinates, Coordinates, Coordinates],
    known: Bool[Array, ""],
) -> Linearised:
    """The stable solution of the linear model around a steady state, `known` or not.

    `coordinates`: of states, outputs and policies.
    """
    here = Around(state, output, jnp.zeros(shocks, state.dtype), state, output)
    slopes, told = jax.jacfwd(lambda around: (functions(around),) * 2, has_aux=True)(here)
    law, rows, of = slopes  # each by what it is a slope in
    a, b = law.state, law.output
    found = saddle(System(a, b, rows.state + rows.next_state @ a, rows.output + rows.next_state @ b, rows.next_output))
    policy, policy_slopes = told.policy, of.state + of.output @ found.slopes
    slower = jnp.minimum(1, SLOWEST / jnp.maximum(found.stable, SLOWEST))
    variance = stationary(slower * found.move, law.shock @ law.shock.T)
    values = state, output, policy
    each = jnp.eye(len(state), dtype=state.dtype), found.slopes, policy_slopes
    spreads = [_spread(variance, *pair) for pair in zip(each, values, strict=True)]
    centers = [c.point(value) for c, value in zip(coordinates, values, strict=True)]
    scales = [c.scale(*at) for c, at in zip(coordinates, zip(centers, spreads, strict=True), strict=True)]
    return Linearised(
        *centers,
        *scales,
        states=state,
        outputs=output,
        state_spread=spreads[0],
        output_spread=spreads[1],
        slopes=found.slopes,
        policy_slopes=policy_slopes,
        move=found.move,
        hit=law.shock,
        root=root(variance),
        stable=found.stable,
        explosive=found.explosive,
        determinate=known & found.determinate,
        coordinates=coordinates[0],
    )


def _spread(
    variance: Float[Array, "states states"], slopes: Float[Array, "rows states"], level: Float[Array, " rows"]
) -> Float[Array, " rows"]:
    """Standard deviations of what is linear in the states; a share of its level where something does not move."""
    moved = jnp.sqrt(jnp.maximum(jnp.sum((slopes @ variance) * slopes, axis=1), 0))
    still = jnp.maximum(jnp.abs(level), 1e-3 * jnp.max(moved, initial=0.0))
    return jnp.maximum(moved, jnp.maximum(LEAST * still, 1e-8))
