"""Where next period's productivity is integrated over, and with what weights."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from .expected import Expected

FURTHEST = 7.0
"""S.d. of the shock beyond the outermost node."""


class Nodes(NamedTuple):
    """Next period's productivity from each node of capital, with weights as seen from each node of productivity.

    `basis`: Chebyshev polynomials in productivity. `most`: log consumption at the floor.
    """

    z: Float[np.ndarray, "capital quadrature"]
    weights: Float[np.ndarray, "capital productivity quadrature"]
    basis: Float[np.ndarray, "capital quadrature productivity"]
    most: Float[np.ndarray, "capital quadrature"]


def nodes(expected: Expected, kinks: Float[np.ndarray, " capital"], count: int) -> Nodes:
    """Gauss-Legendre nodes, `count` on each side of the kink, weighted with the normal density."""
    e, end = expected.economy, reach(expected)
    x, w = np.polynomial.legendre.leggauss(count)
    below, above = (kinks[:, None] + end) / 2, (end - kinks[:, None]) / 2
    z = np.concatenate([-end + below * (x + 1), end + above * (x - 1)], axis=1)
    distance = (z[:, None, :] - e.rho * expected.productivity.nodes[:, None]) / e.sigma
    weights = np.exp(-0.5 * distance**2) * np.concatenate([below * w, above * w], axis=1)[:, None, :]
    weights /= weights.sum(axis=-1, keepdims=True)
    most = e.most_consumption(expected.capital.nodes[:, None], z)
    return Nodes(z, weights, expected.productivity.basis(z), most)


def reach(expected: Expected) -> float:
    """How far out that is, either way."""
    e = expected.economy
    return e.rho * expected.productivity.half + FURTHEST * e.sigma
