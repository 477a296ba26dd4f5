"""Points that walk: economies simulated under the present policies, with a memory of how well each is solved."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ...economy import Economy, Equations
from ...economy.draws import SURE, ergodic_states, plausible
from ...economy.expectations import Expectation
from ...economy.misfit import residual_rows
from ...economy.points import Point, replaced
from ...machine.compiled import once
from ...machine.errors import SettingError
from .sample import Sample, require_power_of_two
from .screen import Screen, remembered

ECONOMIES = 2**30
"""Sets the keys of new economies apart from those of shocks and nodes, which count iterations."""

FAR = 6.0
"""Network inputs beyond this many ergodic s.d. mean that a path has left the economy."""

LOST = 0.03
"""Root mean square of the residuals at which a path has left the economy."""


class Walking(NamedTuple):
    """`squares`: each economy's mean squared residuals along its path, their geometric mean, the last iterations'
    counting most."""

    theta: Float[Array, "points parameters"]
    state: Point
    squares: Float[Array, " points"]


@dataclass(frozen=True)
class Walked(Sample):
    """Every iteration each of `points` economies moves `steps` quarters on, under the present policies (see `walk`).

    A share `wide_share` of them is hit by shocks `wide_scale` times as large: deep recessions are where a policy
    function that has not seen them leads away, and in a simulation of the usual shocks they are rare. `widened`: for
    how many iterations they are (None: to the end). What is far out is fitted worst, so it makes most of the loss, and
    costs exactness where economies are most of the time.

    `stability`: what counts, as a residual, when an economy without shocks moves one ergodic s.d. away (see
    `besides`); 0: not asked for. Residuals alone do not tell a stable path from an explosive one. `guarded`: for how
    many iterations it is asked for (None: to the end); afterwards of economies only that may have no equilibrium. A
    stable economy, too, may move away for a quarter before it comes back: what guards the way to the solution bends the
    solution, and has to go once the way is found. Where there is none, nothing else keeps paths together.

    `redrawn`: the share of economies that give way to new ones at each move. `anywhere`: the share of them drawn
    over all ranges; the others have a strain at which an equilibrium is known (see `plausible`).

    `screen`: takes weight from economies that are solved badly along their paths. `doubtful`: by what the weight is
    multiplied where shocks are too large for an equilibrium that is known to exist (`Model.strain`).
    """

    points: int
    steps: int = 5
    stability: float = 0.02
    wide_share: float = 0.3
    wide_scale: float = 1.5
    guarded: int | None = None
    widened: int | None = None
    redrawn: float = 0.0
    anywhere: float = 1.0
    screen: Screen | None = None
    doubtful: float = 1.0

    moves = True

    def __post_init__(self) -> None:
        require_power_of_two("Walked points", self.points)
        if self.steps < 1 or not self.stability >= 0:
            raise SettingError(
                f"Walked steps is {self.steps}, stability {self.stability}; give at least 1 step and no negative weight"
            )
        for name in ("guarded", "widened"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise SettingError(f"Walked {name} is {value}; give a number of iterations, or None for all")
        for name in ("wide_share", "redrawn", "anywhere"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingError(f"Walked {name} is {getattr(self, name)}; give a share between 0 and 1")
        for name in ("wide_scale", "doubtful"):
            if not getattr(self, name) > 0:
                raise SettingError(f"Walked {name} is {getattr(self, name)}; it must be positive")

    def init(self, equations, key):
        first, second = jax.random.split(key)
        theta = once(lambda: self._economies(equations, first, jnp.float64))()
        return Walking(theta, ergodic_states(equations, theta, second), jnp.zeros(self.points))

    def moved(self, turn, now, key):
        iteration, equations = turn.iteration, turn.equations
        theta, new = self._renewed(turn, now.theta, jax.random.fold_in(jax.random.fold_in(key, ECONOMIES), iteration))
        thetas = jax.vmap(equations.parameters)(theta)
        # The same economies every time: a wide path's endogenous states spread wider, too.
        wide = jax.random.uniform(jax.random.key(0), (self.points,)) < self.wide_share
        wide = wide & _before(self.widened, iteration)
        scales = jnp.where(wide, self.wide_scale, 1.0).astype(theta.dtype)
        begun = anew(equations, thetas, now.state, new)
        key = jax.random.fold_in(key, iteration)
        there = walk(turn.economy, thetas, begun, self.steps, scales, key, turn.expectation)
        squares = remembered(now.squares, there.sizes**2, (iteration == 0) | new)
        return Walking(theta, there.states, squares), thetas, jnp.asarray(True)

    def weights(self, turn, now, thetas):
        sure = jax.vmap(turn.equations.strain)(thetas) <= SURE
        weights = jnp.where(sure, 1.0, self.doubtful).astype(now.theta.dtype)
        if self.screen is not None:
            weights = self.screen.weights(jnp.sqrt(now.squares)) * weights
        if not self.stability:
            return weights[:, None]
        return jnp.stack([weights, weights * (_before(self.guarded, turn.iteration) | ~sure)], axis=1)

    def besides(self, economy, state, theta):
        """By how much an economy left without shocks moves farther away next quarter, beyond one ergodic s.d.

        Scalar states at their centre, arrays (a distribution) as they are; distances in what the network sees. Zero
        for most states of a stable economy.
        """
        if not self.stability:
            return super().besides(economy, state, theta)
        equations = economy.equations
        center = equations.units(theta).state_center
        calm = replaced(state, **{name: getattr(center, name) for name in equations.scalar_states})
        later = economy.after(calm, jnp.zeros((1, len(equations.shocks)), theta.dtype), theta)
        # The small number keeps the root differentiable where nothing has moved.
        distance = lambda s: jnp.sqrt(jnp.sum(equations.inputs(s, theta) ** 2) + 1e-12)
        return self.stability * jnp.maximum(distance(later) - jnp.maximum(distance(calm), 1.0), 0)[None]

    def since_changed(self, iteration):
        """What is asked for changes when the guard goes: only whole steps get from one solution to the other."""
        return jnp.where(_before(self.guarded, iteration), iteration, iteration - (self.guarded or 0))

    def _economies(self, equations: Equations, key: PRNGKeyArray, dtype) -> Float[Array, "points parameters"]:
        """Parameters of so many new economies."""
        first, second = jax.random.split(key)
        anywhere = jax.random.uniform(first, (self.points,)) < self.anywhere
        draw = lambda k, far: plausible(equations, k, dtype, far)
        return jax.vmap(draw)(jax.random.split(second, self.points), anywhere)

    def _renewed(self, turn, theta, key) -> tuple[Float[Array, "points parameters"], Bool[Array, " points"]]:
        """The economies of the next move, some of them new, and which."""
        if not self.redrawn:
            return theta, jnp.zeros(self.points, bool)
        first, second = jax.random.split(key)
        new = jax.random.uniform(first, (self.points,)) < self.redrawn
        return jnp.where(new[:, None], self._economies(turn.equations, second, theta.dtype), theta), new


def _before(end: int | None, iteration: Int[Array, ""]) -> Bool[Array, ""]:
    return jnp.asarray(True) if end is None else iteration < end


class Moved(NamedTuple):
    """States; where the paths led, residuals and their root mean square, `LOST` for a lost path, whose state starts
    anew."""

    states: Point
    residuals: Float[Array, "points rows"]
    sizes: Float[Array, " points"]
    lost: Bool[Array, " points"]


def walk(
    economy: Economy,
    thetas: Point,
    states: Point,
    steps: int,
    scales: Float[Array, " points"],
    key: PRNGKeyArray,
    expectation: Expectation,
) -> Moved:
    """Where economies stand `steps` quarters on, each with its row of `thetas`, `states` and `scales` of its shocks.

    A path that is no longer finite, beyond six ergodic s.d. or where residuals, by this `expectation`, are large starts
    anew at the centre: early policies can drive an economy away, and one lost path must not stop the rest.
    """
    equations, count = economy.equations, thetas.rows

    def one(theta, state, key, scale):
        shocks = scale * jax.random.normal(key, (steps, len(equations.shocks)), theta.dtype)
        return economy.after(state, shocks, theta)

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
