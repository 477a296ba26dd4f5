"""Conditional expectations over next period's shocks: nodes and weights behind one call."""

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

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


class Nodes(NamedTuple):
    """Shocks, and weights that sum to one."""

    places: Float[Array, "*points nodes shocks"]
    weights: Float[Array, "*points nodes"]


class Expectation(abc.ABC):
    """A rule that averages over independent standard normal shocks."""

    follows: ClassVar[bool] = False
    """Whether nodes depend on the policy function: they do where a rule looks for kinks."""

    @abc.abstractmethod
    def nodes(
        self, key: PRNGKeyArray, shocks: int, dtype: jnp.dtype | type, slackness: Slackness = unconstrained
    ) -> tuple[Float[Array, "nodes shocks"], Float[Array, " nodes"]]:
        """Nodes and weights for one point.

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


def sobol_normals(points: int, uniforms: int, normals: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A scrambled Sobol design: uniforms (points, uniforms) and standard normals (points, normals)."""
    from scipy.stats import qmc  # slow to import

    u = qmc.Sobol(uniforms + normals, scramble=True, rng=seed).random(points)
    u = np.clip(u, 1e-12, 1 - 1e-12)
    return u[:, :uniforms], ndtri(u[:, uniforms:])
