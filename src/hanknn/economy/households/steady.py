"""The steady state of an economy with households: no aggregate shock happens, idiosyncratic risk stays."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...machine.compiled import jit
from ...machine.errors import ModelError, NotSolvedError, UnknownNameError
from ..markov import lasting
from ..points import Point, join
from .block import ByHousehold
from .distribution import split
from .economics import HouseholdEconomics

TOLERANCE, VALUE_TOLERANCE, ITERATIONS = 1e-9, 1e-13, 20_000
"""Largest condition of a steady state; largest change of log values at which they have converged, and steps allowed."""

STEP, GROWS, SHRINKS, WIDEST, WORSE = 0.01, 1.5, 0.2, 20, 3.0
"""A bracket's first step, relative; how steps grow, and shrink; how many there are in a direction; it is given up once
conditions are so many times as far off as at the guess."""

AT_TOP = 2e-3
"""Share of households that may be at the top of the grid."""

LEAST = 0.1
"""Unknowns count as at least so large where steps are relative."""


class AtRest(NamedTuple):
    """One steady state: unknowns, log values of assets, distribution."""

    unknowns: Float[Array, " unknowns"]
    log_value: ByHousehold
    distribution: ByHousehold


class Households(NamedTuple):
    """Households at given prices: log values, choices, distribution, the values' last change."""

    log_value: ByHousehold
    choices: Point
    distribution: ByHousehold
    change: Float[Array, ""]


class Try(NamedTuple):
    """Unknowns, and by how much they miss."""

    off: Float[np.ndarray, " conditions"]
    rest: AtRest


class SteadySearch:
    """The search for a model's steady states, each from the values of the one before.

    One unknown is bracketed and found by Brent's method; more by Powell's hybrid method. `names`: of the unknowns:
    policies, and the assets that households hold, where prices depend on them.
    """

    def __init__(self, model: HouseholdEconomics) -> None:
        self.model, self.block = model, model.household
        theta = self.theta(jnp.asarray(model.parameters.baseline))
        own = [name for name in model.policies if name != "value"]
        guess, where = model.steady_state(theta), f"{type(model).__name__}.steady_state"
        scalars = [name for name, variable in model.states.items() if not variable.shape]
        for name in guess:
            if name not in (*own, *scalars, "assets"):
                raise UnknownNameError("name", name, [*own, *scalars, "assets"], where)
        for name in own:
            if name not in guess:
                raise ModelError(f"{where} returns no '{name}'; it returns a guess of each of the policies")
        self.names = (*own, *(["assets"] if "assets" in guess else []))
        self.compiled = jit(self.conditions)
        self.start: Array | None = None

    def theta(self, vector: Float[Array, " parameters"]) -> Point:
        """Parameters with what the model derives of them, without its households."""
        theta = Point(dict(zip(self.model.parameters.names, vector, strict=True)), "parameter")
        own = {n: jnp.asarray(v, vector.dtype) for n, v in self.model.derived(theta).items()}
        return join(theta, Point(own, "parameter")) if own else theta

    def period(self, theta: Point, unknowns: Float[Array, " unknowns"]) -> Point:
        """States, policies, masses and prices of the steady state with these unknowns."""
        given = self.model.steady_states(theta)
        scalars = [name for name, variable in self.model.states.items() if not variable.shape]
        own = {name: jnp.asarray(given.get(name, 0.0), theta.dtype) for name in scalars}
        own |= dict(zip(self.names, unknowns, strict=True))
        own = {"assets": jnp.zeros((), theta.dtype), **own}
        return self.priced({**own, "masses": lasting(self.block.odds(Point(own), Point(own), theta))}, theta)

    def priced(self, values: dict[str, Array], theta: Point) -> Point:
        """These values with the prices that they give."""
        return self.model.priced(Point(values), theta)

    def households(self, theta: Point, now: Point, start: ByHousehold) -> Households:
        """Values by iteration, then the distribution that choices leave unchanged."""
        risk = self.block.odds(now, now, theta)

        def step(carry):
            log_value, _, i = carry
            new = self.earlier(theta, now, log_value, risk)
            return new, jnp.max(jnp.abs(new - log_value)), i + 1

        going = lambda carry: (carry[1] > VALUE_TOLERANCE) & (carry[2] < ITERATIONS)
        begin = start, jnp.asarray(jnp.inf, start.dtype), jnp.asarray(0)
        log_value, change, _ = jax.lax.while_loop(going, step, begin)
        choices = self.block.chosen(jnp.exp(log_value), now, theta)
        return Households(log_value, choices, stationary(self.block.nodes(theta), choices.assets, risk), change)

    def earlier(self, theta: Point, now: Point, log_value: ByHousehold, risk: Array) -> ByHousehold:
        """Log values a period before `now`, where those of `now` are `log_value`."""
        return jnp.log(self.block.chosen(jnp.exp(log_value), now, theta).marginal_value @ risk.T)

    def missed(
        self, theta: Point, now: Point, choices: Point, distribution: ByHousehold
    ) -> Float[Array, " conditions"]:
        """The model's conditions, and how far assets are from those that prices were asked at."""
        held = jnp.sum(distribution * self.block.nodes(theta)[:, None])
        asked = now.assets if "assets" in self.names else held
        own = {name: getattr(now, name) for name in now}
        whole = Point({**own, "assets": asked, "distribution": distribution})
        averaged = self.model.expected(whole, whole, theta)
        expected = Point({name: jnp.asarray(value, theta.dtype) for name, value in averaged.items()}, "expected value")
        found = [jnp.asarray(v) for v in self.model.conditions(whole, choices, expected, theta).values()]
        found += [held / asked - 1] if "assets" in self.names else []
        return jnp.stack(found) if found else jnp.zeros(0, theta.dtype)

    def conditions(self, vector: Array, unknowns: Array, start: ByHousehold) -> tuple[Array, Households]:
        theta = self.theta(vector)
        now = self.period(theta, unknowns)
        found = self.households(theta, now, start)
        return self.missed(theta, now, found.choices, found.distribution), found

    def remainders(self, vector: Array, rest: AtRest) -> Float[Array, " remainders"]:
        """What all equations of a steady state leave at another one's values: zero where parameters do not move it."""
        theta = self.theta(vector)
        now = self.period(theta, rest.unknowns)
        risk = self.block.odds(now, now, theta)
        choices = self.block.chosen(jnp.exp(rest.log_value), now, theta)
        value = self.earlier(theta, now, rest.log_value, risk) - rest.log_value
        moved = split(self.block.nodes(theta), rest.distribution, choices.assets) @ risk - rest.distribution
        return jnp.concatenate([self.missed(theta, now, choices, rest.distribution), value.ravel(), moved.ravel()])

    def solve(self, vector: Float[np.ndarray, " parameters"]) -> AtRest:
        """The steady state at a full parameter vector; raises `NotSolvedError` where none is found."""
        theta = self.theta(jnp.asarray(vector))
        guess = self.model.steady_state(theta)
        begin = np.array([float(guess[name]) for name in self.names])
        self.start = self._guess(theta) if self.start is None else self.start
        if len(begin) == 1:
            found = self._bracketed(vector, float(begin[0]))
        elif len(begin):
            found = self._rooted(vector, begin)
        else:
            found = self._at(vector, begin)
        off = float(np.abs(found.off).max(initial=0.0))
        if not off <= TOLERANCE:
            raise self._failure(vector, f"conditions are off by {off:.1e}")
        richest = float(found.rest.distribution[-1].sum())
        if richest > AT_TOP:
            raise self._failure(
                vector, f"{richest:.1%} of households are at the top of AssetGrid; raise its top", guess=False
            )
        return found.rest

    def _guess(self, theta: Point) -> ByHousehold:
        """Marginal utility where consumption rises with assets."""
        nodes = self.block.nodes(theta)
        spread = jnp.log(1 + 0.05 * (nodes - nodes[0]))[:, None]
        return -jnp.asarray(self.block.aversion(theta)) * jnp.broadcast_to(spread, self.block.shape)

    def _at(self, vector, unknowns: Float[np.ndarray, " unknowns"]) -> Try:
        assert self.start is not None
        off, found = self.compiled(jnp.asarray(vector), jnp.asarray(unknowns), self.start)
        if len(off) != len(self.names):
            raise ModelError(
                f"a steady state of '{self.model.name}' has {len(self.names)} unknowns ({', '.join(self.names)}) and "
                f"{len(off)} conditions; write one in equilibrium, or an asset_supply, for each of the policies"
            )
        if not (float(found.change) <= VALUE_TOLERANCE and np.isfinite(off).all()):
            raise self._failure(vector, f"households' values still move by {float(found.change):.1e}")
        self.start = found.log_value
        return Try(np.asarray(off), AtRest(jnp.asarray(unknowns), found.log_value, found.distribution))

    def _bracketed(self, vector, begin: float) -> Try:
        from scipy.optimize import root_scalar  # slow to import

        tries: dict[float, Try] = {}

        def value(x: float) -> float:
            if x not in tries:
                tries[x] = self._at(vector, np.array([x]))
            return float(tries[x].off[0])

        value(begin)  # where there is no household at the guess itself, the failure says so
        for direction in (1, -1):
            bracket = self._bracket(value, begin, direction)
            if bracket is not None:
                root = root_scalar(value, bracket=bracket, method="brentq", xtol=1e-14, rtol=1e-14).root
                return tries[min(tries, key=lambda x: abs(x - root))]
        raise self._failure(vector, f"'{self.names[0]}' was tried from {min(tries):g} to {max(tries):g}")

    def _bracket(self, value, begin: float, direction: int) -> tuple[float, float] | None:
        """Two places between which conditions change their sign; steps grow, and shrink where there is no economy."""
        step, low = direction * STEP * max(abs(begin), LEAST), begin
        for _ in range(WIDEST):
            try:
                here, there = value(low), value(low + step)
            except NotSolvedError:
                step = step * SHRINKS
                continue
            if np.sign(here) != np.sign(there):
                return low, low + step
            if abs(there) > WORSE * abs(value(begin)):
                return None
            low, step = low + step, step * GROWS
        return None

    def _rooted(self, vector, begin: Float[np.ndarray, " unknowns"]) -> Try:
        from scipy.optimize import root  # slow to import

        unit = np.maximum(np.abs(begin), LEAST)
        found = root(lambda x: self._at(vector, begin + unit * x).off, np.zeros(len(begin)), tol=TOLERANCE / 100)
        return self._at(vector, begin + unit * found.x)

    def _failure(self, vector, why: str, guess: bool = True) -> NotSolvedError:
        space = self.model.parameters
        values = dict(zip(space.names, np.asarray(vector), strict=True))
        told = ", ".join(f"{name} = {values[name]:g}" for name in space.free) or "its parameters"
        cures = (
            f". Give a better guess in {type(self.model).__name__}.steady_state, or narrower ranges" if guess else ""
        )
        return NotSolvedError(f"no steady state of '{self.model.name}' at {told}: {why}{cures}")


def stationary(nodes: Float[Array, " assets"], assets: ByHousehold, risk: Float[Array, "types types"]) -> ByHousehold:
    """The distribution that choices and risk leave unchanged, by one linear solve: its mass is one."""
    count = assets.size
    move = lambda mass: (split(nodes, mass.reshape(assets.shape), assets) @ risk).ravel()
    matrix = jax.vmap(move)(jnp.eye(count, dtype=assets.dtype))
    system = (matrix.T - jnp.eye(count, dtype=assets.dtype)).at[-1].set(1.0)
    return jnp.linalg.solve(system, jnp.zeros(count, assets.dtype).at[-1].set(1.0)).reshape(assets.shape)
