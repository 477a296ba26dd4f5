"""A point-mass filter on a grid of states: the oracle for nonlinear models with one or two states."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...economy import Now
from ...economy.points import like, pack
from ...machine.arguments import require_whole, require_within
from ...machine.errors import ModelError
from .base import Cloud, Filter, Increments, Track, weighted_moments
from .space import Observation

SQUARINGS = 12


class _Grid(NamedTuple):
    """Nodes, transition probabilities from row to column, observables there, and the stationary distribution."""

    position: Now
    chances: Float[Array, "nodes nodes"]
    shown: Float[Array, "nodes nodes observables"]
    stationary: Float[Array, " nodes"]


@dataclass(frozen=True)
class Grid(Filter):
    """Integrates over the states on a product grid, up to its spacing.

    For one or two states, each moved by as many shocks as there are states, linearly in the shock.
    `nodes`: a state. `width`: half the grid's width in ergodic s.d.
    """

    nodes: int = 201
    width: float = 6.0

    def __post_init__(self) -> None:
        require_whole(self, nodes=11)
        require_within(self, "(0, inf)", "width")

    def require(self, seen: Observation) -> None:
        seen.require_scalars("Grid")
        equations = seen.economy.equations
        states, shocks, name = len(equations.states), len(equations.shocks), equations.model.name
        if states > 2 or shocks != states:
            raise ModelError(
                f"the Grid filter is for one or two states with as many shocks; model '{name}' has {states} and "
                f"{shocks}; use a particle filter (Twisted, Bootstrap)"
            )
        theta = equations.parameters(jnp.asarray(equations.model.parameters.baseline))
        law = equations.law(*seen.economy.center(theta), theta)
        slope = jax.jacfwd(lambda e: pack(law(e)))
        calm, hit = slope(jnp.zeros(shocks)), slope(jnp.full(shocks, 2.0))
        if not np.allclose(calm, hit, rtol=1e-6, atol=0) or abs(np.linalg.det(calm)) == 0:
            raise ModelError(
                f"the Grid filter needs states of '{name}' that are linear in the shocks, each moved by one"
            )

    def increments(self, seen, data, theta, key):
        grid = self._build(seen, theta)
        found = jax.lax.scan(lambda p, now: self._period(grid, p, now), grid.stationary, data)[1][0]
        return Increments(found, jnp.full_like(found, jnp.nan))

    def track(self, seen, data, theta, key):
        grid = self._build(seen, theta)
        last, (increments, filtered) = jax.lax.scan(lambda p, now: self._period(grid, p, now), grid.stationary, data)

        def back(beyond, now):
            weighted = grid.chances * jnp.exp(self._fit(grid, now)[0]) @ beyond
            return weighted / jnp.max(weighted), beyond

        beyond = jax.lax.scan(back, jnp.ones_like(last), data, reverse=True)[1]
        values = jax.vmap(seen.values)(grid.position)
        moments = jax.vmap(lambda w: weighted_moments(w / jnp.sum(w), values))
        before = jnp.concatenate([grid.stationary[None], filtered[:-1]])
        shown = jax.vmap(lambda p: self._shown(grid, p))(before)
        final = Cloud(grid.position, jnp.log(last))
        return Track(
            increments,
            jnp.full_like(increments, jnp.nan),
            *moments(filtered),
            *moments(filtered * beyond),
            *shown,
            final,
        )

    def _period(self, grid: _Grid, before, now):
        """One period: predicted, then weighted by the data; an impossible period leaves the prediction."""
        log_fit, scale = self._fit(grid, now)
        joint = before[:, None] * grid.chances
        weighted = jnp.sum(joint * jnp.exp(log_fit), axis=0)
        total = jnp.sum(weighted)
        lost = ~(total > 0)
        after = jnp.where(lost, jnp.sum(joint, axis=0), weighted / jnp.where(lost, 1.0, total))
        return after, (jnp.where(lost, -jnp.inf, jnp.log(jnp.where(lost, 1.0, total)) + scale), after)

    def _fit(self, grid: _Grid, now):
        """Log densities of the data for every pair of nodes, less their largest."""
        log_density = jax.vmap(jax.vmap(now.log_density))(grid.shown)
        scale = jnp.max(log_density)
        scale = jnp.where(jnp.isfinite(scale), scale, 0.0)
        return log_density - scale, scale

    def _shown(self, grid: _Grid, before):
        pairs = (before[:, None] * grid.chances).reshape(-1)
        return weighted_moments(pairs, grid.shown.reshape(pairs.shape[0], -1))

    def _build(self, seen: Observation, theta) -> _Grid:
        equations = seen.economy.equations
        center, scale = equations.units(theta)[:2]
        steps = jnp.linspace(-self.width, self.width, self.nodes, dtype=theta.dtype)
        states = len(equations.states)
        offsets = jnp.stack([g.ravel() for g in jnp.meshgrid(*[steps] * states, indexing="ij")], axis=1)
        nodes = pack(center)[None, :] + pack(scale)[None, :] * offsets
        position = jax.vmap(lambda s: seen.economy.at(like(s, center), theta))(nodes)
        calm = jnp.zeros(len(equations.shocks), theta.dtype)

        def chances(last: Now):
            law = equations.law(*last, theta)
            move = lambda e: pack(law(e))
            shocks = jnp.linalg.solve(jax.jacfwd(move)(calm), (nodes - move(calm)[None, :]).T)
            log_density = -0.5 * jnp.sum(shocks**2, axis=0)
            density = jnp.exp(log_density - jnp.max(log_density))
            return density / jnp.sum(density)

        table = jax.vmap(chances)(position)
        shown = jax.vmap(lambda last: jax.vmap(lambda now: seen.observe(last, now, theta))(position))(position)
        return _Grid(position, table, shown, _stationary(table))


def _stationary(chances: Float[Array, "nodes nodes"]) -> Float[Array, " nodes"]:
    for _ in range(SQUARINGS):
        chances = chances @ chances
    return chances[chances.shape[0] // 2]
