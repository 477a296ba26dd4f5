"""States by simulation, where the ergodic distribution is known no other way."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..economy import Economy, Equations
from ..economy.expectations import Expectation
from ..economy.misfit import residual_rows
from ..economy.points import Point, replaced
from ..machine.errors import SettingError
from .sampling import plausible

FAR = 6.0
"""Network inputs beyond this many ergodic s.d. mean that a path has left the economy."""

LOST = 0.03
"""Root mean square of the residuals at which a path has left the economy."""


class Moved(NamedTuple):
    """States; where the paths led, residuals and their root mean square, `LOST` for a lost path, whose state starts
    anew."""

    states: Point
    residuals: Float[Array, "points rows"]
    sizes: Float[Array, " points"]
    lost: Bool[Array, " points"]


@dataclass(frozen=True)
class Walk:
    """Every `every` iterations each economy of a design moves `steps` quarters on, under the present policies.

    A share `wide_share` of them is hit by shocks `wide_scale` times as large: deep recessions are where a policy
    function that has not seen them leads away, and in a simulation of the usual shocks they are rare. `widened`: for
    how many iterations they are (None: to the end). What is far out is fitted worst, so it makes most of the loss, and
    costs exactness where economies are most of the time.

    A path that is no longer finite, beyond six ergodic s.d. or where residuals are large starts anew at the
    centre: early policies can drive an economy away, and one lost path must not stop the rest.

    `stability`: what counts, as a residual, when an economy without shocks moves one ergodic s.d. away (see
    `wandering`); 0: not asked for. Residuals alone do not tell a stable path from an explosive one. `guarded`: for how
    many iterations it is asked for (None: to the end); afterwards of economies only that may have no equilibrium. A
    stable economy, too, may move away for a quarter before it comes back: what guards the way to the solution bends the
    solution, and has to go once the way is found. Where there is none, nothing else keeps paths together.

    `redrawn`: the share of economies that give way to new ones at each move. `anywhere`: the share of them drawn
    over all ranges; the others have a strain at which an equilibrium is known (`sampling.plausible`).
    """

    steps: int = 5
    stability: float = 0.02
    wide_share: float = 0.3
    wide_scale: float = 1.5
    every: int = 1
    guarded: int | None = None
    widened: int | None = None
    redrawn: float = 0.0
    anywhere: float = 1.0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.every < 1 or not self.stability >= 0:
            raise SettingError(
                f"Walk steps is {self.steps}, every {self.every}, stability {self.stability}; give at least 1 step, at "
                "least 1 iteration and no negative weight"
            )
        for name in ("guarded", "widened"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise SettingError(f"Walk {name} is {value}; give a number of iterations, or None for all")
        for name in ("wide_share", "redrawn", "anywhere"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingError(f"Walk {name} is {getattr(self, name)}; give a share between 0 and 1")
        if not self.wide_scale > 0:
            raise SettingError(f"Walk wide_scale is {self.wide_scale}; give a positive scale")

    def guards(self, iteration: Int[Array, ""]) -> Bool[Array, ""]:
        """Whether stability is asked of all economies at an iteration."""
        return jnp.asarray(True) if self.guarded is None else iteration < self.guarded

    def draw(
        self, equations: Equations, points: int, key: PRNGKeyArray, dtype: jnp.dtype | type
    ) -> Float[Array, "points parameters"]:
        """Parameters of so many economies."""
        first, second = jax.random.split(key)
        anywhere = jax.random.uniform(first, (points,)) < self.anywhere
        draw = lambda k, far: plausible(equations, k, dtype, far)
        return jax.vmap(draw)(jax.random.split(second, points), anywhere)

    def renewed(
        self,
        equations: Equations,
        thetas: Float[Array, "points parameters"],
        key: PRNGKeyArray,
        moves: Bool[Array, ""],
    ) -> tuple[Float[Array, "points parameters"], Bool[Array, " points"]]:
        """The economies of the next move, some of them new, and which; the same where none is due."""
        if not self.redrawn:
            return thetas, jnp.zeros(len(thetas), bool)
        first, second = jax.random.split(key)
        new = moves & (jax.random.uniform(first, (len(thetas),)) < self.redrawn)
        return jnp.where(new[:, None], self.draw(equations, len(thetas), second, thetas.dtype), thetas), new

    def wandering(self, economy: Economy, state: Point, theta: Point) -> Float[Array, ""]:
        """By how much an economy left without shocks moves farther away next quarter, beyond one ergodic s.d.

        Scalar states at their centre, arrays (a distribution) as they are; distances in what the network sees. Zero
        for most states of a stable economy.
        """
        equations = economy.equations
        center = equations.units(theta).state_center
        calm = replaced(state, **{name: getattr(center, name) for name in equations.scalar_states})
        later = economy.after(calm, jnp.zeros((1, len(equations.shocks)), theta.dtype), theta)
        # The small number keeps the root differentiable where nothing has moved.
        distance = lambda s: jnp.sqrt(jnp.sum(equations.inputs(s, theta) ** 2) + 1e-12)
        return self.stability * jnp.maximum(distance(later) - jnp.maximum(distance(calm), 1.0), 0)

    def move(
        self,
        economy: Economy,
        thetas: Point,
        states: Point,
        key: PRNGKeyArray,
        expectation: Expectation,
        iteration: Int[Array, ""] | int = 0,
    ) -> Moved:
        """Where the economies stand `steps` quarters on, each with its row of `thetas` and `states`.

        `expectation`: for their residuals there; `iteration`: of the training, which says whether shocks are still
        widened.
        """
        equations, count = economy.equations, thetas.rows

        def one(theta, state, key, scale):
            shocks = scale * jax.random.normal(key, (self.steps, len(equations.shocks)), theta.dtype)
            return economy.after(state, shocks, theta)

        # The same economies every time: a wide path's endogenous states spread wider, too.
        wide = jax.random.uniform(jax.random.key(0), (count,)) < self.wide_share
        if self.widened is not None:
            wide = wide & (iteration < self.widened)
        scales = jnp.where(wide, self.wide_scale, 1.0).astype(thetas.dtype)
        found = jax.vmap(one)(thetas, states, jax.random.split(key, count), scales)
        inputs = jax.vmap(equations.inputs)(found, thetas)
        rows = residual_rows(economy, thetas, found, expectation, jax.random.fold_in(key, 0))
        sizes = jnp.sqrt(jnp.mean(rows**2, axis=1))
        lost = ~(jnp.all(jnp.abs(inputs) < FAR, axis=1) & _finite(found) & (sizes < LOST))
        return Moved(anew(equations, thetas, found, lost), rows, jnp.where(lost, LOST, sizes), lost)


def anew(equations: Equations, thetas: Point, states: Point, which: Bool[Array, " points"]) -> Point:
    """The states, those of some economies put back to their centre."""
    centers = jax.vmap(lambda theta: equations.units(theta).state_center)(thetas)
    pick = lambda center, state: jnp.where(which.reshape(-1, *[1] * (state.ndim - 1)), center, state)
    return jax.tree.map(pick, centers, states)


def _finite(states: Point) -> Bool[Array, " points"]:
    fine = [jnp.isfinite(leaf).reshape(len(leaf), -1).all(axis=1) for leaf in jax.tree.leaves(states)]
    return jnp.stack(fine).all(axis=0)
