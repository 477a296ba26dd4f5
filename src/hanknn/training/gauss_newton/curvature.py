"""The curvature of the loss, JᵀJ/n: how it is computed and remembered, and the step that it gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.scipy.linalg as jsl
from jaxtyping import Array, Bool, Float, Int

from ...machine.errors import SettingError
from ..sample.sample import require_power_of_two
from .design import Design

SETTLING = 4
"""Iterations after which a step is half a Gauss-Newton step, where curvature is remembered."""

Solver = Callable[[Float[Array, " weights"]], Float[Array, " weights"]]


class Local(NamedTuple):
    """The loss around the present weights: itself, each equation's mean square, half the gradient, and the curvature:
    JᵀJ/n in parameter space, past iterations' included as far as they are remembered, and J in sample space."""

    loss: Float[Array, ""]
    mean_squares: Float[Array, " equations"]
    gradient: Float[Array, " weights"]
    curvature: Float[Array, "_ weights"]


@dataclass(frozen=True)
class Curvature:
    """How the curvature is damped, computed and remembered.

    `damping`: initial damping relative to the largest curvature; `least_damping`: what it never falls below, on the
    same scale (long steps into what the sample does not hold can leave the intended equilibrium). `float32_until`:
    JᵀJ is accumulated in single precision, at twice the speed, while the damping exceeds this share of the largest
    curvature, and in double once rounding would show or half the iterations are over (rounding can itself keep the
    damping up); 0: in single throughout, 1: in double throughout, which halves the compilation. Residuals, gradient
    and solve are always in double. `memory`: where states are new each iteration, how much of the curvature is
    remembered once constraints are in force; steps shorten in proportion, and are whole once more when what is asked of
    the points changes. For a linear problem this is recursive least squares: what earlier states have taught is kept,
    and the solution is that of 1/(1 − memory) times as many points. `bend`: bend steps along the residuals' own
    curvature. `at_once`: points differentiated at once at most; lower it where a point takes much memory.
    """

    damping: float = 1e-3
    least_damping: float = 0.0
    float32_until: float = 1e-7
    memory: float = 0.0
    bend: bool = True
    at_once: int = 8192

    def __post_init__(self) -> None:
        require_power_of_two("Curvature at_once", self.at_once)
        if not 0 <= self.memory < 1:
            raise SettingError(f"Curvature memory is {self.memory}; give at least 0 and less than 1")

    def none(self, rows: int, weights: int, equations: int) -> Local:
        """Before the first iteration."""
        in_sample_space = rows < weights
        if in_sample_space and self.memory:
            raise SettingError(
                f"Curvature memory needs at least as many residuals as weights ({weights:,}); the sample's points have "
                f"{rows:,}: take more"
            )
        shape = (rows if in_sample_space else weights, weights)
        dtype = jnp.float64 if in_sample_space else self._kept
        zeros = jnp.zeros(equations), jnp.zeros(weights), jnp.zeros(shape, dtype)
        return Local(jnp.asarray(jnp.inf, jnp.float64), *zeros)

    @property
    def _kept(self):
        """What is computed in single precision is kept in it: it is by far the largest array."""
        return jnp.float32 if self.float32_until == 0 else jnp.float64

    def at(self, design: Design, weights: Float[Array, " weights"], precise: Bool[Array, ""]) -> Local:
        """The loss around `weights`; `precise`: in double precision."""
        if design.in_sample_space:
            curvature, sums = design.stacked(weights)
        elif self.float32_until >= 1:
            gram, sums = design.gram(weights, weights.dtype)
            curvature = gram / design.count
        else:
            curvature, sums = self._gram(design, weights, precise), design.sums(weights)
        mean_squares = design.equations.by_equation(sums.raw / design.active)
        return Local(sums.weighted / design.count, mean_squares, sums.gradient / design.count, curvature)

    def _gram(self, design: Design, weights, precise):
        """JᵀJ/n. Where one precision serves throughout, only that one is compiled."""
        gram = lambda dtype: design.gram(weights, dtype)[0].astype(self._kept) / design.count.astype(self._kept)
        if self.float32_until == 0:
            return gram(jnp.float32)
        return jax.lax.cond(precise, lambda: gram(weights.dtype), lambda: gram(jnp.float32))

    def gain(self, since: Int[Array, ""]) -> Float[Array, ""]:
        """The share of a whole step that is taken, and of the present curvature in the remembered one, so many
        iterations after what is asked of the points last changed."""
        if not self.memory:
            return jnp.asarray(1.0, jnp.float64)
        return jnp.maximum(1 - self.memory, 1 / (1 + jnp.maximum(since, 0).astype(jnp.float64) / SETTLING))

    def remembered(self, before: Array, now: Array, gain: Float[Array, ""]) -> Array:
        """The curvature with that of past iterations."""
        recent = gain.astype(now.dtype)
        return (1 - recent) * before + recent * now if self.memory else now

    def direction(
        self, design: Design, weights: Float[Array, " weights"], here: Local, damping: Float[Array, ""]
    ) -> Float[Array, " weights"]:
        """The damped Gauss-Newton step, bent along the residuals' own curvature.

        The second-order term ("geodesic acceleration", Transtrum and Sethna 2012) costs one
        directional derivative and is dropped where it is not small beside the first.
        """
        if design.in_sample_space:
            solve = sample_space_solver(here.curvature, design.count, damping)
        else:
            solve = parameter_space_solver(here.curvature, damping)
        velocity = -solve(here.gradient)
        if not self.bend:
            return velocity
        acceleration = -0.5 * solve(design.second_order(weights, velocity))
        small = 2 * jnp.linalg.norm(acceleration) <= 0.75 * jnp.linalg.norm(velocity)
        return velocity + jnp.where(small, acceleration, 0)

    def predicted(self, here: Local, before: Array, step: Array, damping: Array, gain: Array) -> Float[Array, ""]:
        """By how much a step should lower the loss; `before`: the curvature remembered an iteration ago."""
        if not self.memory:
            return step @ (damping * step - here.gradient)
        # By this sample's own curvature. It is found again from what is kept: one array fewer of the largest size.
        along, recent = step.astype(before.dtype), gain.astype(before.dtype)
        own = (here.curvature @ along - (1 - recent) * (before @ along)) / recent
        return -step @ (2 * here.gradient + own)


def largest(design: Design, curvature: Float[Array, "_ weights"]) -> Float[Array, ""]:
    """The largest entry on the diagonal of JᵀJ/n, in double precision."""
    diagonal = jnp.sum(curvature**2, axis=0) / design.count if design.in_sample_space else jnp.diag(curvature)
    return jnp.max(diagonal).astype(jnp.float64)


def parameter_space_solver(gram: Float[Array, "weights weights"], damping: Float[Array, ""]) -> Solver:
    """(JᵀJ/n + λI)⁻¹ by Cholesky factors of two halves, which need half the memory of the whole's."""
    dtype, half = damping.dtype, len(gram) // 2
    corner = lambda block: block.astype(dtype) + damping * jnp.eye(len(block), dtype=dtype)
    upper = jnp.linalg.cholesky(corner(gram[:half, :half]), symmetrize_input=False)
    across = jsl.solve_triangular(upper, gram[:half, half:].astype(dtype), lower=True)
    lower = jnp.linalg.cholesky(corner(gram[half:, half:]) - across.T @ across, symmetrize_input=False)

    def solve(vector):
        first = jsl.solve_triangular(upper, vector[:half], lower=True)
        second = jsl.cho_solve((lower, True), vector[half:] - across.T @ first)
        return jnp.concatenate([jsl.solve_triangular(upper.T, first - across @ second, lower=False), second])

    return solve


def sample_space_solver(
    jacobian: Float[Array, "rows weights"], count: Int[Array, ""], damping: Float[Array, ""]
) -> Solver:
    """(JᵀJ/n + λI)⁻¹ through the smaller matrix JJᵀ (Woodbury identity); `count`: n."""
    scale = count * damping
    factor = jsl.cho_factor(jacobian @ jacobian.T + scale * jnp.eye(len(jacobian), dtype=jacobian.dtype))
    return lambda vector: (vector - jacobian.T @ jsl.cho_solve(factor, jacobian @ vector)) / damping
