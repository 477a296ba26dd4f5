"""Conditional expectations over next period's shocks: nodes and weights behind one call."""

import abc
import functools
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray
from scipy.special import ndtri

from ..machine.errors import SettingError

Slackness = Callable[[Float[Array, " shocks"]], Float[Array, " constraints"]]
"""Next period's distance from each occasionally binding constraint, as a function of the shocks."""


def unconstrained(shock: Float[Array, " shocks"]) -> Float[Array, " constraints"]:
    """The slackness of a model without constraints."""
    return jnp.zeros(0, shock.dtype)


class Expectation(abc.ABC):
    """A rule that averages over independent standard normal shocks."""

    @abc.abstractmethod
    def nodes(
        self, key: PRNGKeyArray, shocks: int, dtype: jnp.dtype | type, slackness: Slackness = unconstrained
    ) -> tuple[Float[Array, "nodes shocks"], Float[Array, " nodes"]]:
        """Nodes and weights (summing to one) for one point.

        A deterministic rule ignores `key`; one that is blind to kinks ignores `slackness`.
        """


@dataclass(frozen=True)
class GaussHermite(Expectation):
    """Tensor Gauss-Hermite rule, exact for polynomials of degree 2 `order` − 1 in each shock."""

    order: int = 5

    def __post_init__(self) -> None:
        if self.order < 1:
            raise SettingError(f"GaussHermite order is {self.order}; it must be at least 1")

    def nodes(self, key, shocks, dtype, slackness=unconstrained):
        return hermite_nodes(self.order, shocks, dtype)


def hermite_nodes(
    order: int, shocks: int, dtype: jnp.dtype | type
) -> tuple[Float[Array, "nodes shocks"], Float[Array, " nodes"]]:
    """Nodes and weights of the tensor Gauss-Hermite rule."""
    x, w = np.polynomial.hermite_e.hermegauss(order)
    grids = np.meshgrid(*[x] * shocks, indexing="ij")
    weights = np.meshgrid(*[w / w.sum()] * shocks, indexing="ij")
    points = np.stack([g.ravel() for g in grids], axis=1)
    return jnp.asarray(points, dtype), jnp.asarray(np.prod([g.ravel() for g in weights], axis=0), dtype)


@dataclass(frozen=True)
class Monomial(Expectation):
    """Rules for many shocks, exact for all polynomials up to a total degree of 3 or 5 (Stroud 1971).

    `degree` 3: three points on each axis, 2n + 1 nodes for n shocks, exact to the fifth degree in each shock alone.
    `degree` 5: 2n² + 1 nodes. Of one shock both are the Gauss-Hermite rule with three nodes.
    """

    degree: int = 3

    def __post_init__(self) -> None:
        if self.degree not in (3, 5):
            raise SettingError(f"Monomial degree is {self.degree}; give 3 or 5")

    def nodes(self, key, shocks, dtype, slackness=unconstrained):
        n, axes = shocks, np.eye(shocks)
        if self.degree == 3 or n == 1:
            points = np.sqrt(3) * np.concatenate([axes, -axes, 0 * axes[:1]])
            weights = np.repeat([1 / 6, 1 - n / 3], [2 * n, 1])
        else:
            pairs = [s * axes[i] + t * axes[j] for i in range(n) for j in range(i) for s in (1, -1) for t in (1, -1)]
            far, near = np.sqrt(n + 2) * np.concatenate([axes, -axes]), np.sqrt(n / 2 + 1) * np.stack(pairs)
            points = np.concatenate([far, near, 0 * axes[:1]])
            each = [(4 - n) / (2 * (n + 2) ** 2), 1 / (n + 2) ** 2, 2 / (n + 2)]
            weights = np.repeat(each, [2 * n, len(near), 1])
        return jnp.asarray(points, dtype), jnp.asarray(weights, dtype)


@dataclass(frozen=True)
class MonteCarlo(Expectation):
    """Random draws, in antithetic pairs as in KMR unless `antithetic=False`.

    A squared residual under this rule is biased upwards by its sampling variance; `hanknn.audit`
    removes that bias when a finished solution is judged.
    """

    draws: int = 10
    antithetic: bool = True

    def __post_init__(self) -> None:
        if self.draws < 1 or (self.antithetic and self.draws % 2):
            raise SettingError(f"MonteCarlo draws is {self.draws}; it must be positive, and even if antithetic")

    def nodes(self, key, shocks, dtype, slackness=unconstrained):
        return self.draw(key, shocks, dtype), jnp.full(self.draws, 1 / self.draws, dtype)

    def draw(self, key: PRNGKeyArray, shocks: int, dtype: jnp.dtype | type) -> Float[Array, "draws shocks"]:
        """Fresh draws; where antithetic, the second half mirrors the first."""
        half = self.draws // 2 if self.antithetic else self.draws
        x = jax.random.normal(key, (half, shocks), dtype)
        return jnp.concatenate([x, -x]) if self.antithetic else x


@dataclass(frozen=True)
class ScrambledSobol(Expectation):
    """Sobol points with a fresh random shift (modulo one) for every point of the state space."""

    draws: int = 16

    def __post_init__(self) -> None:
        if self.draws < 1 or self.draws & (self.draws - 1):
            raise SettingError(f"ScrambledSobol draws is {self.draws}; it must be a power of two")

    def nodes(self, key, shocks, dtype, slackness=unconstrained):
        from scipy.stats import qmc  # slow to import

        base = qmc.Sobol(shocks, scramble=True, rng=0).random(self.draws)
        shift = jax.random.uniform(key, (shocks,), dtype)
        u = (jnp.asarray(base, dtype) + shift[None, :]) % 1.0
        tiny = float(jnp.finfo(dtype).eps)
        return jax.scipy.stats.norm.ppf(jnp.clip(u, tiny, 1 - tiny)), jnp.full(self.draws, 1 / self.draws, dtype)


FEW = 2
"""Shocks up to which rules are products of one-dimensional ones, whose cost is a power of their number."""

EDGE = 4.5
"""Kinks further out than this many s.d. of the shock are taken to lie there: they carry no weight."""

FAMILY = 16
"""Among how many rules a randomized one draws, for either side of the kink."""


@dataclass(frozen=True)
class SplitGaussHermite(Expectation):
    """Gauss rules for the normal density on both sides of the shock at which a constraint starts to bind.

    Each side is exact for polynomials of degree 2 `order` − 1, so a kink costs no accuracy, where plain
    Gauss-Hermite errs by some hundredths of the change in slope. For models with one constraint, which binds on
    one side of a threshold; `searches`: Newton steps that find it (a threshold off by δ changes the mean by δ²
    only, and holds still while derivatives are taken). Of several shocks, one axis is turned to where slackness
    changes fastest and split; across it, three points an axis are exact for polynomials of the third degree.

    `randomized`: `key` moves the nodes. Each side draws one of `FAMILY` rules that are exact to degree 2 `order` − 2,
    and on average to one more; across, axes are turned at random and points lie at a random distance. A policy
    function that is trained on nodes which stay can satisfy its equations there and wave in between.
    """

    order: int = 5
    searches: int = 2
    randomized: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.order <= 12 or self.searches < 1:
            raise SettingError(
                f"SplitGaussHermite order is {self.order} and searches {self.searches}; give 1 to 12, and at least 1"
            )

    def nodes(self, key, shocks, dtype, slackness=unconstrained):
        constraints = jax.eval_shape(slackness, jax.ShapeDtypeStruct((shocks,), dtype)).shape[0]
        if constraints != 1:
            raise SettingError(
                f"SplitGaussHermite splits at one constraint; this model has {constraints} constraints: "
                "use GaussHermite"
            )
        margin = lambda shock: slackness(shock)[0]
        axes = jnp.eye(shocks, dtype=dtype)
        if shocks > 1:
            axes = jax.lax.stop_gradient(_axes(jax.jacfwd(margin)(jnp.zeros(shocks, dtype))))
        kink = jax.lax.stop_gradient(self._threshold(lambda e: margin(e * axes[0]), dtype))
        # Single precision whatever `dtype` is: a derivative and a residual must see the same nodes.
        upper, lower, turn, stretch = jax.random.split(key, 4)
        above, below = self._upper(kink, upper), self._upper(-kink, lower)
        nodes = jnp.concatenate([above[0], -below[0]])[:, None] * axes[:1]
        weights = jnp.concatenate([above[1], below[1]])
        if shocks == 1:
            return nodes, weights
        # Across: exact to the third degree, as a sum over the axes less what the centre has counted twice.
        others, square = axes[1:], jnp.asarray(3.0, dtype)
        if self.randomized:
            # Computed once: copies in several fused loops may round differently, and axes be no longer orthogonal.
            direction = jax.lax.optimization_barrier(jax.random.normal(turn, (shocks - 1,), jnp.float32))
            others = _axes(direction.astype(dtype)) @ others
            square = jax.random.uniform(stretch, (), jnp.float32, 1.5, 4.5).astype(dtype)
        across = jnp.sqrt(square) * jnp.concatenate([others, -others, jnp.zeros_like(axes[:1])])
        counted = jnp.asarray([1 / 2] * (2 * (shocks - 1)) + [1.0 - shocks], dtype) / square
        return jnp.concatenate([nodes, across]), jnp.concatenate([weights, counted])

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


def judging_rule(shocks: int, constraints: int) -> Expectation:
    """A rule finer than those of training, by which solutions are judged."""
    if constraints == 1:
        return SplitGaussHermite(7, searches=5)
    return GaussHermite(9) if shocks <= FEW else Monomial(5)


def training_rule(shocks: int) -> Expectation:
    """The rule by which a model without constraints is trained."""
    return GaussHermite(5) if shocks <= FEW else Monomial(3)


def _axes(direction: Float[Array, " shocks"]) -> Float[Array, "shocks shocks"]:
    """Orthonormal rows, the first along `direction` (a Householder reflection); the identity where that is zero."""
    length = jnp.linalg.norm(direction)
    first = jnp.eye(len(direction), dtype=direction.dtype)[0]
    aim = jnp.where(length > 0, direction / jnp.where(length > 0, length, 1), first)
    # Reflecting onto the nearer of ± the first axis keeps the difference away from rounding.
    sign = jnp.where(aim[0] > 0, -1.0, 1.0)
    normal = aim - sign * first
    reflection = jnp.eye(len(direction), dtype=direction.dtype) - 2 * jnp.outer(normal, normal) / (normal @ normal)
    return sign * reflection


def sobol_normals(points: int, uniforms: int, normals: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A scrambled Sobol design: uniforms (points, uniforms) and standard normals (points, normals)."""
    from scipy.stats import qmc  # slow to import

    u = qmc.Sobol(uniforms + normals, scramble=True, rng=seed).random(points)
    u = np.clip(u, 1e-12, 1 - 1e-12)
    return u[:, :uniforms], ndtri(u[:, uniforms:])
