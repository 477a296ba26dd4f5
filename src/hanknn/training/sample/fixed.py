"""Points that stay: spread evenly over parameters and states."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from ...economy import Equations
from ...economy.draws import AT_ONCE, Draw
from ...economy.expectations import sobol_normals
from ...economy.misfit import misfit
from ...economy.points import Point
from ...machine.batches import in_batches
from ...machine.compiled import once
from ...machine.errors import ModelError, SettingError
from .sample import Sample, require_power_of_two
from .screen import Screen


@dataclass(frozen=True)
class Fixed(Sample):
    """A scrambled Sobol design over parameters and the ergodic distribution of states.

    The first `start` points, a design too, are used first, and the number doubles every `double_every` iterations up to
    `points`: early steps are cheap, late ones accurate. A share `wide_share` of the states is spread as much farther
    as the model says (`Model.wide_scale`): they keep a solution honest far outside the ergodic distribution. `screen`:
    takes weight from economies that have no equilibrium, anew every `screen_every` iterations once constraints are in
    force.
    """

    points: int = 8192
    start: int = 2048
    double_every: int = 25
    wide_share: float = 0.1
    screen: Screen | None = None
    screen_every: int = 10

    moves = False

    def __post_init__(self) -> None:
        require_power_of_two("Fixed points", self.points)
        require_power_of_two("Fixed start", self.start)
        if self.start > self.points:
            raise SettingError(f"Fixed start ({self.start}) exceeds points ({self.points})")
        if min(self.double_every, self.screen_every) < 1:
            raise SettingError(
                f"Fixed double_every is {self.double_every}, screen_every {self.screen_every}; give at least 1"
            )
        if not 0 <= self.wide_share <= 1:
            raise SettingError(f"Fixed wide_share is {self.wide_share}; it is a share, between 0 and 1")

    def init(self, equations, key):
        parameters, scale = equations.model.parameters, equations.model.wide_scale
        free, seed = len(parameters.free), int(jax.random.randint(key, (), 0, 2**31 - 1))
        uniforms, normals = sobol_normals(self.points, free + 1, len(equations.scalar_states), seed)

        def place(uniform, normal):
            theta = parameters.from_unit(uniform[:free])
            known = equations.parameters(theta)
            spread = jnp.where(uniform[free] < self.wide_share, scale, 1.0).astype(normal.dtype)
            return Draw(theta, equations.ergodic_state(normal * spread, known), known)

        drawn = once(lambda *rows: in_batches(place, rows, AT_ONCE))(jnp.asarray(uniforms), jnp.asarray(normals))
        _require_some_solution(equations, drawn.known)
        return drawn

    @property
    def fewest(self):
        return self.start

    def active(self, iteration):
        return jnp.minimum(self.points, self.start * 2 ** (iteration // self.double_every)).astype(jnp.int32)

    def moved(self, turn, now, key):
        iteration, before = turn.iteration, self.active(jnp.maximum(turn.iteration - 1, 0))
        changed = (iteration == 0) | (self.active(iteration) != before)
        if self.screen is not None:
            changed = changed | (turn.in_force & (iteration % self.screen_every == 0))
        return now, now.known, changed

    def weights(self, turn, now, thetas):
        even = lambda: jax.vmap(turn.equations.determinate)(thetas).astype(now.theta.dtype)
        screen = self.screen
        if screen is None:
            return even()[:, None]
        one = lambda theta: misfit(turn.economy, theta, turn.expectation)
        weigh = lambda: screen.weights(in_batches(one, (thetas,), 1024))
        return jax.lax.cond(turn.in_force, weigh, even)[:, None]


def _require_some_solution(equations: Equations, thetas: Point) -> None:
    """Raise `ModelError` where the linear model has a solution nowhere in the box: there is nothing to train."""
    model = equations.model
    if not model.linearises or np.any(thetas.linear.determinate):
        return
    for i, name in enumerate(equations.constraints if equations.bounded else ()):
        if not np.any(thetas.linear.bounds.sound[:, i]):
            raise ModelError(
                f"constraint '{name}' of model '{model.name}' binds in the steady state at all parameters, or raising "
                "its second expression never lifts its first: look at the pair that bounds returns, and at its order"
            )
    raise ModelError(
        f"model '{model.name}' has no stable solution to first order, or many, at any parameters of its box; "
        "'hanknn show' says more"
    )
