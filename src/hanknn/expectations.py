"""Conditional expectations over next period's shocks: nodes and weights behind one call."""

import abc
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray
from scipy.stats import norm, qmc

from .errors import SettingError


class Expectation(abc.ABC):
    """A rule that averages over independent standard normal shocks."""

    @abc.abstractmethod
    def nodes(
        self, key: PRNGKeyArray, shocks: int, dtype: jnp.dtype | type
    ) -> tuple[Float[Array, "nodes shocks"], Float[Array, " nodes"]]:
        """Nodes and weights (summing to one) for one point; a deterministic rule ignores `key`."""


@dataclass(frozen=True)
class GaussHermite(Expectation):
    """Tensor Gauss-Hermite rule, exact for polynomials of degree 2 `order` − 1 in each shock."""

    order: int = 5

    def __post_init__(self) -> None:
        if self.order < 1:
            raise SettingError(f"GaussHermite order is {self.order}; it must be at least 1")

    def nodes(self, key, shocks, dtype):
        x, w = np.polynomial.hermite_e.hermegauss(self.order)
        grids = np.meshgrid(*[x] * shocks, indexing="ij")
        weights = np.meshgrid(*[w / w.sum()] * shocks, indexing="ij")
        points = np.stack([g.ravel() for g in grids], axis=1)
        return jnp.asarray(points, dtype), jnp.asarray(np.prod([g.ravel() for g in weights], axis=0), dtype)


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

    def nodes(self, key, shocks, dtype):
        half = self.draws // 2 if self.antithetic else self.draws
        x = jax.random.normal(key, (half, shocks), dtype)
        x = jnp.concatenate([x, -x]) if self.antithetic else x
        return x, jnp.full(self.draws, 1 / self.draws, dtype)


@dataclass(frozen=True)
class ScrambledSobol(Expectation):
    """Sobol points with a fresh random shift (modulo one) for every point of the state space."""

    draws: int = 16

    def __post_init__(self) -> None:
        if self.draws < 1 or self.draws & (self.draws - 1):
            raise SettingError(f"ScrambledSobol draws is {self.draws}; it must be a power of two")

    def nodes(self, key, shocks, dtype):
        base = qmc.Sobol(shocks, scramble=True, rng=0).random(self.draws)
        shift = jax.random.uniform(key, (shocks,), dtype)
        u = (jnp.asarray(base, dtype) + shift[None, :]) % 1.0
        tiny = float(jnp.finfo(dtype).eps)
        return jax.scipy.stats.norm.ppf(jnp.clip(u, tiny, 1 - tiny)), jnp.full(self.draws, 1 / self.draws, dtype)


def sobol_normals(points: int, uniforms: int, normals: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A scrambled Sobol design: uniforms (points, uniforms) and standard normals (points, normals)."""
    u = qmc.Sobol(uniforms + normals, scramble=True, rng=seed).random(points)
    u = np.clip(u, 1e-12, 1 - 1e-12)
    return u[:, :uniforms], norm.ppf(u[:, uniforms:])
