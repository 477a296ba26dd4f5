"""Jacobians of residuals in factors.

Where a part of the network sees parameters only, its weights act on all rows of an economy through its few outputs.
The weights of such a layer, from inputs a to outputs z, move row r by aᵢ ∂r/∂zₒ. Blocks of JᵀJ are then sums over
economies of (a aᵀ) ⊗ (δᵀ δ), δ the slopes of all rows in z: as many products as there are economies, not rows. These
are the factors of Martens and Grosse (2015), and exact: all rows of an economy share a.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from ...economy.networks import Dense, PolicyNetwork

BANDS = 4
"""In how many bands of columns a symmetric product is summed: for five eighths of its price."""

Products = tuple[Float[Array, "_ _"], ...]


class Jacobian(NamedTuple):
    """Slopes of each point's rows in the network's weights, in the order of `ravel_pytree`.

    `inputs`: of each layer that sees parameters only, a one for its biases last; `slopes`: in what these layers put
    out; `rest`: in all other weights. One point's: the same without the axis of points.
    """

    inputs: tuple[Float[Array, "points _"], ...]
    slopes: tuple[Float[Array, "points rows _"], ...]
    rest: Float[Array, "points rows _"]

    @classmethod
    def of(
        cls, rows: Callable[[PolicyNetwork], tuple[Array, Array]], network: PolicyNetwork, theta: Float[Array, " free"]
    ) -> tuple["Jacobian", Array, Array]:
        """Of one point's rows as a function of the network, and what the function returns: rows, and what lies behind
        them. `theta`: as the network sees it."""
        head = network.of_parameters
        if head is None:
            weights, rebuild = ravel_pytree(network)
            rest, values = _slopes(lambda w: rows(rebuild(w)), weights)
            return cls((), (), rest), *values
        inputs, gates, known = _forward(head, theta)
        weights, rebuild = ravel_pytree(network.given(known))
        found, values = _slopes(lambda w: rows(rebuild(w)), weights)
        slopes = [found[:, : known.size]]
        for gate, above in zip(reversed(gates), reversed(head.layers[1:]), strict=True):
            slopes.insert(0, (slopes[0] @ above.weights.T) * gate[None])
        return cls(tuple(inputs), tuple(slopes), found[:, known.size :]), *values

    def transposed_times(self, rows: Float[Array, "points rows"]) -> Float[Array, " weights"]:
        """Jᵀ rows."""
        layers = [a.T @ jnp.einsum("pro,pr->po", d, rows) for a, d in self._layers]
        rest = jnp.einsum("prw,pr->w", self.rest, rows)
        return jnp.concatenate([*(layer.ravel() for layer in layers), rest])

    def dense(self) -> Float[Array, "rows weights"]:
        """All points' rows, one after another."""
        count = self.rest.shape[0] * self.rest.shape[1]
        layers = [jnp.einsum("pi,pro->prio", a, d) for a, d in self._layers]
        return jnp.concatenate([p.reshape(count, -1) for p in (*layers, self.rest)], axis=1)

    def products(self) -> Products:
        """What adds up over points, and from which `gram` makes JᵀJ: blocks of its upper triangle."""
        flat = self.rest.reshape(-1, self.rest.shape[2])
        found = [flat[:, low:high].T @ flat[:, low:] for low, high in _bands(flat.shape[1])]
        for k, (a, d) in enumerate(self._layers):
            i, j = np.triu_indices(a.shape[1])
            found += [_summed(a[:, i] * a[:, j], d, d)]
            found += [_summed(jnp.einsum("pi,pj->pij", a, b), d, e) for b, e in self._layers[k + 1 :]]
            found += [_summed(a, d, self.rest)]
        return tuple(found)

    def gram(self, products: Products) -> Float[Array, "weights weights"]:
        """JᵀJ from sums of `products`; of this Jacobian, only its shapes count."""
        parts = iter(products)
        size = self.rest.shape[2]
        rest = [(next(parts), low) for low, _ in _bands(size)]
        bands, begin = [], 0
        shapes = [(a.shape[1], d.shape[2]) for a, d in self._layers]
        for k, (n, m) in enumerate(shapes):
            order = np.zeros((n, n), int)  # what ends up below the diagonal is not read
            order[np.triu_indices(n)] = np.arange(n * (n + 1) // 2)
            right = [next(parts)[order.ravel()].reshape(n, n, m, m)]
            right += [next(parts).reshape(n, n2, m, m2) for n2, m2 in shapes[k + 1 :]]
            blocks = [block.transpose(0, 2, 1, 3).reshape(n * m, -1) for block in right]
            bands.append((jnp.concatenate([*blocks, next(parts).reshape(n * m, size)], axis=1), begin))
            begin += n * m
        bands += [(band, begin + low) for band, low in rest]
        upper = jnp.concatenate([jnp.pad(band, ((0, 0), (low, 0))) for band, low in bands])
        return jnp.triu(upper) + jnp.triu(upper, 1).T

    @property
    def largest_product(self) -> int:
        """Numbers that `products` forms for one point, at most."""
        outputs = [d.shape[2] for d in self.slopes]
        return max([self.rest.shape[1] * self.rest.shape[2], *(m * max(*outputs, self.rest.shape[2]) for m in outputs)])

    @property
    def _layers(self) -> list[tuple[Array, Array]]:
        return list(zip(self.inputs, self.slopes, strict=True))


def _summed(left: Array, d: Float[Array, "points rows m"], e: Float[Array, "points rows n"]) -> Array:
    """Σ over points of left ⊗ (dᵀ e), shape (entries of left, m · n)."""
    return left.reshape(len(left), -1).T @ jnp.einsum("prm,prn->pmn", d, e).reshape(len(left), -1)


def _bands(size: int) -> list[tuple[int, int]]:
    return list(pairwise(np.linspace(0, size, BANDS + 1).astype(int).tolist()))


def _forward(dense: Dense, x: Float[Array, " inputs"]) -> tuple[list[Array], list[Array], Array]:
    """Inputs of each layer, a one last; slopes of the activations between them; what the last one puts out."""
    inputs, gates = [], []
    for k, layer in enumerate(dense.layers):
        inputs.append(jnp.append(x, 1))
        x = layer(x)
        if k < len(dense.layers) - 1:
            x, gate = jax.jvp(dense.activation, (x,), (jnp.ones_like(x),))
            gates.append(gate)
    return inputs, gates, x


def _slopes(function: Callable, weights: Float[Array, " weights"]) -> tuple[Array, tuple[Array, Array]]:
    def twice(weights):
        rows, behind = function(weights)
        return rows, (rows, behind)

    return jax.jacrev(twice, has_aux=True)(weights)
