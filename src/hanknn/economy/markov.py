"""An exogenous state with a few values, such as good and bad times: a Markov chain in one line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ..machine.errors import ModelError, UnknownNameError
from .exogenous import Process
from .expectations import Expectation, Nodes, Slackness
from .points import Point
from .variable import Variable

SQUARINGS = 30
"""So many follow a chain over a billion periods."""


@dataclass(frozen=True)
class MarkovChain(Process):
    """A state with the values 0, 1, …, written among a model's `states`.

    `odds`: the name of a parameter, or of something `derived` from them, that holds the chain's matrix: rows of
    probabilities of next period's value. Its shock is a standard normal like any other, called "eps_" and the state's
    name: from each value, it leads to the lowest one below a first threshold, and so on. Expectations over it are
    exact sums. Between two values, where equations are looked at in a steady state, odds are interpolated.

    Example: `states = {"z": MarkovChain("times", r"$z_t$", "bad and good times")}`, where `derived` returns `times`.
    """

    odds: str
    label: str
    text: str
    unit: str = "index"

    def states(self, name: str) -> dict[str, Variable]:
        return {name: Variable(self.label, self.text, self.unit)}

    def shocks(self, name: str) -> dict[str, Variable]:
        return {self.shock_of(name): Variable(rf"$\varepsilon$ {self.label}", f"shock to {self.text}", "s.d.")}

    def shock_of(self, state: str) -> str:
        """The name of its shock."""
        return f"eps_{state}"

    def matrix(self, name: str, theta: Point) -> Float[Array, "values values"]:
        """The chain's probabilities; raises `UnknownNameError` and `ModelError` where there are none."""
        if self.odds not in theta:
            raise UnknownNameError("parameter", self.odds, theta, f"the MarkovChain of state '{name}'")
        matrix = jnp.asarray(getattr(theta, self.odds))
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise ModelError(
                f"'{self.odds}', odds of state '{name}', has shape {matrix.shape}; give a square matrix, a row a value"
            )
        return matrix

    def chances(self, name: str, now: Point, theta: Point) -> Float[Array, " values"]:
        """Of each value next period."""
        matrix = self.matrix(name, theta)
        return between(getattr(now, name), len(matrix)) @ matrix

    def transition(self, name: str, now: Point, shock: Point, theta: Point) -> dict[str, Array | float]:
        ends = jnp.cumsum(self.chances(name, now, theta))[:-1]
        level = jax.scipy.stats.norm.cdf(getattr(shock, self.shock_of(name)))
        return {name: jnp.sum(level > ends).astype(ends.dtype)}

    def lasting(self, name: str, theta: Point) -> Float[Array, " values"]:
        """How often the chain has each value in the long run."""
        return lasting(self.matrix(name, theta))

    def spread(self, name: str, theta: Point) -> dict[str, Array | float]:
        lasting = self.lasting(name, theta)
        values = jnp.arange(len(lasting), dtype=lasting.dtype)
        mean = lasting @ values
        return {name: jnp.sqrt(lasting @ (values - mean) ** 2)}

    def drawn(self, name: str, normal: Float[Array, ""], theta: Point) -> dict[str, Array]:
        """A value of the long run, from a standard normal."""
        ends = jnp.cumsum(self.lasting(name, theta))[:-1]
        return {name: jnp.sum(jax.scipy.stats.norm.cdf(normal) > ends).astype(ends.dtype)}

    def cells(self, name: str, now: Point, theta: Point) -> tuple[Float[Array, " values"], Float[Array, " values"]]:
        """A shock that leads to each value, and its probability."""
        chances = self.chances(name, now, theta)
        tiny = float(jnp.finfo(chances.dtype).eps)
        middles = jnp.clip(jnp.cumsum(chances) - chances / 2, tiny, 1 - tiny)
        return jax.scipy.stats.norm.ppf(middles), chances


def lasting(matrix: Float[Array, "values values"]) -> Float[Array, " values"]:
    """Shares of its values that a chain leaves unchanged, by squaring: a chain that may also stay has the same."""

    def square(_, power):
        power = power @ power
        return power / jnp.sum(power, axis=1, keepdims=True)  # rounding would grow with the number of periods

    lazy = (matrix + jnp.eye(len(matrix), dtype=matrix.dtype)) / 2
    return jax.lax.fori_loop(0, SQUARINGS, square, lazy)[0]


def between(place: Float[Array, ""], values: int) -> Float[Array, " values"]:
    """Weights of the values 0, 1, … at a place among them, linear in between."""
    return jnp.maximum(1 - jnp.abs(place - jnp.arange(values, dtype=place.dtype)), 0)


def nodes_over_chains(
    chains: Mapping[str, MarkovChain],
    shocks: tuple[str, ...],
    here: tuple[Point, Point],
    rule: Expectation,
    key: PRNGKeyArray,
    slackness: Slackness,
) -> Nodes:
    """Nodes of a rule where some shocks move chains: every value of each, times the rule over the other shocks.

    `here`: states and policies of this period, and parameters.
    """
    now, theta = here
    places, weights = jnp.zeros((1, 0), theta.dtype), jnp.ones(1, theta.dtype)
    for name, chain in chains.items():
        each, chances = chain.cells(name, now, theta)
        places = jnp.concatenate(
            [jnp.repeat(places, len(each), axis=0), jnp.tile(each, len(places))[:, None].astype(theta.dtype)], axis=1
        )
        weights = (weights[:, None] * chances[None, :]).ravel()
    moved = [shocks.index(chain.shock_of(name)) for name, chain in chains.items()]
    others = [i for i in range(len(shocks)) if i not in moved]
    whole = lambda cell, normal: (
        jnp.zeros(len(shocks), theta.dtype).at[jnp.array(moved)].set(cell).at[jnp.array(others, int)].set(normal)
    )
    if not others:
        return Nodes(jax.vmap(lambda cell: whole(cell, jnp.zeros(0, theta.dtype)))(places), weights)

    def at(cell) -> tuple[Array, Array]:
        margin: Callable = lambda normal: slackness(whole(cell, normal))
        found, counted = rule.nodes(key, len(others), theta.dtype, margin)
        return jax.vmap(lambda normal: whole(cell, normal))(found), counted

    found, counted = jax.vmap(at)(places)
    return Nodes(found.reshape(-1, len(shocks)), (weights[:, None] * counted).ravel())
