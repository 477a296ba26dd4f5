"""The density to sample: prior times likelihood, on unbounded coordinates."""

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from ...economy.parameters import ParameterSpace
from ...economy.priors import Uniform
from ...machine.batches import in_batches
from ...machine.compiled import jit
from ...machine.errors import SettingError, UnknownNameError
from ...machine.precision import in_float64

EDGE = 1e-12
"""Draws stay this share of the range away from its ends, where the logistic map would overflow."""

Support = Callable[[Float[Array, " parameters"]], Bool[Array, ""]]


def everywhere(theta: Float[Array, " parameters"]) -> Bool[Array, ""]:
    """The support of a prior that excludes nothing of its box."""
    return jnp.asarray(True)


@dataclass(frozen=True, eq=False)
class Box:
    """The estimated parameters and their ranges, mapped to unbounded coordinates by a logistic function.

    `names`: estimated ones, in the model's order. `fixed`: full vector that holds the values of the others.
    `support`: where in the box there is an equilibrium; elsewhere the prior is zero.
    """

    space: ParameterSpace
    names: tuple[str, ...]
    fixed: np.ndarray
    support: Support = everywhere

    @classmethod
    def over(
        cls,
        space: ParameterSpace,
        names: tuple[str, ...] | None = None,
        fixed: np.ndarray | None = None,
        support: Support = everywhere,
    ) -> "Box":
        """All free parameters, or those named; raises `UnknownNameError` and `SettingError` for others."""
        for name in names or ():
            if name not in space.names:
                raise UnknownNameError("parameter", name, space.names)
            if name not in space.free:
                raise SettingError(f"parameter '{name}' has no range, so it cannot be estimated; give it one and solve")
        chosen = tuple(n for n in space.free if names is None or n in names)
        if not chosen:
            raise SettingError("no parameter to estimate; name at least one that has a range")
        return cls(space, chosen, space.baseline if fixed is None else fixed, support)

    def settings(self) -> dict[str, Any]:
        """What tells this box from others: each estimated parameter's range and prior, the others' values."""
        estimated = {name: {"range": self.space[name].bounds, "prior": self.space[name].prior} for name in self.names}
        values = dict(zip(self.space.names, np.asarray(self.fixed, np.float64).tolist(), strict=True))
        return {"estimated": estimated, "fixed": {k: v for k, v in values.items() if k not in self.names}}

    @property
    def index(self) -> np.ndarray:
        return np.array([self.space.names.index(name) for name in self.names])

    @property
    def lower(self) -> np.ndarray:
        return self.space.lower[self.index]

    @property
    def upper(self) -> np.ndarray:
        return self.space.upper[self.index]

    def estimated(self, z: Float[Array, " estimated"]) -> Float[Array, " estimated"]:
        """The estimated parameters at unbounded coordinates `z`."""
        lower, upper = (jnp.asarray(b, z.dtype) for b in (self.lower, self.upper))
        return lower + (upper - lower) * jnp.clip(jax.nn.sigmoid(z), EDGE, 1 - EDGE)

    def theta(self, z: Float[Array, " estimated"]) -> Float[Array, " parameters"]:
        """The full parameter vector at `z`."""
        return jnp.asarray(self.fixed, z.dtype).at[self.index].set(self.estimated(z))

    def log_slope(self, z: Float[Array, " estimated"]) -> Float[Array, ""]:
        """Log determinant of the map's derivative."""
        widths = jnp.log(jnp.asarray(self.upper - self.lower, z.dtype))
        return jnp.sum(widths + jax.nn.log_sigmoid(z) + jax.nn.log_sigmoid(-z))

    def coordinates(self, theta: np.ndarray) -> np.ndarray:
        """Unbounded coordinates of full parameter vectors, shape (..., parameters) to (..., estimated)."""
        share = (np.asarray(theta)[..., self.index] - self.lower) / (self.upper - self.lower)
        share = np.clip(share, 1e-9, 1 - 1e-9)
        return np.log(share) - np.log1p(-share)

    def full(self, estimated: np.ndarray) -> np.ndarray:
        """Full parameter vectors from estimated ones, shape (..., estimated) to (..., parameters)."""
        full = np.broadcast_to(self.fixed, (*np.shape(estimated)[:-1], len(self.fixed))).copy()
        full[..., self.index] = estimated
        return full

    def prior_draws(self, u: np.ndarray) -> np.ndarray:
        """Uniforms (draws, estimated) mapped to prior draws (draws, estimated)."""
        quantile = lambda name, column: self.space[name].prior.quantile(column, *self.space[name].bounds)
        return np.stack(
            [quantile(name, column) for name, column in zip(self.names, np.asarray(u).T, strict=True)], axis=1
        )

    def prior_sample(self, count: int, key: PRNGKeyArray) -> np.ndarray:
        """Prior draws inside the support, shape (count, estimated); raises `SettingError` where they are too rare."""
        found = np.empty((0, len(self.names)))
        for i in range(50):
            u = jax.random.uniform(jax.random.fold_in(key, i), (count, len(self.names)), jnp.float64)
            draws = self.prior_draws(np.asarray(u))
            found = np.concatenate([found, draws[self.supported(self.full(draws))]])
            if len(found) >= count:
                return found[:count]
        raise SettingError(
            "hardly any prior draw has an equilibrium; choose calmer priors, or solve over calmer ranges"
        )

    def even(self) -> "Box":
        """The same with a uniform prior."""
        even = {name: dataclasses.replace(self.space[name], prior=Uniform()) for name in self.space}
        return dataclasses.replace(self, space=ParameterSpace(**even))

    def log_prior(self, theta: Float[Array, " parameters"]) -> Float[Array, ""]:
        """Log prior density of the estimated parameters, up to a constant; minus infinity outside the support."""
        terms = [
            self.space[name].prior.log_density(theta[i], *self.space[name].bounds)
            for name, i in zip(self.names, self.index, strict=True)
        ]
        return jnp.where(self.support(theta), jnp.sum(jnp.stack(terms)), -jnp.inf)

    @in_float64
    def supported(self, thetas: np.ndarray) -> np.ndarray:
        """Which full parameter vectors (rows, parameters) the support holds, shape (rows,)."""
        return np.asarray(self._compiled_support(jnp.asarray(thetas, jnp.float64)))

    @functools.cached_property
    def _compiled_support(self) -> Callable:
        return jit(lambda thetas: in_batches(self.support, (thetas,), 256))


@dataclass(frozen=True, eq=False)
class Target:
    """Prior times likelihood over a box; `log_likelihood` is a pure function of the full parameter vector."""

    box: Box
    log_likelihood: Callable[[Float[Array, " parameters"]], Float[Array, ""]]

    def log_prior(self, z: Float[Array, " estimated"]) -> Float[Array, ""]:
        """Of the unbounded coordinates, the map's derivative included."""
        return self.box.log_prior(self.box.theta(z)) + self.box.log_slope(z)

    def log_density(self, z: Float[Array, " estimated"]) -> Float[Array, ""]:
        return self.log_prior(z) + self.log_likelihood(self.box.theta(z))

    def tempered(self, power: float) -> "Target":
        """Prior times likelihood, both raised to `power`: wider around the same peak, wherever the prior puts that."""
        density = lambda theta: power * (self.log_likelihood(theta) + self.box.log_prior(theta))
        return Target(self.box.even(), density)
