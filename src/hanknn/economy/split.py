"""Conditional expectations of what has kinks: rules that are split where constraints start to bind."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ..machine.errors import SettingError
from .expectations import Expectation, unconstrained

EDGE = 4.5
"""Kinks further out than this many s.d. of the shock are taken to lie there: they carry no weight."""

FAMILY = 16
"""Among how many rules a randomized one draws, for either side of the kink."""


@dataclass(frozen=True)
class SplitGaussHermite(Expectation):
    """Gauss rules for the normal density on both sides of the shock at which a constraint starts to bind.

    Each side is exact for polynomials of degree 2 `order` − 1, so a kink costs no accuracy, where plain
    Gauss-Hermite errs by some hundredths of the change in slope. For constraints that bind on one side of a threshold;
    `searches`: Newton steps that find it (a threshold off by δ changes the mean by δ² only, and holds still while
    derivatives are taken). Of several shocks, one axis is turned to where slackness changes fastest and split; across
    it, three points an axis are exact for polynomials of the third degree. With a second constraint, another axis is
    turned to where that one's slackness changes and split at every node of the first; of a single shock, panels end
    where either binds.

    `randomized`: `key` moves the nodes. Each side draws one of `FAMILY` rules that are exact to degree 2 `order` − 2,
    and on average to one more; across, axes are turned at random and points lie at a random distance. A policy
    function that is trained on nodes which stay can satisfy its equations there and wave in between.
    """

    order: int = 5
    searches: int = 2
    randomized: bool = False

    follows = True

    def __post_init__(self) -> None:
        if not 1 <= self.order <= 12 or self.searches < 1:
            raise SettingError(
                f"SplitGaussHermite order is {self.order} and searches {self.searches}; give 1 to 12, and at least 1"
            )

    def nodes(self, key, shocks, dtype, slackness=unconstrained):
        constraints = jax.eval_shape(slackness, jax.ShapeDtypeStruct((shocks,), dtype)).shape[0]
        if not 1 <= constraints <= 2:
            raise SettingError(
                f"SplitGaussHermite splits at one constraint or two; this model has {constraints} constraints: "
                "use GaussHermite"
            )
        if shocks == 1 and constraints == 2:
            margins = [lambda e, i=i: slackness(e[None])[i] for i in range(2)]
            ends = jax.lax.stop_gradient(jnp.stack([self._threshold(margin, dtype) for margin in margins]))
            return _panels(ends, self.order)
        axes = jnp.eye(shocks, dtype=dtype)
        if shocks > 1:
            axes = jax.lax.stop_gradient(_axes(jax.jacfwd(slackness)(jnp.zeros(shocks, dtype))))
        # Single precision whatever `dtype` is: a derivative and a residual must see the same nodes.
        first, second, turn, stretch = jax.random.split(key, 4)
        split = lambda i, key, at: self._split(lambda e: slackness(at + e * axes[i])[i], key, dtype)
        places, weights = split(0, first, jnp.zeros(shocks, dtype))
        nodes = places[:, None] * axes[:1]
        if constraints == 2:
            keys = jax.random.split(second, len(places))
            inner, inner_weights = jax.vmap(lambda key, at: split(1, key, at))(keys, nodes)
            nodes = (nodes[:, None, :] + inner[:, :, None] * axes[None, 1:2]).reshape(-1, shocks)
            weights = (weights[:, None] * inner_weights).reshape(-1)
        if shocks == constraints:
            return nodes, weights
        across, counted = self._across(axes[constraints:], turn, stretch)
        return jnp.concatenate([nodes, across]), jnp.concatenate([weights, counted])

    def _across(
        self, others: Float[Array, "axes shocks"], turn: PRNGKeyArray, stretch: PRNGKeyArray
    ) -> tuple[Float[Array, "nodes shocks"], Float[Array, " nodes"]]:
        """Exact to the third degree along axes, as a sum over them less what the centre has counted twice."""
        count, dtype = len(others), others.dtype
        square = jnp.asarray(3.0, dtype)
        if self.randomized:
            # Computed once: copies in several fused loops may round differently, and axes be no longer orthogonal.
            direction = jax.lax.optimization_barrier(jax.random.normal(turn, (1, count), jnp.float32))
            others = _axes(direction.astype(dtype)) @ others
            square = jax.random.uniform(stretch, (), jnp.float32, 1.5, 4.5).astype(dtype)
        across = jnp.sqrt(square) * jnp.concatenate([others, -others, jnp.zeros_like(others[:1])])
        return across, jnp.asarray([1 / 2] * (2 * count) + [-count], dtype) / square

    def _split(
        self, margin: Callable, key: PRNGKeyArray, dtype
    ) -> tuple[Float[Array, " nodes"], Float[Array, " nodes"]]:
        """Nodes on a line and their weights, on both sides of where `margin` changes its sign."""
        kink = jax.lax.stop_gradient(self._threshold(margin, dtype))
        upper, lower = jax.random.split(key)
        above, below = self._upper(kink, upper), self._upper(-kink, lower)
        return jnp.concatenate([above[0], -below[0]]), jnp.concatenate([above[1], below[1]])

    def _threshold(self, margin: Callable, dtype) -> Float[Array, ""]:
        """Where `margin` changes its sign between the edges; an edge where it does not.

        Newton steps inside a bracket: the margin may be bent at its root, which slows secants down, but it is
        smooth on either side.
        """
        low, high = jnp.asarray(-EDGE, dtype), jnp.asarray(EDGE, dtype)
        at_low, at_high = jax.vmap(margin)(jnp.stack([low, high]))
        crosses = (at_low < 0) != (at_high < 0)
        start = low - at_low * (high - low) / jnp.where(crosses, at_high - at_low, 1)

        def search(_, state):
            low, high, here = state
            value, slope = jax.jvp(margin, (here,), (jnp.ones_like(here),))
            is_low = (value < 0) == (at_low < 0)
            low, high = jnp.where(is_low, here, low), jnp.where(is_low, high, here)
            step = here - value / jnp.where(slope == 0, 1, slope)
            inside = (step >= low) & (step <= high)
            return low, high, jnp.where(inside, step, (low + high) / 2)

        found = jax.lax.fori_loop(0, self.searches, search, (low, high, start))[2]
        return jnp.where(crosses, found, EDGE).astype(dtype)

    def _upper(
        self, kink: Float[Array, ""], key: PRNGKeyArray
    ) -> tuple[Float[Array, " order"], Float[Array, " order"]]:
        """Nodes and weights of the normal density above `kink`."""
        tables = jnp.asarray(_upper_rules(self.order, FAMILY if self.randomized else 1), kink.dtype)
        table = tables[jax.random.randint(key, (), 0, FAMILY)] if self.randomized else tables[0]
        powers = jnp.cos(jnp.arange(table.shape[2]) * jnp.arccos(jnp.clip(kink / EDGE, -1, 1)))
        return table[0] @ powers, jnp.exp(table[1] @ powers)


@functools.cache
def _upper_rules(order: int, family: int = 1, degree: int = 48) -> np.ndarray:
    """Nodes and log weights of rules for the normal density above c, as Chebyshev series in c / EDGE.

    Shape (family, 2, order, degree): the Gauss rule alone, or a family around it. Each comes from a fine Gauss-Legendre
    rule by Lanczos (Gautschi 2004).
    """
    legendre, legendre_weights = np.polynomial.legendre.leggauss(400)
    places = np.cos(np.pi * (np.arange(degree) + 0.5) / degree)
    shifts = np.linspace(-1, 1, family) if family > 1 else np.zeros(1)
    rules = []
    for c in EDGE * places:
        x = c + (9 - c) * (legendre + 1) / 2
        density = legendre_weights * (9 - c) / 2 * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
        rules.append(_rules(x, density, order, shifts))
    nodes, weights = (np.stack([rule[i] for rule in rules]) for i in range(2))
    values = np.stack([nodes, np.log(weights)])
    return np.einsum("kcfn,cj->fknj", values, np.linalg.inv(np.polynomial.chebyshev.chebvander(places, degree - 1)).T)


def _rules(x: np.ndarray, density: np.ndarray, order: int, shifts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of a discrete density's rules, shape (shifts, order), by Lanczos with full reorthogonalisation.

    A shift of zero is the Gauss rule, exact to degree 2 `order` − 1. Any other moves the last diagonal entry of the
    Jacobi matrix, in units of the next entry beside it: a rule with positive weights, exact to one degree less, whose
    error in that degree is proportional to the shift. Below a shift of −1.01 or so its lowest node would leave the
    density's support (for −1 it never does, whatever the order up to 12 and wherever the normal density is cut).
    """
    mass = density.sum()
    basis = [np.sqrt(density / mass)]
    diagonal, off = [], []
    for _ in range(order):
        step = x * basis[-1]
        diagonal.append(step @ basis[-1])
        for _ in range(2):
            step = step - np.stack(basis).T @ (np.stack(basis) @ step)
        off.append(np.linalg.norm(step))
        basis.append(step / off[-1])
    matrices = np.tile(np.diag(diagonal) + np.diag(off[:-1], 1) + np.diag(off[:-1], -1), (len(shifts), 1, 1))
    matrices[:, -1, -1] += shifts * off[-1]
    nodes, vectors = np.linalg.eigh(matrices)
    return nodes, mass * vectors[:, 0] ** 2


def _axes(directions: Float[Array, "constraints shocks"]) -> Float[Array, "shocks shocks"]:
    """Orthonormal rows, the first along the first direction, the second along what of the other one is orthogonal to
    it."""
    whole = _turned(directions[0])
    if len(directions) == 1:
        return whole
    rest = _turned(whole[1:] @ directions[1])
    return jnp.concatenate([whole[:1], rest @ whole[1:]])


def _turned(direction: Float[Array, " shocks"]) -> Float[Array, "shocks shocks"]:
    """Orthonormal rows, the first along `direction` (a Householder reflection); the identity where that is zero."""
    length = jnp.linalg.norm(direction)
    first = jnp.eye(len(direction), dtype=direction.dtype)[0]
    aim = jnp.where(length > 0, direction / jnp.where(length > 0, length, 1), first)
    # Reflecting onto the nearer of ± the first axis keeps the difference away from rounding.
    sign = jnp.where(aim[0] > 0, -1.0, 1.0)
    normal = aim - sign * first
    reflection = jnp.eye(len(direction), dtype=direction.dtype) - 2 * jnp.outer(normal, normal) / (normal @ normal)
    return sign * reflection


PANELS = 9
"""Into how many pieces a single shock is divided where it moves two constraints, beside where those bind."""


def _panels(ends: Float[Array, " kinks"], order: int) -> tuple[Float[Array, "nodes 1"], Float[Array, " nodes"]]:
    """Gauss-Legendre nodes under the normal density between fixed places and `ends`."""
    dtype, most = ends.dtype, np.arange(PANELS + 1) / PANELS
    edges = jnp.sort(jnp.concatenate([jnp.asarray((2 * most - 1) * (EDGE + 2), dtype), ends]))
    places, weights = (jnp.asarray(a, dtype) for a in np.polynomial.legendre.leggauss(order))
    half = jnp.diff(edges)[:, None] / 2
    nodes = (edges[:-1, None] + half * (1 + places[None, :])).reshape(-1)
    mass = (half * weights[None, :]).reshape(-1) * jnp.exp(-(nodes**2) / 2)
    return nodes[:, None], mass / jnp.sum(mass)
