"""The Kalman filter and smoother: exact where policies and equations are linear in state and shock."""

from dataclasses import dataclass

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
from .linear_pass import Linear, Update, log_densities, passed, smoothed
from .space import Observation

FINAL_PARTICLES = 1000


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
        found = log_densities(linearise(self._seen(seen), theta), data)
        return Increments(found, jnp.full_like(found, jnp.nan))

    def _seen(self, seen: Observation) -> Observation:
        return Observation(seen.economy.linearised, seen.names) if self.linearised else seen

    def track(self, seen, data, theta, key):
        seen = self._seen(seen)
        linear = linearise(seen, theta)
        done = passed(linear, data)
        means, spread, _ = smoothed(linear, done)
        variables = lambda m, p: _variables(seen, linear, theta, m, p)
        predicted = jax.vmap(lambda m: linear.level + linear.show @ m)(done.mean)
        spread_y = jax.vmap(lambda p: jnp.sqrt(jnp.maximum(jnp.sum((linear.show @ p) * linear.show, axis=1), 0)))
        final = self._final(seen, linear, theta, done, key)
        return Track(
            done.increment,
            jnp.full_like(done.increment, jnp.nan),
            *jax.vmap(variables)(done.filtered_mean, done.filtered_variance),
            *jax.vmap(variables)(means, spread),
            predicted,
            spread_y(done.variance),
            final,
        )

    def smoothed_shocks(self, seen, data, theta) -> tuple[Linear, Float[Array, " z"], Float[Array, "periods shocks"]]:
        """The linear model, the smoothed first z, and the expected shocks given all data."""
        linear = linearise(self._seen(seen), theta)
        means, _, shocks = smoothed(linear, passed(linear, data))
        return linear, means[0], shocks

    def _final(self, seen, linear, theta, done: Update, key) -> Cloud:
        states = len(seen.economy.equations.states)
        mean, variance = done.filtered_mean[-1, :states], done.filtered_variance[-1, :states, :states]
        values, vectors = jnp.linalg.eigh(variance)
        root = vectors * jnp.sqrt(jnp.maximum(values, 0))[None, :]
        normal = jax.random.normal(key, (FINAL_PARTICLES, states), theta.dtype)
        centre = seen.economy.equations.units(theta).state_center
        draw = lambda n: seen.economy.at(like(pack(centre) + mean + root @ n, centre), theta)
        return Cloud(jax.vmap(draw)(normal), jnp.full(FINAL_PARTICLES, -np.log(FINAL_PARTICLES), theta.dtype))


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
