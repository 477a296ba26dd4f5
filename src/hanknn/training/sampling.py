"""Where training looks: how economies (parameters and a state) are drawn and moved between iterations.

Every rule is written for one economy; the training loop vectorises it. A freshly drawn state and a
simulated one therefore have the same shape by construction (see docs/decisions/stepping.md).
"""

import abc
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..economy import Economy, Equations
from ..economy.draws import SURE, Draw
from ..economy.expectations import sobol_normals
from ..economy.points import Point
from ..machine.compiled import once
from ..machine.errors import SettingError


@dataclass(frozen=True)
class StateDraws:
    """Ergodic draws, a share of them spread `wide_scale` times as far.

    `wide_scale=None` takes the model's own. Wide draws keep a solution honest far outside the
    ergodic distribution; a share of 0 leaves them out.
    """

    wide_share: float = 0.1
    wide_scale: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.wide_share <= 1:
            raise SettingError(f"wide_share is {self.wide_share}; it is a share, between 0 and 1")

    def spread(
        self, equations: Equations, normals: Float[Array, " normals"], uniform: Float[Array, ""]
    ) -> Float[Array, " normals"]:
        scale = equations.model.wide_scale if self.wide_scale is None else self.wide_scale
        return normals * jnp.where(uniform < self.wide_share, scale, 1.0).astype(normals.dtype)

    def draw(self, equations: Equations, theta: Point, key: PRNGKeyArray) -> Point:
        """One state."""
        first, second = jax.random.split(key)
        normals = equations.normals(first, theta.dtype)
        uniform = jax.random.uniform(second, (), theta.dtype)
        return equations.ergodic_state(self.spread(equations, normals, uniform), theta)


TRIES = 64
"""Draws among which one below that strain is looked for."""


def plausible(
    equations: Equations, key: PRNGKeyArray, dtype: jnp.dtype | type, anywhere: Bool[Array, ""] | bool = False
) -> Float[Array, " parameters"]:
    """One uniform draw over the ranges, of the economies that have an equilibrium; or, if asked, `anywhere`.

    Where `TRIES` draws find none, as in a narrow box beyond the frontier, the one with the least strain.
    """
    draw = lambda i: equations.model.parameters.draw(jax.random.fold_in(key, i), dtype)
    drawn = jax.vmap(draw)(jnp.arange(TRIES))
    strains = jax.vmap(lambda vector: equations.strain(equations.given(vector)))(drawn)
    sure = strains <= SURE
    chosen = jnp.where(jnp.any(sure), jnp.argmax(sure), jnp.argmin(strains))
    return drawn[jnp.where(anywhere, 0, chosen)]


def sobol_design(equations: Equations, draws: StateDraws, points: int, seed: int) -> Draw:
    """A fixed scrambled-Sobol design in float64; its first 2^k points are a Sobol design too."""
    free, states = len(equations.model.parameters.free), len(equations.scalar_states)
    uniforms, normals = sobol_normals(points, free + 1, states, seed)

    def place(uniform, normal):
        theta = equations.model.parameters.from_unit(uniform[:free])
        spread = draws.spread(equations, normal, uniform[free])
        return Draw(theta, equations.ergodic_state(spread, equations.parameters(theta)))

    return once(jax.vmap(place))(jnp.asarray(uniforms), jnp.asarray(normals))


class Sampling(abc.ABC):
    """A rule that draws an economy and replaces or moves it between iterations."""

    draws: StateDraws

    def start(self, equations: Equations, key: PRNGKeyArray, dtype: jnp.dtype | type) -> Draw:
        """One fresh draw."""
        first, second = jax.random.split(key)
        theta = equations.model.parameters.draw(first, dtype)
        return Draw(theta, self.draws.draw(equations, equations.parameters(theta), second))

    @abc.abstractmethod
    def advance(self, economy: Economy, draw: Draw, key: PRNGKeyArray, iteration: Int[Array, ""]) -> Draw:
        """The draw for the next iteration; `economy` follows the present policies."""


@dataclass(frozen=True)
class Fresh(Sampling):
    """Parameters and ergodic states drawn anew every iteration."""

    draws: StateDraws = StateDraws(wide_share=0.0)

    def advance(self, economy, draw, key, iteration):
        return self.start(economy.equations, key, draw.theta.dtype)


@dataclass(frozen=True)
class Kept(Sampling):
    """Parameters and states kept for `redraw_every` iterations; shocks are new every time."""

    redraw_every: int = 100
    draws: StateDraws = StateDraws(wide_share=0.0)

    def __post_init__(self) -> None:
        _require_count("redraw_every", self.redraw_every)

    def advance(self, economy, draw, key, iteration):
        fresh = self.start(economy.equations, key, draw.theta.dtype)
        return jax.tree.map(lambda a, b: jnp.where((iteration + 1) % self.redraw_every == 0, a, b), fresh, draw)


@dataclass(frozen=True)
class Simulated(Sampling):
    """States carried over and stepped forward `steps` periods with the present policy, as KMR do.

    Parameters are drawn anew every `redraw_every` iterations; the state is not.
    """

    steps: int = 10
    redraw_every: int = 1
    draws: StateDraws = StateDraws(wide_share=0.0)

    def __post_init__(self) -> None:
        _require_count("steps", self.steps)
        _require_count("redraw_every", self.redraw_every)

    def advance(self, economy, draw, key, iteration):
        first, second = jax.random.split(key)
        redrawn = economy.equations.model.parameters.draw(first, draw.theta.dtype)
        theta = jnp.where((iteration + 1) % self.redraw_every == 0, redrawn, draw.theta)
        shocks = jax.random.normal(second, (self.steps, len(economy.equations.shocks)), theta.dtype)
        return Draw(theta, economy.after(draw.state, shocks, economy.parameters(theta)))


def _require_count(name: str, value: int) -> None:
    if value < 1:
        raise SettingError(f"{name} is {value}; it must be at least 1")
