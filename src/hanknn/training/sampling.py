"""Where training looks: how economies (parameters and a state) are drawn and moved between iterations.

Every rule is written for one economy; the training loop vectorises it. A freshly drawn state and a
simulated one therefore have the same shape by construction (see docs/decisions/stepping.md).
"""

import abc
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..compiled import once
from ..equilibrium import Equilibrium
from ..errors import SettingError
from ..expectations import sobol_normals
from ..networks import PolicyNetwork, evaluate


class Economy(NamedTuple):
    """Parameter values and a state of that economy."""

    theta: Float[Array, " parameters"]
    state: Float[Array, " states"]


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
        self, equilibrium: Equilibrium, normals: Float[Array, " normals"], uniform: Float[Array, ""]
    ) -> Float[Array, " normals"]:
        scale = equilibrium.model.wide_scale if self.wide_scale is None else self.wide_scale
        return normals * jnp.where(uniform < self.wide_share, scale, 1.0).astype(normals.dtype)

    def draw(
        self, equilibrium: Equilibrium, theta: Float[Array, " parameters"], key: PRNGKeyArray
    ) -> Float[Array, " states"]:
        first, second = jax.random.split(key)
        normals = jax.random.normal(first, (len(equilibrium.scalar_states),), theta.dtype)
        uniform = jax.random.uniform(second, (), theta.dtype)
        return equilibrium.ergodic_state(self.spread(equilibrium, normals, uniform), theta)


SURE = 0.97
"""Largest strain (`Model.strain`) at which an economy counts as having an equilibrium: what is known of the frontier
is known of a simpler economy, to a few per cent."""

TRIES = 64
"""Draws among which one below that strain is looked for."""


def plausible(
    equilibrium: Equilibrium, key: PRNGKeyArray, dtype: jnp.dtype | type, anywhere: Bool[Array, ""] | bool = False
) -> Float[Array, " parameters"]:
    """One uniform draw over the ranges, of the economies that have an equilibrium; or, if asked, `anywhere`.

    Where `TRIES` draws find none, as in a narrow box beyond the frontier, the one with the least strain.
    """
    draw = lambda i: equilibrium.model.parameters.draw(jax.random.fold_in(key, i), dtype)
    drawn = jax.vmap(draw)(jnp.arange(TRIES))
    strains = jax.vmap(equilibrium.strain)(drawn)
    sure = strains <= SURE
    chosen = jnp.where(jnp.any(sure), jnp.argmax(sure), jnp.argmin(strains))
    return drawn[jnp.where(anywhere, 0, chosen)]


def ergodic_sample(
    equilibrium: Equilibrium, key: PRNGKeyArray, points: int, dtype: jnp.dtype | type
) -> tuple[Float[Array, "points parameters"], Float[Array, "points states"]]:
    """Independent draws of parameters over the box, each with an ergodic state of its own."""
    sampling = Fresh()
    economies = once(jax.vmap(lambda k: sampling.start(equilibrium, k, dtype)))(jax.random.split(key, points))
    return economies.theta, economies.state


def ergodic_states(
    equilibrium: Equilibrium, thetas: Float[Array, "points parameters"], key: PRNGKeyArray
) -> Float[Array, "points states"]:
    """An ergodic state for each of these economies."""
    draw = once(jax.vmap(lambda theta, k: Fresh().draws.draw(equilibrium, theta, k)))
    return draw(thetas, jax.random.split(key, len(thetas)))


def sobol_design(
    equilibrium: Equilibrium, draws: StateDraws, points: int, seed: int
) -> tuple[Float[Array, "points parameters"], Float[Array, "points states"]]:
    """A fixed scrambled-Sobol design in float64; its first 2^k points are a Sobol design too."""
    free, states = len(equilibrium.model.parameters.free), len(equilibrium.scalar_states)
    uniforms, normals = sobol_normals(points, free + 1, states, seed)

    def place(uniform, normal):
        theta = equilibrium.model.parameters.from_unit(uniform[:free])
        return theta, equilibrium.ergodic_state(draws.spread(equilibrium, normal, uniform[free]), theta)

    return once(jax.vmap(place))(jnp.asarray(uniforms), jnp.asarray(normals))


class Sampling(abc.ABC):
    """A rule that draws an economy and replaces or moves it between iterations."""

    draws: StateDraws

    def start(self, equilibrium: Equilibrium, key: PRNGKeyArray, dtype: jnp.dtype | type) -> Economy:
        """One fresh economy."""
        first, second = jax.random.split(key)
        theta = equilibrium.model.parameters.draw(first, dtype)
        return Economy(theta, self.draws.draw(equilibrium, theta, second))

    @abc.abstractmethod
    def advance(
        self,
        equilibrium: Equilibrium,
        network: PolicyNetwork,
        economy: Economy,
        key: PRNGKeyArray,
        iteration: Int[Array, ""],
    ) -> Economy:
        """The economy for the next iteration."""


@dataclass(frozen=True)
class Fresh(Sampling):
    """Parameters and ergodic states drawn anew every iteration."""

    draws: StateDraws = StateDraws(wide_share=0.0)

    def advance(self, equilibrium, network, economy, key, iteration):
        return self.start(equilibrium, key, economy.theta.dtype)


@dataclass(frozen=True)
class Kept(Sampling):
    """Parameters and states kept for `redraw_every` iterations; shocks are new every time."""

    redraw_every: int = 100
    draws: StateDraws = StateDraws(wide_share=0.0)

    def __post_init__(self) -> None:
        _require_count("redraw_every", self.redraw_every)

    def advance(self, equilibrium, network, economy, key, iteration):
        fresh = self.start(equilibrium, key, economy.theta.dtype)
        return _choose((iteration + 1) % self.redraw_every == 0, fresh, economy)


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

    def advance(self, equilibrium, network, economy, key, iteration):
        first, second = jax.random.split(key)
        redrawn = equilibrium.model.parameters.draw(first, economy.theta.dtype)
        theta = jnp.where((iteration + 1) % self.redraw_every == 0, redrawn, economy.theta)
        shocks = jax.random.normal(second, (self.steps, len(equilibrium.shocks)), theta.dtype)

        def step(state, shock):
            policy = evaluate(network, equilibrium, state, theta)
            return equilibrium.transition(state, policy, shock, theta), None

        return Economy(theta, jax.lax.scan(step, economy.state, shocks)[0])


def _choose(condition: Array, yes: Economy, no: Economy) -> Economy:
    return Economy(*(jnp.where(condition, a, b) for a, b in zip(yes, no, strict=True)))


def _require_count(name: str, value: int) -> None:
    if value < 1:
        raise SettingError(f"{name} is {value}; it must be at least 1")
