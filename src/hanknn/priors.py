"""Prior distributions of parameters, over the range given in the parameter table.

A prior is stated by its mean and s.d. before truncation, as KMR do, and truncated to the range.
"""

import abc
import functools
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .errors import SettingError
from .precision import in_float64

BISECTIONS = 60


class Prior(abc.ABC):
    """A density on a parameter's range, normalised there."""

    @abc.abstractmethod
    def log_density(self, value: Float[Array, ""], lower: float, upper: float) -> Float[Array, ""]:
        """Log density at `value`, minus infinity outside [lower, upper]."""

    @abc.abstractmethod
    def quantile(self, u: np.ndarray, lower: float, upper: float) -> np.ndarray:
        """The value below which the prior has mass `u`, any shape."""


@dataclass(frozen=True)
class Uniform(Prior):
    """Uniform over the range: KMR's choice for the three-equation model."""

    def log_density(self, value, lower, upper):
        return _inside(-jnp.log(upper - lower) + 0 * value, value, lower, upper)

    def quantile(self, u, lower, upper):
        return lower + (upper - lower) * np.asarray(u)


@dataclass(frozen=True)
class _MeanAndSd(Prior):
    """A family stated by mean and s.d.; subclasses give its distribution."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not self.sd > 0:
            raise SettingError(f"{type(self).__name__} prior: the s.d. is {self.sd}; it must be positive")
        self._check()

    def _check(self) -> None:
        if not self.mean > 0:
            raise SettingError(f"{type(self).__name__} prior: the mean is {self.mean}; it must be positive")

    @abc.abstractmethod
    def _distribution(self) -> Any:
        """The distribution before truncation, from numpyro."""

    def log_density(self, value, lower, upper):
        # Outside its own support a density may be NaN: evaluate inside and mask.
        safe = jnp.clip(value, lower, upper)
        return _inside(self._distribution().log_prob(safe) - _log_mass(self, lower, upper), value, lower, upper)

    @in_float64
    def quantile(self, u, lower, upper):
        """By bisection of the distribution function."""
        family = self._distribution()
        first, last = (float(family.cdf(jnp.asarray(b, jnp.float64))) for b in (lower, upper))
        goal = first + np.asarray(u, np.float64) * (last - first)
        low, high = np.full(goal.shape, lower, np.float64), np.full(goal.shape, upper, np.float64)
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            below = np.asarray(family.cdf(jnp.asarray(middle))) < goal
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return 0.5 * (low + high)


@functools.lru_cache
def _log_mass(prior: _MeanAndSd, lower: float, upper: float) -> float:
    with jax.ensure_compile_time_eval(), jax.enable_x64(True):
        family = prior._distribution()
        mass = float(family.cdf(jnp.asarray(upper, jnp.float64)) - family.cdf(jnp.asarray(lower, jnp.float64)))
    if not mass > 0:
        raise SettingError(f"prior {prior} has no mass on the range [{lower:g}, {upper:g}]; check its mean and s.d.")
    return float(np.log(mass))


@dataclass(frozen=True)
class TruncatedNormal(_MeanAndSd):
    """Normal, truncated to the range."""

    def _check(self) -> None:
        return None

    def _distribution(self) -> Any:
        import numpyro.distributions as families  # slow to import, and not every user estimates

        return families.Normal(self.mean, self.sd)


@dataclass(frozen=True)
class Beta(_MeanAndSd):
    """Beta on (0, 1), truncated to the range."""

    def _check(self) -> None:
        if not 0 < self.mean < 1 or not self.sd**2 < self.mean * (1 - self.mean):
            raise SettingError(f"{self}: a beta prior needs a mean in (0, 1) and s.d.² below mean · (1 − mean)")

    def _distribution(self) -> Any:
        import numpyro.distributions as families

        size = self.mean * (1 - self.mean) / self.sd**2 - 1
        return families.Beta(self.mean * size, (1 - self.mean) * size)


@dataclass(frozen=True)
class Gamma(_MeanAndSd):
    """Gamma on the positive numbers, truncated to the range."""

    def _distribution(self) -> Any:
        import numpyro.distributions as families

        return families.Gamma((self.mean / self.sd) ** 2, self.mean / self.sd**2)


@dataclass(frozen=True)
class InverseGamma(_MeanAndSd):
    """Inverse gamma on the positive numbers, truncated to the range."""

    def _distribution(self) -> Any:
        import numpyro.distributions as families

        shape = 2 + (self.mean / self.sd) ** 2
        return families.InverseGamma(shape, self.mean * (shape - 1))


def _inside(log_density, value, lower: float, upper: float):
    return jnp.where((value >= lower) & (value <= upper), log_density, -jnp.inf)
