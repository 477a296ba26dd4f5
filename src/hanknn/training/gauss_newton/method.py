"""Levenberg-Marquardt: a damped Gauss-Newton step an iteration.

With deterministic expectations the loss is a true sum of squares, so its Gauss-Newton matrix is
an excellent metric. Damping follows Nielsen's gain-ratio rule; a step that does not lower the
loss is rejected, so no run ends in NaN.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ...economy import Economy, Equations
from ...economy.expectations import Expectation, GaussHermite, Nodes
from ...economy.networks import PolicyNetwork, network_policy
from ...economy.points import Point
from ...machine.batches import in_batches
from ...machine.damping import Damping
from ...machine.errors import SettingError
from ..method import Info, Method
from ..sample.curriculum import Curriculum
from ..sample.fixed import Fixed
from ..sample.sample import Sample, Turn
from ..weighting import PolicyUnits, Weighting
from .curvature import Curvature, Local, largest
from .design import Design, Points, Weighed

AT_ONCE = 1024
"""Points whose nodes and weights are found at once, at most."""


class GaussNewtonState(NamedTuple):
    """What continues. `moved`: whether the last step was taken; `precise`: whether double precision is needed."""

    weights: Float[Array, " weights"]
    damping: Float[Array, ""]
    growth: Float[Array, ""]
    here: Local
    moved: Bool[Array, ""]
    precise: Bool[Array, ""]
    iteration: Int[Array, ""]
    sample: Any
    weighed: Weighed
    key: PRNGKeyArray


@dataclass(frozen=True)
class GaussNewton(Method):
    """Settings of the Levenberg-Marquardt method.

    `sample`: where it looks. `expectation`: how expectations are computed, with the same nodes as long as states stay.
    `curriculum`: phases hard constraints in. `target`: stop at this mean squared residual (over the sample).
    """

    iterations: int = 75
    sample: Sample = Fixed()
    expectation: Expectation = GaussHermite(5)
    weighting: Weighting = PolicyUnits()
    curvature: Curvature = Curvature()
    curriculum: Curriculum = Curriculum(0, 0)
    target: float = 0.0

    chunk: ClassVar[int] = 5

    def __post_init__(self) -> None:
        if self.curvature.memory and not self.sample.moves:
            raise SettingError(
                f"Curvature memory is {self.curvature.memory}; give 0 without a walk: states that stay need no memory"
            )
        if self.iterations < 1:
            raise SettingError(f"GaussNewton iterations is {self.iterations}; it must be at least 1")

    @property
    def dtype(self):
        return jnp.float64

    def weights(self, state):
        return state.weights

    def init(self, equations, network, key):
        weights = ravel_pytree(network)[0].astype(self.dtype)
        sample, start = self.sample.init(equations, key), jnp.asarray(0, jnp.int32)
        thetas = lambda: jax.vmap(equations.parameters)(sample.theta)
        turn = lambda: self._turn(equations, network, start, self._share(start))
        weighed = jax.eval_shape(lambda: self._weighed(turn(), sample, thetas()))
        rows = self.sample.points * sum(part.shape[1] for part in weighed)
        return GaussNewtonState(
            weights=weights,
            damping=jnp.asarray(-1.0, self.dtype),
            growth=jnp.asarray(2.0, self.dtype),
            here=self.curvature.none(rows, weights.size, len(equations.equation_names)),
            moved=jnp.asarray(True),
            precise=jnp.asarray(self.curvature.float32_until >= 1),
            iteration=start,
            sample=sample,
            weighed=jax.tree.map(lambda part: jnp.zeros(part.shape, self.dtype), weighed),
            key=jax.random.fold_in(key, 1),
        )

    def step(self, equations, network, state):
        curvature, rebuild = self.curvature, ravel_pytree(network)[1]
        share = self._share(state.iteration)
        eased = share != self._share(state.iteration - 1)
        turn = self._turn(equations, rebuild(state.weights), state.iteration, share)
        sample, thetas, renewed = self.sample.moved(turn, state.sample, state.key)
        changed = eased | renewed
        weighed = jax.lax.cond(changed, lambda: self._weighed(turn, sample, thetas), lambda: state.weighed)
        design = self._design(turn, share, rebuild, state, (thetas, sample.state, weighed))
        here = jax.lax.cond(
            changed | state.moved, lambda: curvature.at(design, state.weights, state.precise), lambda: state.here
        )
        gain = curvature.gain(self._since_changed(state.iteration))
        # The accepted trial's loss, not its recomputation: rounding must not show as a rise.
        loss = jnp.where(changed | self.expectation.follows, here.loss, state.here.loss)
        here = here._replace(loss=loss, curvature=curvature.remembered(state.here.curvature, here.curvature, gain))
        top = largest(design, here.curvature)
        started = (state.damping >= 0) & ~eased
        damping = jnp.where(started, state.damping, jnp.maximum(state.damping, curvature.damping * top))

        step = gain * curvature.direction(design, state.weights, here, damping)
        trial, squares = design.loss(state.weights + step)
        predicted = curvature.predicted(here, state.here.curvature, step, damping, gain)
        after, accept = Damping(damping, state.growth).after(loss, trial, predicted)

        until, half_over = curvature.float32_until, 2 * (state.iteration + 1) >= self.iterations
        squares = jnp.where(accept, squares, here.mean_squares)
        new = state._replace(
            weights=jnp.where(accept, state.weights + step, state.weights),
            damping=jnp.maximum(after.value, curvature.least_damping * top),
            growth=after.growth,
            here=here._replace(loss=jnp.where(accept, trial, loss), mean_squares=squares),
            moved=accept,
            precise=state.precise | (damping < until * top) | ((until > 0) & half_over),
            iteration=state.iteration + 1,
            sample=sample,
            weighed=weighed,
        )
        done = (damping > 1e12 * top) | (jnp.mean(squares) <= self.target)
        good = jnp.isfinite(loss) & jnp.all(jnp.isfinite(here.gradient))
        return new, Info(new.here.loss, squares, damping, good, done)

    def _share(self, iteration):
        return self.curriculum.share(iteration, self.dtype)

    def _turn(self, equations, network, iteration, share) -> Turn:
        return Turn(iteration, equations, _economy(equations, network, share), self.expectation, share == 0)

    def _weighed(self, turn, sample, thetas) -> Weighed:
        one = lambda state, theta: self.weighting.matrix(turn.economy, state, theta)
        matrices = in_batches(one, (sample.state, thetas), min(self.curvature.at_once, AT_ONCE))
        roots = jnp.sqrt(self.sample.weights(turn, sample, thetas))
        return Weighed(matrices * roots[:, :1, None], roots[:, 1:])

    def _design(self, turn, share, rebuild, state, points: tuple[Point, Point, Weighed]) -> Design:
        equations = turn.equations

        def point(network, point):
            economy = _economy(equations, network, share.astype(point.thetas.dtype))
            raw = economy.residuals_over(point.states, point.thetas, point.nodes)
            besides = self.sample.besides(economy, point.states, point.thetas)
            return jnp.append(point.weighed.matrices @ raw, point.weighed.besides * besides), raw

        placed = Points(*points, self._nodes(turn, state, *points[:2]))
        active, at_once = self.sample.active(state.iteration), self.curvature.at_once
        return Design(equations, rebuild, point, placed, active, self.sample.fewest, at_once, state.weights.size)

    def _nodes(self, turn: Turn, state: GaussNewtonState, thetas: Point, states: Point) -> Nodes:
        """The nodes of all points' expectations under the present policies, at which a step is judged, too.

        New ones, of a rule that draws them, with new states only: steps are judged on one and the same sample.
        """
        drawn = jax.random.fold_in(state.key, state.iteration if self.sample.moves else 0)
        one = lambda theta, state, key: turn.economy.nodes(state, theta, self.expectation, key)
        rows = thetas, states, jax.random.split(drawn, self.sample.points)
        return in_batches(one, rows, min(self.curvature.at_once, AT_ONCE))

    def _since_changed(self, iteration):
        """Iterations since what is asked of the points last changed."""
        return jnp.minimum(iteration - self.curriculum.end, self.sample.since_changed(iteration))


def _economy(equations: Equations, network: PolicyNetwork, share: Float[Array, ""]) -> Economy:
    """With constraints relaxed by a share, under the network's policies."""
    relaxed = equations.relaxed(share)
    return Economy(relaxed, network_policy(network, relaxed))
