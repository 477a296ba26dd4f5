"""The Kalman filter and smoother: exact where policies and equations are linear in state and shock."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...economy import Now
from ...economy.linear.stationary import stationary
from ...economy.points import Point, like, pack
from ...machine.compiled import jit
from ...machine.errors import ModelError
from .base import Cloud, Filter, Increments, Track
from .space import Observation, Period

FINAL_PARTICLES = 1000


class Linear(NamedTuple):
    """z' = drift + move z + hit e,  y = level + show z,  z = (this period's state, last period's).

    `policies` and `slopes`: policies and their slopes at the centre of the states.
    """

    start: Float[Array, " z"]
    spread: Float[Array, "z z"]
    drift: Float[Array, " z"]
    move: Float[Array, "z z"]
    hit: Float[Array, "z shocks"]
    level: Float[Array, " observables"]
    show: Float[Array, "observables z"]
    policies: Float[Array, " policies"]
    slopes: Float[Array, "policies states"]


def linearise(seen: Observation, theta: Point) -> Linear:
    """The model around the centre of its states; exact where it is linear. States become deviations."""
    economy = seen.economy
    middle = economy.center(theta)
    centre, policies = pack(middle.state), pack(middle.policy)
    states, shocks = len(economy.equations.states), len(economy.equations.shocks)
    slopes = jax.jacfwd(lambda s: pack(economy.policy(like(s, middle.state), theta)))(centre)
    at = lambda s: Now(like(s, middle.state), like(policies + slopes @ (s - centre), middle.policy))
    step = lambda s, e: pack(economy.equations.transition(*at(s), e, theta))
    observe = lambda s1, s0: seen.observe(at(s0), at(s1), theta)
    calm = jnp.zeros(shocks, theta.dtype)
    a, b = jax.jacfwd(step, (0, 1))(centre, calm)
    now, last = jax.jacfwd(observe, (0, 1))(centre, centre)
    drift = step(centre, calm) - centre
    mean = jnp.linalg.solve(jnp.eye(states, dtype=theta.dtype) - a, drift)
    variance = stationary(a, b @ b.T)
    zero = jnp.zeros((states, states), theta.dtype)
    move = jnp.block([[a, zero], [jnp.eye(states, dtype=theta.dtype), zero]])
    hit = jnp.concatenate([b, jnp.zeros((states, shocks), theta.dtype)])
    # The first period's z: the state after one step from the stationary distribution, and that start itself.
    spread = jnp.block([[variance, a @ variance], [variance @ a.T, variance]])
    return Linear(
        jnp.concatenate([mean, mean]),
        spread,
        jnp.concatenate([drift, jnp.zeros(states, theta.dtype)]),
        move,
        hit,
        observe(centre, centre),
        jnp.concatenate([now, last], axis=1),
        policies,
        slopes,
    )


class _Update(NamedTuple):
    """One period's pass: predicted moments, innovations and gains of its whitened observations."""

    mean: Float[Array, " z"]
    variance: Float[Array, "z z"]
    filtered_mean: Float[Array, " z"]
    filtered_variance: Float[Array, "z z"]
    rows: Float[Array, "observables z"]
    errors: Float[Array, " observables"]
    variances: Float[Array, " observables"]
    gains: Float[Array, "observables z"]
    increment: Float[Array, ""]


def update(linear: Linear, data: Period, mean: Float[Array, " z"], variance: Float[Array, "z z"]) -> _Update:
    """Take in one period's observations one by one (Koopman and Durbin 2000): whitened, they are independent."""
    rows = data.whitening @ linear.show
    values = data.whitening @ (data.values - linear.level)
    m, p, increment = mean, variance, data.constant
    errors, variances, gains = [], [], []
    for i in range(rows.shape[0]):
        column = p @ rows[i]
        f = rows[i] @ column + 1
        v = values[i] - rows[i] @ m
        gain = column / f
        m, p = m + gain * v, p - f * jnp.outer(gain, gain)
        increment = increment - 0.5 * (jnp.log(f) + v**2 / f)
        errors.append(v)
        variances.append(f)
        gains.append(gain)
    stacked = jnp.stack(errors), jnp.stack(variances), jnp.stack(gains)
    return _Update(mean, variance, m, p, rows, *stacked, increment)


@dataclass(frozen=True)
class Kalman(Filter):
    """Exact for linear models. `tolerance`: largest departure from linearity, relative to each variable's movement
    where the economy's ergodic distribution reaches, at which a solution still counts as linear.

    `linearised`: filters the model linearised around its steady state, whatever the solution and however far it is from
    linear: what a linear estimation would say. Constraints are ignored. Raises `ModelError` for a model that the
    library does not linearise.
    """

    tolerance: float = 0.01
    linearised: bool = False

    def require(self, seen: Observation) -> None:
        seen.require_scalars("Kalman")
        self._seen(seen)  # refuses a model without a linear solution
        if self.linearised:
            return
        name, departure = departure_from_linearity(seen)
        if not departure <= self.tolerance:
            linear = ", or filter the linearised model: Kalman(linearised=True), --filter linear on the command line"
            raise ModelError(
                f"the Kalman filter needs a linear model, but '{name}' departs from linearity by "
                f"{100 * departure:.2g} % of its movement; use a particle filter (Twisted, Bootstrap) or Grid()"
                f"{linear if seen.economy.equations.model.linearises else ''}"
            )

    def increments(self, seen, data, theta, key):
        linear = linearise(self._seen(seen), theta)

        def period(carry, now):
            done = update(linear, now, *carry)
            return _predict(linear, done.filtered_mean, done.filtered_variance), done.increment

        found = jax.lax.scan(period, (linear.start, linear.spread), data)[1]
        return Increments(found, jnp.full_like(found, jnp.nan))

    def _seen(self, seen: Observation) -> Observation:
        return Observation(seen.economy.linearised, seen.names) if self.linearised else seen

    def track(self, seen, data, theta, key):
        seen = self._seen(seen)
        linear, passed = self._passes(seen, data, theta)
        smoothed, spread, _ = _smooth(linear, passed)
        variables = lambda m, p: _variables(seen, linear, theta, m, p)
        predicted = jax.vmap(lambda m: linear.level + linear.show @ m)(passed.mean)
        spread_y = jax.vmap(lambda p: jnp.sqrt(jnp.maximum(jnp.sum((linear.show @ p) * linear.show, axis=1), 0)))
        final = self._final(seen, linear, theta, passed, key)
        return Track(
            passed.increment,
            jnp.full_like(passed.increment, jnp.nan),
            *jax.vmap(variables)(passed.filtered_mean, passed.filtered_variance),
            *jax.vmap(variables)(smoothed, spread),
            predicted,
            spread_y(passed.variance),
            final,
        )

    def smoothed_shocks(self, seen, data, theta) -> tuple[Linear, Float[Array, " z"], Float[Array, "periods shocks"]]:
        """The linear model, the smoothed first z, and the expected shocks given all data."""
        linear, passed = self._passes(seen, data, theta)
        smoothed, _, shocks = _smooth(linear, passed)
        return linear, smoothed[0], shocks

    def _passes(self, seen, data, theta) -> tuple[Linear, _Update]:
        linear = linearise(self._seen(seen), theta)

        def period(carry, now):
            done = update(linear, now, *carry)
            return _predict(linear, done.filtered_mean, done.filtered_variance), done

        return linear, jax.lax.scan(period, (linear.start, linear.spread), data)[1]

    def _final(self, seen, linear, theta, passed: _Update, key) -> Cloud:
        states = len(seen.economy.equations.states)
        mean, variance = passed.filtered_mean[-1, :states], passed.filtered_variance[-1, :states, :states]
        values, vectors = jnp.linalg.eigh(variance)
        root = vectors * jnp.sqrt(jnp.maximum(values, 0))[None, :]
        normal = jax.random.normal(key, (FINAL_PARTICLES, states), theta.dtype)
        centre = seen.economy.equations.units(theta).state_center
        draw = lambda n: seen.economy.at(like(pack(centre) + mean + root @ n, centre), theta)
        return Cloud(jax.vmap(draw)(normal), jnp.full(FINAL_PARTICLES, -np.log(FINAL_PARTICLES), theta.dtype))


def _predict(linear: Linear, mean, variance):
    return linear.drift + linear.move @ mean, linear.move @ variance @ linear.move.T + linear.hit @ linear.hit.T


def _smooth(linear: Linear, passed: _Update):
    """Smoothed means, variances and shocks (Durbin and Koopman 2012, sections 4.4, 4.5 and 6.4)."""
    size = linear.start.shape[0]

    def back(carry, done: _Update):
        r, n = carry
        for i in reversed(range(done.errors.shape[0])):
            row, v, f, gain = done.rows[i], done.errors[i], done.variances[i], done.gains[i]
            keep = jnp.eye(size, dtype=r.dtype) - jnp.outer(gain, row)
            r = row * v / f + keep.T @ r
            n = jnp.outer(row, row) / f + keep.T @ n @ keep
        mean = done.mean + done.variance @ r
        variance = done.variance - done.variance @ n @ done.variance
        return (linear.move.T @ r, linear.move.T @ n @ linear.move), (mean, variance, linear.hit.T @ r)

    zero = jnp.zeros(size, linear.start.dtype), jnp.zeros((size, size), linear.start.dtype)
    return jax.lax.scan(back, zero, passed, reverse=True)[1]


def _variables(seen: Observation, linear: Linear, theta, mean, variance):
    """Means and s.d. of states and policies from the moments of z."""
    states = len(seen.economy.equations.states)
    s, p = mean[:states], variance[:states, :states]
    centre = pack(seen.economy.equations.units(theta).state_center)
    spread = jnp.concatenate([jnp.diag(p), jnp.sum((linear.slopes @ p) * linear.slopes, axis=1)])
    return jnp.concatenate([centre + s, linear.policies + linear.slopes @ s]), jnp.sqrt(jnp.maximum(spread, 0))


def departure_from_linearity(seen: Observation, draws: int = 8) -> tuple[str, float]:
    """The next state or observable that is furthest from linear, and by which share of its movement.

    States are looked at up to 3 s.d. out along the axes of the ergodic distribution: where one follows another, as
    capital follows consumption, they are never far from it on their own.
    """
    equations = seen.economy.equations
    states, shocks = len(equations.states), len(equations.shocks)

    def compare(key):
        first, second = jax.random.split(key)
        theta = equations.parameters(equations.model.parameters.draw(first, jnp.float64))
        middle, linear = pack(equations.units(theta).state_center), linearise(seen, theta)

        def at(normal):
            state, shock = equations.ergodic_state(normal[:states], theta), normal[states:]
            away = pack(state) - middle
            last = seen.economy.at(state, theta)
            now, shown = seen.ahead(last, theta)(shock)
            true = jnp.concatenate([pack(now.state) - middle, shown])
            z = linear.drift + linear.move @ jnp.concatenate([away] * 2) + linear.hit @ shock
            return true, jnp.concatenate([z[:states], linear.level + linear.show @ z])

        true, straight = jax.vmap(at)(jax.random.uniform(second, (64, states + shocks), minval=-3.0, maxval=3.0))
        return jnp.max(jnp.abs(true - straight), axis=0) / (jnp.std(true, axis=0) + 1e-300)

    worst = np.asarray(jit(jax.vmap(compare))(jax.random.split(jax.random.key(0), draws))).max(axis=0)
    names = (*equations.states, *seen.names)
    return names[int(np.argmax(worst))], float(worst.max())
