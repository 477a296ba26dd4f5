"""The weighted residuals of many points as a function of the weight vector: sums of squares, Jacobians, products."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ...economy import Equations
from ...economy.expectations import Nodes
from ...economy.networks import PolicyNetwork
from ...economy.points import Point
from .jacobian import Jacobian

CHUNK_BYTES = 2**27
"""Largest array formed at once; larger designs are accumulated in chunks."""

SPAN = 0.1
"""Share of a step over which the rows' curvature is measured."""


class Weighed(NamedTuple):
    """The matrix applied to each point's residuals, and roots of the weights of what is asked besides."""

    matrices: Float[Array, "points rows residuals"]
    besides: Float[Array, "points besides"]


class Points(NamedTuple):
    """Economies and states, a row a point, their weights, and the nodes of their expectations."""

    thetas: Point
    states: Point
    weighed: Weighed
    nodes: Nodes


class Sums(NamedTuple):
    """Over points: Jᵀ times the rows, the rows squared, and each residual squared."""

    gradient: Float[Array, " weights"]
    weighted: Float[Array, ""]
    raw: Float[Array, " residuals"]

    def plus(self, gradient: Array, rows: Array, raw: Array) -> "Sums":
        """With another chunk's."""
        return Sums(self.gradient + gradient, self.weighted + jnp.sum(rows**2), self.raw + jnp.sum(raw**2, axis=0))


class Design(NamedTuple):
    """`point(network, point)`: weighted rows of one point, and the residuals behind them.

    The first `active` points count, `fewest` or that times a power of two; `at_once` of them, at most, are
    differentiated at once. `size`: of the weight vector that `rebuild` makes a network of.
    """

    equations: Equations
    rebuild: Callable[[Array], PolicyNetwork]
    point: Callable[[PolicyNetwork, Any], tuple[Array, Array]]
    points: Points
    active: Int[Array, ""]
    fewest: int
    at_once: int
    size: int

    @property
    def height(self) -> int:
        """Rows of one point."""
        return sum(part.shape[1] for part in self.points.weighed)

    @property
    def count(self) -> Int[Array, ""]:
        """Number of active rows."""
        return self.active * self.height

    @property
    def in_sample_space(self) -> bool:
        """Whether J is smaller than JᵀJ."""
        return self.points.thetas.rows * self.height < self.size

    def loss(self, weights: Float[Array, " weights"]) -> tuple[Float[Array, ""], Float[Array, " equations"]]:
        """Mean square of the weighted rows, and each equation's own mean square, over the active points."""

        def add(i, totals):
            rows, raw = self._rows(weights, self._part(i))
            return totals[0] + jnp.sum(rows**2), totals[1] + jnp.sum(raw**2, axis=0)

        zero = jnp.zeros((), weights.dtype), jnp.zeros(len(self.equations.row_equations), weights.dtype)
        weighted, squares = self._over_parts(add, zero)
        return weighted / self.count, self.equations.by_equation(squares / self.active)

    def sums(self, weights: Float[Array, " weights"]) -> Sums:
        """The gradient by one reverse pass a chunk: a Jacobian in single precision is not exact enough for it."""

        def add(i, sums):
            rows, pull_back, raw = jax.vjp(lambda w: self._rows(w, self._part(i)), weights, has_aux=True)
            return sums.plus(pull_back(rows)[0], rows, raw)

        return self._over_parts(add, self._no_sums(weights.dtype))

    def gram(self, weights: Float[Array, " weights"], dtype: Any) -> tuple[Float[Array, "weights weights"], Sums]:
        """JᵀJ over the active points, accumulated in `dtype`, and sums of the same precision.

        The sum keeps that type throughout: with a cast to float64 fused into the product, XLA's
        CPU backend takes three times as long.
        """
        jacobian, sums = self._jacobian(weights, dtype)
        size = self._fitting(jacobian.largest_product)
        part = lambda i: jax.tree.map(lambda leaf: jax.lax.dynamic_slice_in_dim(leaf, i * size, size), jacobian)
        add = lambda i, total: jax.tree.map(jnp.add, total, part(i).products())
        start = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), jax.eval_shape(lambda: part(0).products()))
        products = jax.lax.fori_loop(0, self.active // size, add, start)
        return jacobian.gram(products), sums

    def stacked(self, weights: Float[Array, " weights"]) -> tuple[Float[Array, "rows weights"], Sums]:
        """J over all points, rows of inactive ones zero, and its sums."""
        jacobian, sums = self._jacobian(weights, weights.dtype)
        return jacobian.dense(), sums

    def second_order(
        self, weights: Float[Array, " weights"], along: Float[Array, " weights"]
    ) -> Float[Array, " weights"]:
        """Jᵀ times the second derivative of the rows along a step, per row.

        A central difference over a tenth of the step: nested derivatives of a long equation take
        longer to compile than many a solve.
        """

        def add(i, total):
            rows = lambda w: self._rows(w, self._part(i))[0]
            here, pull_back = jax.vjp(rows, weights)
            around = jax.lax.map(lambda h: rows(weights + h * along), jnp.array([-SPAN, SPAN], weights.dtype))
            second = (around[0] - 2 * here + around[1]) / SPAN**2
            return total + pull_back(second)[0]

        return self._over_parts(add, jnp.zeros_like(weights)) / self.count

    def _rows(self, weights, points: Points):
        """Weighted rows of some points, one after another, and the residuals behind them."""
        rows, raw = jax.vmap(self.point, (None, 0))(self.rebuild(weights), points)
        return rows.reshape(-1), raw

    def _jacobian(self, weights, dtype):
        """The Jacobian of all points in factors, those of inactive ones zero, and its sums."""
        network = self.rebuild(weights.astype(dtype))

        def one(point):
            seen = self.equations.model.parameters.scaled(self.equations.vector(point.thetas))
            return Jacobian.of(lambda net: self.point(net, point), network, seen)

        def linear(i):
            part = self._part(i)
            return jax.vmap(one)(jax.tree.map(lambda a: a.astype(dtype), part))

        def store(i, carry):
            stored, sums = carry
            jacobian, rows, raw = linear(i)
            put = lambda whole, part: jax.lax.dynamic_update_slice_in_dim(whole, part, i * self._chunk, 0)
            return jax.tree.map(put, stored, jacobian), sums.plus(jacobian.transposed_times(rows), rows, raw)

        shapes = jax.eval_shape(lambda: linear(0)[0])
        start = jax.tree.map(lambda s: jnp.zeros((self.points.thetas.rows, *s.shape[1:]), dtype), shapes)
        return self._over_parts(store, (start, self._no_sums(dtype)))

    def _no_sums(self, dtype):
        count = len(self.equations.row_equations)
        return Sums(jnp.zeros(self.size, dtype), jnp.zeros((), dtype), jnp.zeros(count, dtype))

    @property
    def _chunk(self) -> int:
        return min(self._fitting(self.height * self.size), self.at_once)

    def _fitting(self, numbers: int) -> int:
        """How many points to take at once where each needs so many numbers."""
        points = self.fewest
        while points > 1 and points * numbers * 8 > CHUNK_BYTES:
            points //= 2
        return points

    def _part(self, i) -> Points:
        return jax.tree.map(lambda a: jax.lax.dynamic_slice_in_dim(a, i * self._chunk, self._chunk), self.points)

    def _over_parts(self, add, start):
        return jax.lax.fori_loop(0, self.active // self._chunk, add, start)
