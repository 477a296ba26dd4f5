"""Points that are new at every iteration: for boxes of so many dimensions that no fixed design fills them."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from ...economy.draws import AT_ONCE, Draw, ergodic_draw
from ...machine.batches import in_batches
from ...machine.compiled import once
from ...machine.errors import SettingError
from .sample import Sample, require_power_of_two


@dataclass(frozen=True)
class Renewed(Sample):
    """Every iteration draws `points` economies anew over the box, each at a state of its ergodic distribution.

    A network of forty inputs can satisfy its equations at some thousand fixed points and nowhere between them. With new
    ones every time, and a memory of the curvature (`Curvature.memory`), it is held to all that have been seen. A share
    `wide_share` of the states is spread `wide_scale` times as far.
    """

    points: int = 1024
    wide_share: float = 0.2
    wide_scale: float = 1.5

    moves = True

    def __post_init__(self) -> None:
        require_power_of_two("Renewed points", self.points)
        if not 0 <= self.wide_share <= 1:
            raise SettingError(f"Renewed wide_share is {self.wide_share}; it is a share, between 0 and 1")
        if not self.wide_scale > 0:
            raise SettingError(f"Renewed wide_scale is {self.wide_scale}; it must be positive")

    def init(self, equations, key):
        return once(lambda: self._drawn(equations, key)._replace(known=None))()

    def moved(self, turn, now, key):
        drawn = self._drawn(turn.equations, jax.random.fold_in(key, turn.iteration))
        return drawn._replace(known=None), drawn.known, jnp.asarray(True)

    def weights(self, turn, now, thetas):
        return jax.vmap(turn.equations.determinate)(thetas).astype(now.theta.dtype)[:, None]

    def _drawn(self, equations, key) -> Draw:
        def one(key):
            first, second = jax.random.split(key)
            spread = jnp.where(jax.random.uniform(first) < self.wide_share, self.wide_scale, 1.0)
            return ergodic_draw(equations, second, jnp.float64, spread)

        return in_batches(one, (jax.random.split(key, self.points),), AT_ONCE)
