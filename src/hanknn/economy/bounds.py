"""Occasionally binding constraints: from what a network says of both regimes to policies.

Each constraint is a pair of expressions, both at least zero, one of them zero: a rate and its distance from what the
rule asks for, investment and the multiplier of its floor. The economy without bounds, in which every second expression
is zero, is what a model is linearised in.

In either regime policies are smooth in the state; where one gives way to the other they have a kink. So a network says
two smooth things: the policies if no bound held today, and how policies turn per unit by which those break a bound.
They meet where the bound starts to bind, whatever the network says, and the pair is solved exactly.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

MOST = 2
"""Constraints that a model may have."""

LEAST_DETERMINANT = 0.05
"""Of what two bounds do to each other; below it they would not tell which of them holds."""


class Pair(NamedTuple):
    """The two expressions of each constraint."""

    first: Float[Array, " *shape"]
    second: Float[Array, " *shape"]


class AtBounds(NamedTuple):
    """What the linearised economy says of bounds that hold for one period.

    `slack`: each first expression in the steady state; `slopes`: in the states, where no bound holds; `spread`: its
    ergodic standard deviation. `gain`: by how much it rises per unit of the second. `turn`: how policies move per unit
    by which the bound raises it; `cross`: and the other first expressions, its own place one. `sound`: whether it is
    slack in the steady state, and can hold: else the other numbers say nothing.
    """

    slack: Float[Array, " constraints"]
    slopes: Float[Array, "constraints states"]
    spread: Float[Array, " constraints"]
    gain: Float[Array, " constraints"]
    turn: Float[Array, "policies constraints"]
    cross: Float[Array, "constraints constraints"]
    sound: Bool[Array, " constraints"]

    @property
    def frequency(self) -> Float[Array, " constraints"]:
        """The share of periods in which the economy without bounds would break each."""
        return jax.scipy.special.ndtr(-self.slack / self.spread)


class Said(NamedTuple):
    """What a network says of one state: policies if no bound held, turns, what one bound's force does to the other."""

    free: Float[Array, " policies"]
    turn: Float[Array, "policies constraints"]
    cross: Float[Array, "constraints constraints"]


Pairs = Callable[[Float[Array, " policies"]], Pair]
"""The pairs at policies, in coordinates."""


def said_size(policies: int, constraints: int) -> int:
    """Length of the vector that holds `Said`; the places of one on the diagonal are no numbers of it."""
    return policies * (1 + constraints) + constraints * (constraints - 1)


def said(vector: Float[Array, " outputs"], policies: int, constraints: int) -> Said:
    """The vector's parts."""
    ends = [policies, policies * (1 + constraints)]
    free, turn, cross = jnp.split(vector, ends)
    whole = jnp.eye(constraints, dtype=vector.dtype).at[_others(constraints)].set(cross)
    return Said(free, turn.reshape(policies, constraints), whole)


def said_by_linear(
    free: Float[Array, " policies"], spread: Float[Array, " policies"], at: AtBounds
) -> tuple[Float[Array, " outputs"], Float[Array, " outputs"]]:
    """The same vector where a network puts out nothing, and the scale of what it puts out."""
    others = _others(len(at.slack))
    ratio = at.spread[:, None] / at.spread[None, :]
    center = jnp.concatenate([free, at.turn.ravel(), at.cross[others]])
    scale = jnp.concatenate([spread, (spread[:, None] / at.spread[None, :]).ravel(), ratio[others]])
    return center, scale


def held(
    pairs: Pairs, what: Said, gain: Float[Array, " constraints"], relaxation: Array | float, spread: Float[Array, " n"]
) -> Float[Array, " policies"]:
    """Policies with the bounds in force, as far as they are not relaxed.

    Pairs hold exactly where they are linear in the policies' coordinates, and to first order elsewhere; `spread` says
    how much each policy gives way for that.
    """
    slopes, pair = jax.jacrev(lambda at: (pairs(at),) * 2, has_aux=True)(what.free)
    slopes, pair = jax.lax.optimization_barrier((slopes, pair))
    step = _onto(pair.second, slopes.second, spread)
    short = pair.first + slopes.first @ step
    force = forces(short, what.cross)
    turn = (1 - relaxation) * (what.turn @ force)
    there = Pair(short + slopes.first @ turn, slopes.second @ turn)
    binds = force > 0
    rows = conditions(Pair(slopes.first, slopes.second), binds[:, None], gain[:, None], relaxation)
    return what.free + step + turn + _onto(conditions(there, binds, gain, relaxation), rows, spread)


def conditions(pair: Pair, binds: Array, gain: Array | float, relaxation: Array | float) -> Float[Array, " *shape"]:
    """What is zero of each pair, or its slopes. Where a bound is relaxed, the first expression falls to a share of
    what it would be."""
    return jnp.where(binds, (1 - relaxation) * pair.first + relaxation * gain * pair.second, pair.second)


def forces(
    short: Float[Array, " constraints"], cross: Float[Array, "constraints constraints"]
) -> Float[Array, " constraints"]:
    """By how much each bound raises its first expression: n ≥ 0 with short + cross · n ≥ 0, one of them zero.

    A linear complementarity problem, which has one solution where neither bound undoes the other.
    """
    alone = jnp.maximum(-short, 0)
    if len(short) < MOST:
        return alone
    determinant = jnp.maximum(1 - cross[0, 1] * cross[1, 0], LEAST_DETERMINANT)
    both = jnp.stack([cross[0, 1] * short[1] - short[0], cross[1, 0] * short[0] - short[1]]) / determinant
    # Where the first holds alone the second must be slack.
    first, second = alone * jnp.array([1, 0]), alone * jnp.array([0, 1])
    one = jnp.where((short[0] < 0) & (short[1] + cross[1, 0] * alone[0] >= 0), first, second)
    return jnp.where(jnp.all(both > 0), both, one)


def _onto(
    value: Float[Array, " constraints"], slopes: Float[Array, "constraints policies"], spread: Float[Array, " policies"]
) -> Float[Array, " policies"]:
    """The shortest step, in units of `spread`, to where conditions with these values and slopes hold."""
    steep = slopes * spread[None, :] ** 2
    return -_solved(steep @ slopes.T, value) @ steep


def _solved(matrix: Float[Array, "n n"], right: Float[Array, " n"]) -> Float[Array, " n"]:
    """A⁻¹ b by Cramer's rule: the cheapest to differentiate and compile, and there are two equations at most."""
    if len(right) == 1:
        return right / matrix[0]
    (a, b), (c, d) = matrix
    return jnp.stack([d * right[0] - b * right[1], a * right[1] - c * right[0]]) / (a * d - b * c)


def _others(constraints: int) -> tuple[np.ndarray, ...]:
    return np.nonzero(~np.eye(constraints, dtype=bool))
