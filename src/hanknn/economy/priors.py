"""Prior distributions of parameters, over the range given in the parameter table.

A prior is stated by its mean and s.d. before truncation, as KMR do, and truncated to the range.
"""

import abc
import functools
import math
from dataclasses import dataclass

import jax.numpy as jnp
import jax.scipy.stats as densities
import numpy as np
from jaxtyping import Array, Float
from scipy import special  # not scipy.stats, which takes a third of the library's import

from ..machine.errors import SettingError

TINY = 1e-200
"""Stands for zero where something is divided by it."""
LEAST_MASS = 1e-10
"""A prior needs that much of its mass in the range: with less, rounding errors would draw the parameter."""


class Prior(abc.ABC):
    """A density on a parameter's range, normalised there."""

    @abc.abstractmethod
    def log_density(self, value: Float[Array, ""], lower: float, upper: float) -> Float[Array, ""]:
        """Log density at `value`, minus infinity outside [lower, upper]."""

    @abc.abstractmethod
    def quantile(self, u: np.ndarray, lower: float, upper: float) -> np.ndarray:
        """The value below which the prior has mass `u`, any shape."""

    def require_mass(self, lower: float, upper: float) -> None:
        """Raise `SettingError` where next to nothing of the prior lies in the range."""
        return None


@dataclass(frozen=True)
class Uniform(Prior):
    """Uniform over the range: KMR's choice for the three-equation model."""

    def log_density(self, value, lower, upper):
        return _inside(-jnp.log(upper - lower) + 0 * value, value, lower, upper)

    def quantile(self, u, lower, upper):
        return lower + (upper - lower) * np.asarray(u)


@dataclass(frozen=True)
class _MeanAndSd(Prior):
    """A family stated by mean and s.d.; subclasses give its distribution before truncation, and its density as a JAX
    function."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not 0 < self.sd < math.inf:
            raise SettingError(f"{type(self).__name__} prior: the s.d. is {self.sd}; it must be positive and finite")
        if not math.isfinite(self.mean):
            raise SettingError(f"{type(self).__name__} prior: the mean is {self.mean}; it must be finite")
        self._check()

    def _check(self) -> None:
        if not self.mean > 0:
            raise SettingError(f"{type(self).__name__} prior: the mean is {self.mean}; it must be positive")

    @abc.abstractmethod
    def _cdf(self, value: np.ndarray) -> np.ndarray:
        """The mass below `value`."""

    @abc.abstractmethod
    def _ppf(self, u: np.ndarray) -> np.ndarray:
        """The value below which there is mass `u`."""

    @abc.abstractmethod
    def _log_density(self, value: Float[Array, ""]) -> Float[Array, ""]:
        """Its log density."""

    def require_mass(self, lower, upper):
        _log_mass(self, lower, upper)

    def log_density(self, value, lower, upper):
        # Outside its own support a density may be NaN: evaluate inside and mask.
        found = self._log_density(jnp.clip(value, lower, upper)) - _log_mass(self, lower, upper)
        return _inside(found, value, lower, upper)

    def quantile(self, u, lower, upper):
        first, last = self._cdf(np.array([lower, upper]))
        return np.clip(self._ppf(first + np.asarray(u, np.float64) * (last - first)), lower, upper)


@functools.lru_cache
def _log_mass(prior: _MeanAndSd, lower: float, upper: float) -> float:
    first, last = prior._cdf(np.array([lower, upper]))
    if not last - first > LEAST_MASS:
        raise SettingError(f"prior {prior} has no mass on the range [{lower:g}, {upper:g}]; check its mean and s.d.")
    return float(np.log(last - first))


@dataclass(frozen=True)
class TruncatedNormal(_MeanAndSd):
    """Normal, truncated to the range."""

    def _check(self) -> None:
        return None

    def _cdf(self, value):
        return special.ndtr((value - self.mean) / self.sd)

    def _ppf(self, u):
        return self.mean + self.sd * special.ndtri(u)

    def _log_density(self, value):
        return densities.norm.logpdf(value, self.mean, self.sd)


@dataclass(frozen=True)
class Beta(_MeanAndSd):
    """Beta on (0, 1), truncated to the range."""

    def _check(self) -> None:
        if not 0 < self.mean < 1 or not self.sd**2 < self.mean * (1 - self.mean):
            raise SettingError(f"{self}: a beta prior needs a mean in (0, 1) and s.d.² below mean · (1 − mean)")

    @property
    def _shapes(self) -> tuple[float, float]:
        size = self.mean * (1 - self.mean) / self.sd**2 - 1
        return self.mean * size, (1 - self.mean) * size

    def _cdf(self, value):
        return special.betainc(*self._shapes, np.clip(value, 0, 1))

    def _ppf(self, u):
        return special.betaincinv(*self._shapes, u)

    def _log_density(self, value):
        return densities.beta.logpdf(value, *self._shapes)


@dataclass(frozen=True)
class Gamma(_MeanAndSd):
    """Gamma on the positive numbers, truncated to the range."""

    @property
    def _shape_and_scale(self) -> tuple[float, float]:
        return (self.mean / self.sd) ** 2, self.sd**2 / self.mean

    def _cdf(self, value):
        shape, scale = self._shape_and_scale
        return special.gammainc(shape, np.maximum(value, 0) / scale)

    def _ppf(self, u):
        shape, scale = self._shape_and_scale
        return scale * special.gammaincinv(shape, u)

    def _log_density(self, value):
        shape, scale = self._shape_and_scale
        return densities.gamma.logpdf(value, shape, scale=scale)


@dataclass(frozen=True)
class InverseGamma(_MeanAndSd):
    """Inverse gamma on the positive numbers, truncated to the range."""

    @property
    def _shape_and_scale(self) -> tuple[float, float]:
        shape = 2 + (self.mean / self.sd) ** 2
        return shape, self.mean * (shape - 1)

    def _cdf(self, value):
        shape, scale = self._shape_and_scale
        return special.gammaincc(shape, scale / np.maximum(value, TINY))

    def _ppf(self, u):
        shape, scale = self._shape_and_scale
        return scale / np.maximum(special.gammainccinv(shape, u), TINY)

    def _log_density(self, value):
        shape, scale = self._shape_and_scale
        constant = shape * math.log(scale) - math.lgamma(shape)
        return constant - (shape + 1) * jnp.log(value) - scale / value


def _inside(log_density, value, lower: float, upper: float):
    return jnp.where((value >= lower) & (value <= upper), log_density, -jnp.inf)
