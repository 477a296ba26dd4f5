"""A model's first-order solution around its steady state, at one value of the parameters.

What everything else takes from it: centres and scales, draws from the ergodic distribution, a first guess of the policy
function, determinacy.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import ndtr, ndtri
from jaxtyping import Array, Bool, Float

from .bounds import AtBounds
from .coordinates import Coordinates
from .linear.saddle import System, saddle
from .linear.second import Bent, second_order
from .linear.stationary import stationary
from .linear.systems import root, solved
from .points import Point, pack

SLOWEST = 0.9995
"""An economy counts as no more persistent than this where its ergodic distribution is asked for."""

LEAST = 1e-4
"""A variable that does not move is looked at in this share of its level."""


FAR = 5.0
"""Second-order terms level off about so many ergodic s.d. from the steady state: beyond they say nothing."""

RAREST = 1e-30
"""What happens more seldom is drawn as if it did not: normals have no more s.d. than eleven."""


class Around(NamedTuple):
    """Where a model's functions are looked at, in vectors (`Coordinates`): this period and the next."""

    state: Float[Array, " states"]
    output: Float[Array, " outputs"]
    shock: Float[Array, " shocks"]
    next_state: Float[Array, " states"]
    next_output: Float[Array, " outputs"]


class Told(NamedTuple):
    """What a model's functions say there: where this period's state leads, residuals without uncertainty, policies.

    The last rows are the second expressions of occasionally binding constraints; `first`: the first ones.
    """

    law: Float[Array, " states"]
    rows: Float[Array, " rows"]
    policy: Float[Array, " policies"]
    first: Float[Array, " constraints"]


Functions = Callable[[Around], Told]
Averaged = Callable[[Callable[[Float[Array, " states"]], Float[Array, " outputs"]]], Float[Array, " rows"]]
"""Residuals in the steady state, expectations included, of outputs as a function of the state."""


class Linearised(NamedTuple):
    """The first-order solution: outputs are `slopes` · (state − `states`) above `outputs`; and what second order adds.

    Vectors and matrices are in coordinates (logarithms of positive variables), points in the model's units. `move` and
    `hit`: the law of motion of states. `root`: of the ergodic covariance of states. Scales are ergodic standard
    deviations. `system`: what was solved. `bend`: second derivatives of outputs in states. `risk`: what uncertainty
    adds to outputs. `stable`, `explosive`: see `Saddle`. `determinate`: whether there is a steady state with one stable
    path to it. `bounds`: what constraints would do that hold for a period.
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
    system: System
    bend: Float[Array, "outputs states states"]
    risk: Float[Array, " outputs"]
    root: Float[Array, "states states"]
    bounds: AtBounds | None
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

    def second_order_at(self, state: Point) -> Float[Array, " outputs"]:
        """The solution to second order (Schmitt-Grohé and Uribe 2004), levelled off where it says nothing."""
        away = self.away(state)
        near = away * (1 + (away / (FAR * self.state_spread)) ** 4) ** -0.25
        return self.outputs + self.risk + self.slopes @ away + (self.bend @ near) @ near / 2

    def ergodic_state(self, normal: Point) -> Point:
        """Standard normals, one a state, as a draw from the ergodic distribution."""
        return self.coordinates.point(self.states + self.root @ pack(normal))

    def to_bound(self, normal: Float[Array, " states"], which: Array | int) -> Float[Array, " states"]:
        """The normals of a draw from the part of the ergodic distribution that breaks one bound."""
        assert self.bounds is not None
        pull = self.root.T @ self.bounds.slopes[which]
        length = jnp.linalg.norm(pull)
        pull = pull / jnp.where(length > 0, length, 1)
        along = normal @ pull
        share = ndtr(along) * ndtr(-self.bounds.slack[which] / jnp.where(length > 0, length, 1))
        return normal + (ndtri(jnp.maximum(share, RAREST)) - along) * pull


def linearised(
    functions: Functions,
    averaged: Averaged,
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
    law, rows, of, of_first = slopes  # each by what it is a slope in
    a, b = law.state, law.output
    to_output = rows.output + rows.next_state @ b
    system = System(a, b, rows.state + rows.next_state @ a, to_output, rows.next_output)
    found = saddle(system)
    policy, policy_slopes = told.policy, of.state + of.output @ found.slopes
    slower = jnp.minimum(1, SLOWEST / jnp.maximum(found.stable, SLOWEST))
    variance = stationary(slower * found.move, law.shock @ law.shock.T)
    values = state, output, policy
    each = jnp.eye(len(state), dtype=state.dtype), found.slopes, policy_slopes
    spreads = [_spread(variance, *pair) for pair in zip(each, values, strict=True)]
    # The answer of all equations to this period's policies, what follows from them next period included.
    to_now = to_output + rows.next_output @ found.slopes @ b
    bounds, sound = None, True
    if len(told.first):
        bounds = _at_bounds(told.first, of_first, to_now, found.slopes, variance)
        sound = jnp.all(bounds.sound)
        # A multiplier does not move to first order, but a bound moves it.
        reach = jnp.max(jnp.abs(bounds.turn) * bounds.spread[None, :], axis=1)
        spreads = [spreads[0], *(jnp.maximum(spread, reach) for spread in spreads[1:])]
    determinate = known & found.determinate & sound
    bend = second_order(Bent(to_now, rows.next_output, _curvature(functions, here, found.slopes), found.move))
    bend = jnp.where(determinate, bend, 0)
    missed = averaged(lambda there: output + (found.slopes + bend @ (there - state) / 2) @ (there - state))
    risk = -solved(to_now + rows.next_output, missed[:, None])[:, 0]
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
        system=system,
        bend=bend,
        risk=jnp.where(determinate & jnp.all(jnp.isfinite(risk)), risk, 0),
        root=root(variance),
        bounds=bounds,
        stable=found.stable,
        explosive=found.explosive,
        determinate=determinate,
        coordinates=coordinates[0],
    )


def _curvature(
    functions: Functions, here: Around, slopes: Float[Array, "outputs states"]
) -> Float[Array, "rows states states"]:
    """Second derivatives in the states of what the equations say of the linear solution."""

    def rows(away: Float[Array, " states"]) -> Float[Array, " rows"]:
        output = here.output + slopes @ away
        now = here._replace(state=here.state + away, output=output)
        law = functions(now).law
        later = here.output + slopes @ (law - here.state)
        return functions(now._replace(next_state=law, next_output=later)).rows

    return jax.jacfwd(jax.jacfwd(rows))(jnp.zeros_like(here.state))


def _at_bounds(
    first: Float[Array, " constraints"],
    slopes: Around,
    to_now: Float[Array, "rows outputs"],
    policy: Float[Array, "outputs states"],
    variance: Float[Array, "states states"],
) -> AtBounds:
    """Bounds that hold for one period."""
    count, size = len(first), len(to_now)
    raised = solved(to_now, jnp.eye(size, dtype=to_now.dtype)[:, size - count :])
    answer = slopes.output @ raised
    gain = jnp.diagonal(answer)
    sound = (gain > 0) & (first > 0) & jnp.all(jnp.isfinite(raised), axis=0)
    gain = jnp.where(sound, gain, 1)
    turn = jnp.where(sound[None, :], raised, 0) / gain[None, :]
    cross = jnp.where(sound[None, :], answer, jnp.eye(count, dtype=answer.dtype)) / gain[None, :]
    in_states = slopes.state + slopes.output @ policy
    return AtBounds(first, in_states, _spread(variance, in_states, first), gain, turn, cross, sound)


def _spread(
    variance: Float[Array, "states states"], slopes: Float[Array, "rows states"], level: Float[Array, " rows"]
) -> Float[Array, " rows"]:
    """Standard deviations of what is linear in the states; a share of its level where something does not move."""
    moved = jnp.sqrt(jnp.maximum(jnp.sum((slopes @ variance) * slopes, axis=1), 0))
    still = jnp.maximum(jnp.abs(level), 1e-3 * jnp.max(moved, initial=0.0))
    return jnp.maximum(moved, jnp.maximum(LEAST * still, 1e-8))
