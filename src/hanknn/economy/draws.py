"""Draws of parameters over the box, each with a state of that economy."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from ..machine.batches import in_batches
from ..machine.compiled import once
from .equations import Equations
from .points import Point

SURE = 0.97
"""Largest strain (`Model.strain`) at which an economy counts as having an equilibrium: what is known of the frontier
is known of a simpler economy, to a few per cent."""

TRIES = 64
"""Draws among which one below that strain is looked for."""

KNOWN = 1.0
"""Largest strain at which an economy whose states hold arrays is estimated. To simulate each, as `misfit` does, would
take a sampler days; and beyond, where no equilibrium is known, a policy function is no economy's, and its likelihood
may be higher than any economy's."""

BEYOND = 1.2
"""Largest strain at which such economies are simulated to learn how their summaries move: somewhat further."""


AT_ONCE = 512
"""Economies that are linearised at once."""


class Draw(NamedTuple):
    """Parameters in the model's order, a state of that economy, and the parameters with what is derived from them."""

    theta: Float[Array, "*draws parameters"]
    state: Point
    known: Point


def ergodic_draw(
    equations: Equations, key: PRNGKeyArray, dtype: jnp.dtype | type, spread: Float[Array, ""] | float = 1.0
) -> Draw:
    """Parameters uniform over the box, and a state that `ergodic_state` draws, `spread` times as far from the centre
    as usual."""
    first, second = jax.random.split(key)
    theta = equations.model.parameters.draw(first, dtype)
    known = equations.parameters(theta)
    return Draw(theta, _state(equations, known, second, spread), known)


def ergodic_sample(equations: Equations, key: PRNGKeyArray, points: int, dtype: jnp.dtype | type) -> Draw:
    """Independent draws of parameters, each with a state, stacked."""
    one = lambda k: ergodic_draw(equations, k, dtype)
    return once(lambda keys: in_batches(one, (keys,), AT_ONCE))(jax.random.split(key, points))


def ergodic_states(equations: Equations, thetas: Float[Array, "points parameters"], key: PRNGKeyArray) -> Point:
    """Such a state for each of these economies, stacked."""
    one = lambda theta, k: ergodic_state(equations, theta, k)
    return once(lambda *rows: in_batches(one, rows, AT_ONCE))(thetas, jax.random.split(key, len(thetas)))


def ergodic_state(equations: Equations, theta: Float[Array, " parameters"], key: PRNGKeyArray) -> Point:
    """Such a state of one economy."""
    return _state(equations, equations.parameters(theta), key)


def _state(equations: Equations, known: Point, key: PRNGKeyArray, spread: Float[Array, ""] | float = 1.0) -> Point:
    first, _ = jax.random.split(key)
    return equations.ergodic_state(equations.normals(first, known.dtype) * spread, known)


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
