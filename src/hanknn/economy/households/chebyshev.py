"""Tables over the box of (σ_s, B): tensor Chebyshev series in log σ_s and B, fitted through their nodes."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

Ranges = tuple[tuple[float, float], tuple[float, float]]
"""(lower, upper) of σ_s and of B."""


def table_nodes(
    ranges: Ranges, risks: int, limits: int
) -> tuple[Float[np.ndarray, " risks"], Float[np.ndarray, " limits"]]:
    """Where a table of this size needs values: of σ_s and of B."""
    (low, high), (deepest, shallowest) = ranges
    sigma_s = low * (high / low) ** ((1 + _roots(risks)) / 2)
    return sigma_s, deepest + (shallowest - deepest) * (1 + _roots(limits)) / 2


def fit(values: Float[np.ndarray, "risks limits *shape"]) -> Float[np.ndarray, "risks limits *shape"]:
    """Coefficients of the series through `values` at `table_nodes`."""
    first, second = (np.linalg.inv(np.polynomial.chebyshev.chebvander(_roots(n), n - 1)) for n in values.shape[:2])
    return np.einsum("ir,jl,rl...->ij...", first, second, values)


def places(
    ranges: Ranges, sigma_s: Float[Array, ""], borrowing_limit: Float[Array, ""]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """(σ_s, B) mapped from their ranges to [−1, 1], σ_s in logs."""
    (low, high), (deepest, shallowest) = ranges
    risk = 2 * jnp.log(sigma_s / low) / np.log(high / low) - 1
    return risk, 2 * (borrowing_limit - deepest) / (shallowest - deepest) - 1


def value(
    coefficients: Float[np.ndarray, "risks limits *shape"], risk: Float[Array, ""], limit: Float[Array, ""]
) -> Float[Array, "*shape"]:
    """The series at one point of [−1, 1]², a pure function."""
    risks, limits, *shape = coefficients.shape
    basis = jnp.outer(_polynomials(risk, risks), _polynomials(limit, limits)).ravel()
    return (basis @ jnp.asarray(coefficients.reshape(risks * limits, -1), basis.dtype)).reshape(shape)


def _roots(n: int) -> np.ndarray:
    return np.cos(np.pi * (np.arange(n) + 0.5) / n)


def _polynomials(x: Float[Array, ""], n: int) -> Float[Array, " n"]:
    """T_0(x) … T_{n−1}(x) by their recursion: arccos would have no derivative at the ends of the range."""
    terms = [jnp.ones_like(x), x]
    while len(terms) < n:
        terms.append(2 * x * terms[-1] - terms[-2])
    return jnp.stack(terms[:n])
