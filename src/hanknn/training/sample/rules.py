"""Where first-order training looks: how one economy is drawn, and replaced or moved between iterations.

Every rule is written for one economy; training vectorises it. A freshly drawn state and a
simulated one therefore have the same shape by construction (see docs/decisions/stepping.md).
"""

import abc
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from ...economy import Economy
from ...economy.draws import Draw, ergodic_draw
from ...machine.errors import SettingError


class Sampling(abc.ABC):
    """A rule that replaces or moves a drawn economy between iterations."""

    @abc.abstractmethod
    def advance(self, economy: Economy, draw: Draw, key: PRNGKeyArray, iteration: Int[Array, ""]) -> Draw:
        """The draw for the next iteration; `economy` follows the present policies."""


@dataclass(frozen=True)
class Drawn(Sampling):
    """Parameters and ergodic states drawn anew every `redraw_every` iterations; shocks are new every time."""

    redraw_every: int = 1

    def __post_init__(self) -> None:
        _require_counts(redraw_every=self.redraw_every)

    def advance(self, economy, draw, key, iteration):
        fresh = ergodic_draw(economy.equations, key, draw.theta.dtype)
        return jax.tree.map(lambda a, b: jnp.where((iteration + 1) % self.redraw_every == 0, a, b), fresh, draw)


@dataclass(frozen=True)
class Simulated(Sampling):
    """States carried over and stepped forward `steps` periods with the present policy, as KMR do.

    Parameters are drawn anew every `redraw_every` iterations; the state is not.
    """

    steps: int = 10
    redraw_every: int = 1

    def __post_init__(self) -> None:
        _require_counts(steps=self.steps, redraw_every=self.redraw_every)

    def advance(self, economy, draw, key, iteration):
        first, second = jax.random.split(key)
        redrawn = economy.equations.model.parameters.draw(first, draw.theta.dtype)
        theta = jnp.where((iteration + 1) % self.redraw_every == 0, redrawn, draw.theta)
        shocks = jax.random.normal(second, (self.steps, len(economy.equations.shocks)), theta.dtype)
        known = economy.parameters(theta)
        return Draw(theta, economy.after(draw.state, shocks, known), known)


def _require_counts(**counts: int) -> None:
    for name, value in counts.items():
        if value < 1:
            raise SettingError(f"{name} is {value}; it must be at least 1")
