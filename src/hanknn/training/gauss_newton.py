"""Levenberg-Marquardt on the squared residuals of a fixed design: the default training method.

With deterministic expectations the loss is a true sum of squares, so its Gauss-Newton matrix is
an excellent metric. Damping follows Nielsen's gain-ratio rule; a step that does not lower the
loss is rejected, so no run ends in NaN.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import jax.scipy.linalg as jsl
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..economy import Economy, Equations
from ..economy.draws import SURE
from ..economy.expectations import Expectation, GaussHermite
from ..economy.networks import PolicyNetwork, network_policy
from ..economy.points import Point
from ..machine.compiled import once
from ..machine.damping import Damping
from ..machine.errors import SettingError
from .curriculum import Curriculum
from .jacobian import Jacobian
from .method import Info, Method
from .sampling import StateDraws, sobol_design
from .screen import Screen, remembered
from .walk import Walk, anew
from .weighting import PolicyUnits, Weighting

CHUNK_BYTES = 2**27
"""Largest array formed at once; larger designs are accumulated in chunks."""

SETTLING = 4
"""Iterations after which a step is half a Gauss-Newton step, where curvature is remembered."""

ECONOMIES = 2**30
"""Sets the keys of new economies apart from those of shocks and nodes, which count iterations."""

SPAN = 0.1
"""Share of a step over which the rows' curvature is measured."""


class GaussNewtonState(NamedTuple):
    """What continues. `curvature` is JᵀJ/n in parameter space, past iterations' included as far as they are
    remembered, and J in sample space.

    `squares`: each economy's mean squared residuals along its path, their geometric mean, the last iterations' counting
    most.
    """

    weights: Float[Array, " weights"]
    damping: Float[Array, ""]
    growth: Float[Array, ""]
    loss: Float[Array, ""]
    mean_squares: Float[Array, " equations"]
    curvature: Float[Array, "_ weights"]
    gradient: Float[Array, " weights"]
    moved: Bool[Array, ""]
    precise: Bool[Array, ""]
    active: Int[Array, ""]
    iteration: Int[Array, ""]
    thetas: Float[Array, "points parameters"]
    states: Point
    row_weights: Float[Array, "points rows residuals"]
    squares: Float[Array, " points"]
    key: PRNGKeyArray


@dataclass(frozen=True)
class GaussNewton(Method):
    """Settings of the Levenberg-Marquardt method.

    `points`: size of the Sobol design over parameters and states, a power of two. The first `start` points are used
    first and the number doubles every `double_every` iterations: early steps are cheap, late ones accurate.
    `damping`: initial damping relative to the largest curvature; `least_damping`: what it never falls below, on the
    same scale (long steps into what the sample does not hold can leave the intended equilibrium). `float32_until`:
    JᵀJ is accumulated in single precision, at twice the speed, while the damping exceeds this share of the largest
    curvature, and in double once rounding would show or half the iterations are over (rounding can itself keep the
    damping up); 0: in single throughout, 1: in double throughout, which halves the compilation. Residuals, gradient
    and solve are always in double. `curriculum`: phases hard constraints in. `screen`: takes weight from economies
    that have no equilibrium. `walk`: moves the design's states by simulation, for economies whose ergodic
    distribution is known no other way. `memory`: where the walk brings new states each iteration, how much of the
    curvature is remembered once constraints are in force; steps shorten in proportion, and are whole once more when
    the walk's guard goes. For a linear problem this is
    recursive least squares: what earlier states have taught is kept, and the solution is that of 1/(1 − memory) times
    as many points. `bend`: bend steps along the residuals' own curvature. `at_once`: points
    differentiated at once at most; lower it where a point takes much memory. `target`: stop at this mean squared
    residual (design points).
    """

    iterations: int = 75
    points: int = 8192
    start: int = 2048
    double_every: int = 25
    expectation: Expectation = GaussHermite(5)
    draws: StateDraws = StateDraws(wide_share=0.1)
    weighting: Weighting = PolicyUnits()
    damping: float = 1e-3
    least_damping: float = 0.0
    float32_until: float = 1e-7
    curriculum: Curriculum | None = None
    screen: Screen | None = None
    walk: Walk | None = None
    memory: float = 0.0
    bend: bool = True
    at_once: int = 8192
    target: float = 0.0

    chunk: ClassVar[int] = 5

    def __post_init__(self) -> None:
        for name in ("points", "start", "at_once"):
            value = getattr(self, name)
            if value < 1 or value & (value - 1):
                raise SettingError(f"GaussNewton {name} is {value}; it must be a power of two (Sobol points)")
        if self.start > self.points:
            raise SettingError(f"GaussNewton start ({self.start}) exceeds points ({self.points})")
        if not 0 <= self.memory < 1 or (self.memory and self.walk is None):
            raise SettingError(
                f"GaussNewton memory is {self.memory}; give at least 0 and less than 1, and 0 without a walk: states "
                "that stay need no memory"
            )
        if self.iterations < 1 or self.double_every < 1:
            raise SettingError("GaussNewton iterations and double_every must be at least 1")

    @property
    def dtype(self):
        return jnp.float64

    def weights(self, state):
        return state.weights

    def init(self, equations, network, key):
        weights = ravel_pytree(network)[0].astype(self.dtype)
        thetas, states = self._start(equations, key)
        height, width = self._rows_and_residuals(equations, network, thetas, states)
        in_sample_space = self._in_sample_space(height, weights.size)
        if in_sample_space and self.memory:
            raise SettingError(
                f"GaussNewton memory needs at least as many residuals as weights ({weights.size:,}); {self.points:,} "
                f"points have {self.points * height:,}: take more"
            )
        shape = (self.points * height if in_sample_space else weights.size, weights.size)
        return GaussNewtonState(
            weights=weights,
            damping=jnp.asarray(-1.0, self.dtype),
            growth=jnp.asarray(2.0, self.dtype),
            loss=jnp.asarray(jnp.inf, self.dtype),
            mean_squares=jnp.zeros(len(equations.equation_names), self.dtype),
            curvature=jnp.zeros(shape, self.dtype if in_sample_space else self._curvature_dtype),
            gradient=jnp.zeros(weights.size, self.dtype),
            moved=jnp.asarray(True),
            precise=jnp.asarray(self.float32_until >= 1),
            active=jnp.asarray(0, jnp.int32),
            iteration=jnp.asarray(0, jnp.int32),
            thetas=thetas,
            states=states,
            row_weights=jnp.zeros((self.points, height, width), self.dtype),
            squares=jnp.zeros(self.points, self.dtype),
            key=jax.random.fold_in(key, 1),
        )

    def step(self, equations, network, state, axis):
        rebuild = ravel_pytree(network)[1]
        active = jnp.minimum(self.points, self.start * 2 ** (state.iteration // self.double_every)).astype(jnp.int32)
        share, screening, moving, changed = self._schedule(state.iteration)
        changed = changed | (active != state.active)
        here, states, squares = equations.relaxed(share), state.states, state.squares
        drawn, renewed = self._economies(equations, state)
        thetas = jax.vmap(equations.parameters)(drawn)
        economy = lambda: Economy(here, network_policy(rebuild(state.weights), here))
        # New nodes, of a rule that draws them, with new states only: steps are judged on one and the same sample.
        walk = self.walk
        since = state.iteration % walk.every if walk is not None else state.iteration
        keys = jax.random.split(jax.random.fold_in(state.key, state.iteration - since), self.points)
        if walk is not None:
            walks = state.iteration % walk.every == 0
            changed = changed | walks

            def move():
                key = jax.random.fold_in(state.key, state.iteration)
                begun = anew(equations, thetas, states, renewed)
                moved = walk.move(economy(), thetas, begun, key, self.expectation, state.iteration)
                return moved.states, remembered(squares, moved.sizes**2, (state.iteration == 0) | renewed)

            states, squares = jax.lax.cond(walks, move, lambda: (states, squares))

        def reweigh():
            now = economy()
            matrices = jax.vmap(lambda s, t: self.weighting.matrix(now, s, t))(states, thetas)
            sure = jax.vmap(equations.strain)(thetas) <= SURE
            roots = self._roots(now, squares, thetas, screening, sure)
            return self._with_stability(matrices, state.iteration, sure) * roots

        row_weights = jax.lax.cond(changed, reweigh, lambda: state.row_weights)
        points = thetas, states, row_weights, keys
        design = _Design(self, equations, share, rebuild, *points, active, state.weights.size)
        curvature, gradient, loss, mean_squares = jax.lax.cond(
            changed | state.moved,
            lambda: design.linearise(state.weights, state.precise),
            lambda: (state.curvature, state.gradient, state.loss, state.mean_squares),
        )
        gain = self._gain(state.iteration)
        recent = gain.astype(curvature.dtype)
        if self.memory:
            curvature = (1 - recent) * state.curvature + recent * curvature
        # The accepted trial's loss, not its recomputation: rounding must not show as a rise.
        loss = jnp.where(changed, loss, state.loss)
        largest = jnp.max(design.diagonal(curvature)).astype(self.dtype)
        started = (state.damping >= 0) & ~moving
        damping = jnp.where(started, state.damping, jnp.maximum(state.damping, self.damping * largest))

        step = gain * design.direction(state.weights, curvature, gradient, damping)
        trial_loss, trial_mean_squares = design.loss(state.weights + step)
        if self.memory:
            # By this sample's own curvature. It is found again from what is kept: one array fewer of the largest size.
            along = step.astype(curvature.dtype)
            own = (curvature @ along - (1 - recent) * (state.curvature @ along)) / recent
            predicted = -step @ (2 * gradient + own)
        else:
            predicted = step @ (damping * step - gradient)
        after, accept = Damping(damping, state.growth).after(loss, trial_loss, predicted)

        new = state._replace(
            weights=jnp.where(accept, state.weights + step, state.weights),
            damping=jnp.maximum(after.value, self.least_damping * largest),
            growth=after.growth,
            loss=jnp.where(accept, trial_loss, loss),
            mean_squares=jnp.where(accept, trial_mean_squares, mean_squares),
            curvature=curvature,
            gradient=gradient,
            moved=accept,
            precise=state.precise
            | (damping < self.float32_until * largest)
            | ((self.float32_until > 0) & (2 * (state.iteration + 1) >= self.iterations)),
            active=active,
            iteration=state.iteration + 1,
            thetas=drawn,
            states=states,
            row_weights=row_weights,
            squares=squares,
        )
        stalled = damping > 1e12 * largest
        reached = jnp.mean(new.mean_squares) <= self.target
        good = jnp.isfinite(loss) & jnp.all(jnp.isfinite(gradient))
        return new, Info(new.loss, new.mean_squares, damping, good, stalled | reached)

    def _start(self, equations, key):
        """Parameters and states to begin with: spread evenly, or, where they will be walked, as the walk draws them."""
        walk = self.walk
        if walk is None:
            return sobol_design(equations, self.draws, self.points, int(jax.random.randint(key, (), 0, 2**31 - 1)))
        first, second = jax.random.split(key)

        def start():
            thetas = walk.draw(equations, self.points, first, self.dtype)
            keys = jax.random.split(second, self.points)
            return thetas, jax.vmap(lambda v, k: self.draws.draw(equations, equations.parameters(v), k))(thetas, keys)

        return once(start)()

    def _economies(self, equations, state):
        """This iteration's parameters, and which economies are new."""
        if self.walk is None:
            return state.thetas, jnp.zeros(self.points, bool)
        key = jax.random.fold_in(jax.random.fold_in(state.key, ECONOMIES), state.iteration)
        return self.walk.renewed(equations, state.thetas, key, state.iteration % self.walk.every == 0)

    def _schedule(self, iteration):
        """How much constraints are relaxed, whether economies are screened, and whether either changes now."""
        share = jnp.asarray(0.0, self.dtype)
        changed = moving = screening = jnp.asarray(False)
        if self.curriculum is not None:
            share = self.curriculum.share(iteration, self.dtype)
            moving = share != self.curriculum.share(iteration - 1, self.dtype)
        if self.screen is not None:
            screening = share == 0
            changed = changed | (screening & (iteration % self.screen.every == 0))
        return share, screening, moving, changed | moving

    def _gain(self, iteration):
        """The share of a whole step that is taken, and of the present curvature in the remembered one."""
        if self.walk is None or not self.memory:
            return jnp.asarray(1.0, self.dtype)
        since = iteration - (0 if self.curriculum is None else self.curriculum.end)
        if self.walk.guarded is not None:
            # What is asked for changes once more: only whole steps get from one solution to the other.
            since = jnp.where(self.walk.guards(iteration), since, jnp.minimum(since, iteration - self.walk.guarded))
        return jnp.maximum(1 - self.memory, 1 / (1 + jnp.maximum(since, 0).astype(self.dtype) / SETTLING))

    def _roots(self, economy, squares, thetas, screening, sure):
        """Square roots of the economies' weights, shape (points, 1, 1), by their misfits: along their own paths where
        states are walked."""
        even = lambda: jnp.ones(self.points, self.dtype)
        if self.screen is None:
            return even()[:, None, None]
        if self.walk is not None:
            weights = self.screen.robust(jnp.sqrt(squares)) * jnp.where(sure, 1.0, self.screen.doubtful)
            return jnp.sqrt(weights)[:, None, None]
        screen = self.screen
        weigh = lambda: screen.weights(economy, thetas, self.expectation)
        return jnp.sqrt(jax.lax.cond(screening, weigh, even))[:, None, None]

    @property
    def _curvature_dtype(self):
        """What is computed in single precision is kept in it: it is by far the largest array."""
        return jnp.float32 if self.float32_until == 0 else self.dtype

    @property
    def _guard(self) -> Walk | None:
        """The walk, where it asks for stability."""
        return self.walk if self.walk is not None and self.walk.stability > 0 else None

    def _with_stability(
        self, matrices: Float[Array, "points rows residuals"], iteration: Int[Array, ""], sure: Bool[Array, " points"]
    ) -> Float[Array, "points _ _"]:
        """One more residual and row where stability is asked for: of weight one for whom it is, else of none."""
        guard = self._guard
        if guard is None:
            return matrices
        return jnp.pad(matrices, ((0, 0), (0, 1), (0, 1))).at[:, -1, -1].set(guard.guards(iteration) | ~sure)

    def _rows_and_residuals(self, equations, network, thetas, states) -> tuple[int, int]:
        """How many weighted rows a point has, and how many residuals they are made of."""

        def matrix(vector, state):
            economy = Economy(equations, network_policy(network, equations))
            return self.weighting.matrix(economy, state, equations.parameters(vector))

        shape = jax.eval_shape(jax.vmap(matrix), thetas, states).shape
        return shape[1] + (self._guard is not None), shape[2] + (self._guard is not None)

    def _in_sample_space(self, height: int, weights: int) -> bool:
        return self.points * height < weights


class _Sums(NamedTuple):
    """Over points: Jᵀ times the rows, the rows squared, and each residual squared."""

    gradient: Float[Array, " weights"]
    weighted: Float[Array, ""]
    raw: Float[Array, " residuals"]

    def plus(self, gradient: Array, rows: Array, raw: Array) -> "_Sums":
        """With another chunk's."""
        return _Sums(self.gradient + gradient, self.weighted + jnp.sum(rows**2), self.raw + jnp.sum(raw**2, axis=0))


class _Design(NamedTuple):
    """The weighted residuals of a design as a function of the weight vector."""

    method: GaussNewton
    equations: Equations
    share: Float[Array, ""]
    rebuild: Callable[[Array], PolicyNetwork]
    thetas: Point
    states: Point
    matrices: Float[Array, "points rows residuals"]
    keys: PRNGKeyArray
    active: Int[Array, ""]
    size: int

    @property
    def in_sample_space(self) -> bool:
        return self.method._in_sample_space(self.height, self.size)

    @property
    def chunk(self) -> int:
        """Points differentiated at once."""
        return min(self._fitting(self.height * self.size), self.method.at_once)

    def _fitting(self, numbers: int) -> int:
        """How many points to take at once where each needs so many numbers."""
        points = self.method.start
        while points > 1 and points * numbers * 8 > CHUNK_BYTES:
            points //= 2
        return points

    @property
    def height(self) -> int:
        """Rows of one point."""
        return self.matrices.shape[1]

    @property
    def count(self) -> Int[Array, ""]:
        """Number of active rows."""
        return self.active * self.height

    def diagonal(self, curvature):
        """The diagonal of JᵀJ/n."""
        return jnp.sum(curvature**2, axis=0) / self.count if self.in_sample_space else jnp.diag(curvature)

    def _chunk_points(self, i):
        part = lambda array: jax.lax.dynamic_slice_in_dim(array, i * self.chunk, self.chunk)
        return jax.tree.map(part, (self.matrices, self.states, self.thetas, self.keys))

    def loss(self, weights):
        """Mean square of the weighted rows, and each equation's own mean square, over the active points."""

        def add(i, totals):
            rows, raw = self._rows(weights, *self._chunk_points(i))
            return totals[0] + jnp.sum(rows**2), totals[1] + jnp.sum(raw**2, axis=0)

        zero = jnp.zeros((), weights.dtype), jnp.zeros(len(self.equations.row_equations), weights.dtype)
        weighted, squares = jax.lax.fori_loop(0, self.active // self.chunk, add, zero)
        return weighted / self.count, self.equations.by_equation(squares / self.active)

    def _point(self, network, matrix, state, theta, key):
        """Weighted rows of one point, and the residuals behind them."""
        equations = self.equations.relaxed(self.share.astype(theta.dtype))
        economy = Economy(equations, network_policy(network, equations))
        raw = economy.residuals(state, theta, self.method.expectation, key)
        guard = self.method._guard
        if guard is None:
            return matrix @ raw, raw
        return matrix @ jnp.append(raw, guard.wandering(economy, state, theta)), raw

    def _rows(self, weights, *points):
        """Weighted rows of one chunk, shape (chunk · rows,), and the residuals behind them."""
        rows, raw = jax.vmap(self._point, (None, 0, 0, 0, 0))(self.rebuild(weights), *points)
        return rows.reshape(-1), raw

    def _jacobian(self, weights, matrices, states, thetas, keys):
        """Jacobian of one chunk's weighted rows, the rows, shape (chunk, rows), and the residuals behind them."""
        network = self.rebuild(weights)

        def point(*point):
            seen = self.equations.model.parameters.scaled(self.equations.vector(point[2]))
            return Jacobian.of(lambda net: self._point(net, *point), network, seen)

        return jax.vmap(point)(matrices, states, thetas, keys)

    def linearise(self, weights, precise):
        """Curvature and gradient of half the loss, and what `loss` returns."""
        if self.in_sample_space:
            curvature, sums = self._stacked_jacobian(weights)
        elif self.method.float32_until >= 1:
            gram, sums = self._gram(weights, weights.dtype)
            curvature = gram / self.count
        else:
            curvature, sums = self._curvature(weights, precise), self._sums(weights)
        mean_squares = self.equations.by_equation(sums.raw / self.active)
        return curvature, sums.gradient / self.count, sums.weighted / self.count, mean_squares

    def _sums(self, weights):
        """The gradient by one reverse pass a chunk: a Jacobian in single precision is not exact enough for it."""

        def add(i, sums):
            rows, pull_back, raw = jax.vjp(lambda w: self._rows(w, *self._chunk_points(i)), weights, has_aux=True)
            return sums.plus(pull_back(rows)[0], rows, raw)

        return jax.lax.fori_loop(0, self.active // self.chunk, add, self._no_sums(weights.dtype))

    def _no_sums(self, dtype):
        count = len(self.equations.row_equations)
        return _Sums(jnp.zeros(self.size, dtype), jnp.zeros((), dtype), jnp.zeros(count, dtype))

    def _curvature(self, weights, precise):
        """JᵀJ/n. Where one precision serves throughout, only that one is compiled."""
        kept = self.method._curvature_dtype
        gram = lambda dtype: self._gram(weights, dtype)[0].astype(kept) / self.count.astype(kept)
        if self.method.float32_until == 0:
            return gram(jnp.float32)
        return jax.lax.cond(precise, lambda: gram(weights.dtype), lambda: gram(jnp.float32))

    def _gram(self, weights, dtype):
        """JᵀJ over the active points, accumulated in `dtype`, and sums of the same precision.

        The sum keeps that type throughout: with a cast to float64 fused into the product, XLA's
        CPU backend takes three times as long.
        """
        jacobian, sums = self._stored(weights, dtype)
        size = self._fitting(jacobian.largest_product)
        part = lambda i: jax.tree.map(lambda leaf: jax.lax.dynamic_slice_in_dim(leaf, i * size, size), jacobian)
        add = lambda i, total: jax.tree.map(jnp.add, total, part(i).products())
        start = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), jax.eval_shape(lambda: part(0).products()))
        products = jax.lax.fori_loop(0, self.active // size, add, start)
        return jacobian.gram(products), sums

    def _stacked_jacobian(self, weights):
        """J over all points, rows of inactive ones zero, and its sums."""
        jacobian, sums = self._stored(weights, weights.dtype)
        return jacobian.dense(), sums

    def _stored(self, weights, dtype):
        """The Jacobian of all points in factors, those of inactive ones zero, and its sums."""

        def linear(i):
            *numbers, keys = self._chunk_points(i)
            matrices, states, thetas = jax.tree.map(lambda a: a.astype(dtype), numbers)
            return self._jacobian(weights.astype(dtype), matrices, states, thetas, keys)

        def store(i, carry):
            stored, sums = carry
            jacobian, rows, raw = linear(i)
            put = lambda whole, part: jax.lax.dynamic_update_slice_in_dim(whole, part, i * self.chunk, 0)
            return jax.tree.map(put, stored, jacobian), sums.plus(jacobian.transposed_times(rows), rows, raw)

        shapes = jax.eval_shape(lambda: linear(0)[0])
        start = jax.tree.map(lambda s: jnp.zeros((self.thetas.rows, *s.shape[1:]), dtype), shapes)
        return jax.lax.fori_loop(0, self.active // self.chunk, store, (start, self._no_sums(dtype)))

    def direction(self, weights, curvature, gradient, damping):
        """The damped Gauss-Newton step, bent along the residuals' own curvature.

        The second-order term ("geodesic acceleration", Transtrum and Sethna 2012) costs one
        directional derivative and is dropped where it is not small beside the first.
        """
        solver = self._sample_space_solver if self.in_sample_space else self._parameter_space_solver
        solve = solver(curvature, damping)
        velocity = -solve(gradient)
        if not self.method.bend:
            return velocity
        acceleration = -0.5 * solve(self._second_order(weights, velocity))
        small = 2 * jnp.linalg.norm(acceleration) <= 0.75 * jnp.linalg.norm(velocity)
        return velocity + jnp.where(small, acceleration, 0)

    def _parameter_space_solver(self, gram, damping):
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

    def _sample_space_solver(self, jacobian, damping):
        """(JᵀJ/n + λI)⁻¹ through the smaller matrix JJᵀ (Woodbury identity)."""
        scale = self.count * damping
        factor = jsl.cho_factor(jacobian @ jacobian.T + scale * jnp.eye(len(jacobian), dtype=jacobian.dtype))
        return lambda vector: (vector - jacobian.T @ jsl.cho_solve(factor, jacobian @ vector)) / damping

    def _second_order(self, weights, velocity):
        """Jᵀ times the second derivative of the rows along `velocity`, per row.

        A central difference over a tenth of the step: nested derivatives of a long equation take
        longer to compile than many a solve.
        """

        def add(i, total):
            rows = lambda w: self._rows(w, *self._chunk_points(i))[0]
            here, pull_back = jax.vjp(rows, weights)
            around = jax.lax.map(lambda h: rows(weights + h * velocity), jnp.array([-SPAN, SPAN], weights.dtype))
            second = (around[0] - 2 * here + around[1]) / SPAN**2
            return total + pull_back(second)[0]

        return jax.lax.fori_loop(0, self.active // self.chunk, add, jnp.zeros_like(weights)) / self.count
