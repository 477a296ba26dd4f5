"""Points that are new at every iteration: for boxes of so many dimensions that no fixed design fills them."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ...economy import Equations
from ...economy.draws import AT_ONCE, Draw
from ...economy.points import Point
from ...machine.batches import in_batches
from ...machine.compiled import once
from ...machine.errors import SettingError
from .sample import Sample, require_power_of_two
from .screen import Screen

OFTEN = 0.04
"""An economy whose bound would bind in this share of periods counts a quarter: many that meet it more often have no
equilibrium (`benchmarks/bound_existence.py`)."""


@dataclass(frozen=True)
class Renewed(Sample):
    """Every iteration draws `points` economies anew over the box, each at a state of its ergodic distribution.

    A network of forty inputs can satisfy its equations at some thousand fixed points and nowhere between them. With new
    ones every time, and a memory of the curvature (`Curvature.memory`), it is held to all that have been seen.

    A share `bound_share` of the states is drawn where a bound binds, which would be seen too seldom to be learned;
    weights undo it. Economies whose bound would bind often count little: 1/(1 + (frequency/`OFTEN`)²)². `screen`: by
    the root mean square of a point's residuals. A few that no network fits, a thousand times the usual ones, would
    else move it to and fro, and be what it errs by everywhere.
    """

    points: int = 1024
    bound_share: float = 0.3
    screen: Screen = Screen(floor=1e-6, ratio=30.0)

    moves = True

    def __post_init__(self) -> None:
        require_power_of_two("Renewed points", self.points)
        if not 0 <= self.bound_share < 1:
            raise SettingError(f"Renewed bound_share is {self.bound_share}; it is a share, at least 0 and below 1")

    def init(self, equations, key):
        return once(lambda: self._drawn(equations, key)._replace(known=None))()

    def moved(self, turn, now, key):
        drawn = self._drawn(turn.equations, jax.random.fold_in(key, turn.iteration))
        return drawn._replace(known=None), drawn.known, jnp.asarray(True)

    def weights(self, turn, now, thetas):
        def one(state, theta):
            residuals = turn.economy.residuals(state, theta, turn.expectation, jax.random.key(0))
            return self._weight(turn.equations, state, theta), jnp.sqrt(jnp.mean(residuals**2))

        even, sizes = in_batches(one, (now.state, thetas), AT_ONCE)
        return (even * self.screen.weights(sizes))[:, None]

    def _drawn(self, equations: Equations, key: PRNGKeyArray) -> Draw:
        def one(key):
            first, second, third = jax.random.split(key, 3)
            theta = equations.model.parameters.draw(first, jnp.float64)
            known = equations.parameters(theta)
            normal = equations.normals(second, known.dtype)
            if equations.bounded:
                where, which = jax.random.split(third)
                there = known.linear.to_bound(normal, jax.random.randint(which, (), 0, len(equations.constraints)))
                normal = jnp.where(jax.random.uniform(where) < self.bound_share, there, normal)
            return Draw(theta, equations.ergodic_state(normal, known), known)

        return in_batches(one, (jax.random.split(key, self.points),), AT_ONCE)

    def _weight(self, equations: Equations, state: Point, theta: Point) -> Float[Array, ""]:
        sound = equations.determinate(theta).astype(theta.dtype)
        if not equations.bounded:
            return sound
        at = theta.linear.bounds
        breaks = at.slack + at.slopes @ theta.linear.away(state) < 0
        # The density of these draws relative to the ergodic one.
        more = jnp.mean(jnp.where(breaks, 1 / jnp.maximum(at.frequency, jnp.finfo(theta.dtype).tiny), 0))
        seldom = jnp.prod(1 / (1 + (at.frequency / OFTEN) ** 2) ** 2)
        return sound * seldom / (1 - self.bound_share + self.bound_share * more)
