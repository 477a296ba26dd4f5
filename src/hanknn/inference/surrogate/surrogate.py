"""A neural surrogate of a log-likelihood that particle filters estimate with noise."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...economy.networks import Dense, silu_network
from ...economy.parameters import ParameterSpace
from ...machine import storage
from ...machine.compiled import jit
from ...machine.errors import OutOfRangeError, SolutionFileError
from ...machine.precision import in_float64
from ..posterior.target import Box
from .frame import Frame


@dataclass(frozen=True, eq=False)
class Surrogate:
    """log L(θ) = μ(θ) + σ²(θ)/2, from networks for the mean and the variance of log L̂.

    E[log L̂] lies about σ²/2 below log L, because the filter's L̂ is unbiased, not its logarithm; the
    second term corrects for it. `reference`: the estimate at the design's likeliest point, given the prior. Up to
    `exact_within` below it μ is in log-likelihood units, further down it is compressed (see `compress`): no posterior
    reaches there, and a network need not resolve thousands of units. `frame`: the coordinates that networks see.
    `most_variance`: what σ² is capped at, its largest value where estimates were repeated: the network's exponential
    knows no bounds elsewhere. `header` says what it was fitted to.
    """

    box: Box
    frame: Frame
    means: tuple[Dense, ...]
    variance_network: Dense
    most_variance: float
    reference: float
    exact_within: float
    header: dict[str, Any]

    def inputs(self, theta: Float[Array, " parameters"]) -> Float[Array, " inputs"]:
        """The estimated parameters as networks see them."""
        return self.frame.seen(self.scaled(theta))

    def scaled(self, theta: Float[Array, " parameters"]) -> Float[Array, " estimated"]:
        """The estimated parameters, scaled to [−1, 1]."""
        index = self.box.index
        lower, upper = (jnp.asarray(b, theta.dtype) for b in (self.box.lower, self.box.upper))
        return 2 * (theta[index] - lower) / (upper - lower) - 1

    def mean(self, theta: Float[Array, " parameters"]) -> Float[Array, ""]:
        """μ less the reference, compressed; the ensemble's mean."""
        x = self.inputs(theta)
        scale = self.exact_within
        return scale * jnp.mean(jnp.stack([network(x)[0] for network in self.means]))

    def variance(self, theta: Float[Array, " parameters"]) -> Float[Array, ""]:
        """σ²: the variance of one estimate log L̂ at θ (of its compressed value, further down)."""
        x = self.inputs(theta)
        level = self.mean(theta) / self.exact_within
        return jnp.minimum(variance_at(self.variance_network, x, level), self.most_variance)

    def uncorrected(self, theta: Float[Array, " parameters"]) -> Float[Array, ""]:
        """What a fit to log L̂ alone would say: biased downwards by about σ²/2."""
        return self.reference + self.mean(theta)

    def at(self, theta: Float[Array, " parameters"]) -> Float[Array, ""]:
        """The corrected log-likelihood at one full parameter vector, a pure function; no check of the box."""
        return self.uncorrected(theta) + 0.5 * self.variance(theta)

    @in_float64
    def batch(self, thetas: np.ndarray) -> np.ndarray:
        """Corrected log-likelihoods of rows of full parameter vectors; raises `OutOfRangeError` outside the box."""
        thetas = np.atleast_2d(thetas)
        self.require_inside(thetas)
        return np.asarray(self._compiled(jnp.asarray(thetas, jnp.float64)))

    @functools.cached_property
    def _compiled(self) -> Callable:
        return jit(jax.vmap(self.at))

    @in_float64
    def gap(self, thetas: np.ndarray, estimates: np.ndarray) -> float:
        """S.d. of fresh estimates log L̂ around μ at rows of full parameter vectors, beyond their own noise σ².

        Infinite where none is in true units.
        """
        known = np.isfinite(estimates) & (estimates > self.reference - self.exact_within)
        if not known.any():
            return float("inf")
        rows = jnp.asarray(thetas[known], jnp.float64)
        level, noise = (np.asarray(jit(jax.vmap(f))(rows)) for f in (self.uncorrected, self.variance))
        return float(np.sqrt(max(np.var(estimates[known] - level) - np.mean(noise), 0.0)))

    def require_inside(self, thetas: np.ndarray) -> None:
        slack = 1e-9 * (self.box.upper - self.box.lower)
        values = np.atleast_2d(thetas)[:, self.box.index]
        outside = ~((values >= self.box.lower - slack) & (values <= self.box.upper + slack))
        if outside.any():
            row, column = np.argwhere(outside)[0]
            raise OutOfRangeError(
                f"parameter '{self.box.names[column]}' = {values[row, column]:g} lies outside the surrogate's box "
                f"[{self.box.lower[column]:g}, {self.box.upper[column]:g}]; it knows nothing there: choose a value "
                "inside, or build it over a wider range"
            )
        others = np.setdiff1d(np.arange(len(self.box.fixed)), self.box.index)
        moved = np.atleast_2d(thetas)[:, others] != self.box.fixed[others]
        if moved.any():
            name = self.box.space.names[others[np.argwhere(moved)[0, 1]]]
            raise OutOfRangeError(f"the surrogate holds '{name}' fixed; build it anew with that parameter estimated")

    def save(self, path: str | Path) -> Path:
        path = Path(path)
        header = {
            "kind": "surrogate",
            "names": list(self.box.names),
            "parameters": list(self.box.space.names),
            "lower": self.box.lower.tolist(),
            "upper": self.box.upper.tolist(),
            "fixed": self.box.fixed.tolist(),
            "most_variance": self.most_variance,
            "reference": self.reference,
            "exact_within": self.exact_within,
            "sizes": [_sizes(self.means[0]), _sizes(self.variance_network)],
            "members": len(self.means),
            **self.header,
        }
        storage.write(path, header, storage.leaves_to_numpy((self.means, self.variance_network, self.frame)))
        return path


@in_float64
def load_surrogate(path: str | Path, space: ParameterSpace) -> Surrogate:
    """A saved surrogate for a model with these parameters; raises `SolutionFileError` where they do not fit."""
    path = Path(path)
    header, arrays = storage.read(path, "surrogate")
    names = tuple(header["names"])
    if not set(names) <= set(space.free):
        raise SolutionFileError(f"'{path}' estimates {', '.join(names)}, which are not all free parameters here")
    box = Box(space, names, np.array(header["fixed"]))
    if not (np.allclose(box.lower, header["lower"]) and np.allclose(box.upper, header["upper"])):
        raise SolutionFileError(f"'{path}' was built over other ranges; build it anew")
    if header.get("parameters") != list(space.names):
        raise SolutionFileError(f"'{path}' is of a model with other parameters; build it anew")
    build = lambda: tuple(silu_network(jax.random.key(0), sizes) for sizes in header["sizes"])
    mean, variance = jax.eval_shape(build)
    frame = jax.eval_shape(lambda: Frame.whole(len(names)))
    whole = tuple([mean] * header["members"]), variance, frame
    means, variance_network, frame = storage.leaves_from_numpy(whole, arrays, path)
    kept = {k: v for k, v in header.items() if k in ("model", "errors", "points", "settings")}
    most, reference, exact_within = (header[name] for name in ("most_variance", "reference", "exact_within"))
    return Surrogate(box, frame, means, variance_network, most, reference, exact_within, kept)


def compress(below: Float[Array, "*n"], exact_within: float) -> Float[Array, "*n"]:
    """Minus the distance below the reference, in units of `exact_within`; logarithmic beyond one of them."""
    share = below / exact_within
    return -jnp.where(share <= 1, share, 1 + jnp.log(jnp.maximum(share, 1.0)))


def variance_at(network: Dense, inputs: Float[Array, " inputs"], level: Float[Array, ""]) -> Float[Array, ""]:
    """σ² from what networks see and the compressed mean."""
    return jnp.exp(network(jnp.concatenate([inputs, level[None]]))[0])


def _sizes(network: Dense) -> list[int]:
    return [network.layers[0].weights.shape[0], *(layer.weights.shape[1] for layer in network.layers)]
