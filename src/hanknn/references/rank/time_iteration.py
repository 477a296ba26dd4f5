"""`rank` by time iteration at given parameters: equations, quadrature and grid of its own.

The unknowns are the two conditional expectations as functions of ζ, on Chebyshev nodes. A step evaluates
next period's labour and inflation on a Gauss-Legendre grid that is split at the kink, averages them with
the normal density, and reads the new expectations at the nodes. Where the steps do not settle there is no
stable equilibrium, and the answer says so.
"""

import functools
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from ...machine.batches import in_batches
from ...machine.compiled import jit
from ...machine.devices import split_over_devices
from ...machine.errors import SettingError
from ...machine.precision import in_float64
from ...models.rank import RANK
from ...solution import Values

NEWTON_STEPS = 6
BISECTIONS = 40
DIVERGED = 5.0
"""A change of the log expectations that no converging iteration makes."""


class Expectations(NamedTuple):
    """A fixed point at one parameter vector, or the last try.

    `coefficients`: Chebyshev series in ζ, in ergodic s.d. over the width, of log E[e^{ζ'} C'^{−σ}/Π'] and of
    E[Π'(Π'/Π̄ − 1)(Π'/Π̄)Y']. `change`: the last step's largest change. `kink`: where the notional rate is
    one, in ergodic s.d.
    """

    coefficients: Float[Array, "nodes 2"]
    change: Float[Array, ""]
    iterations: Int[Array, ""]
    kink: Float[Array, ""]
    converged: Bool[Array, ""]


class Choices(NamedTuple):
    """Logs of labour, of Π/Π̄, of the notional rate and of the rate."""

    labor: Float[Array, "*n"]
    inflation_gap: Float[Array, "*n"]
    notional_rate: Float[Array, "*n"]
    rate: Float[Array, "*n"]


@dataclass(frozen=True)
class TimeIteration:
    """Settings: Chebyshev nodes over ± `width` ergodic s.d. (log-linear beyond), Gauss-Legendre nodes on each
    side of the kink, and the change at which the iteration has converged."""

    nodes: int = 48
    width: float = 6.0
    quadrature: int = 64
    tolerance: float = 1e-12
    max_iterations: int = 5000

    def __post_init__(self) -> None:
        if self.nodes < 8 or self.quadrature < 8 or self.max_iterations < 1:
            raise SettingError("TimeIteration needs at least 8 nodes, 8 quadrature nodes and 1 iteration")
        if not (self.width > 0 and self.tolerance > 0):
            raise SettingError(
                f"TimeIteration width is {self.width} and tolerance {self.tolerance}; give positive ones"
            )

    @in_float64
    def solve(self, parameters: Values | np.ndarray | None = None, batch: int = 16) -> "TimeIterated":
        """Solutions at named parameter values (the rest at baseline), or at rows of full parameter vectors."""
        rows = parameters if isinstance(parameters, np.ndarray) else RANK.parameters.resolve(parameters)
        thetas = np.atleast_2d(rows)
        count = -(-len(thetas) // len(jax.local_devices())) * len(jax.local_devices())
        padded = jnp.asarray(thetas[np.arange(count) % len(thetas)])
        found = jax.tree.map(lambda a: np.asarray(a)[: len(thetas)], _program(self, count, batch)(padded))
        return TimeIterated(self, thetas, found)

    def iterate(self, theta: Float[Array, " parameters"]) -> Expectations:
        """The fixed point at one full parameter vector, a pure function."""

        def unsettled(state):
            _, change, i = state
            return (change > self.tolerance) & (change < DIVERGED) & (i < self.max_iterations)

        def step(state):
            coefficients, _, i = state
            new = self.step(theta, coefficients)
            change = jnp.max(jnp.abs(self._values(new - coefficients)))
            return new, jnp.where(jnp.isfinite(change), change, jnp.inf), i + 1

        named = _named(theta)
        zeta = self._places() * _ergodic_sd(named)
        flat = jnp.stack([named["rho_zeta"] * zeta - jnp.log(named["target"]), jnp.zeros_like(zeta)], axis=1)
        start = self._series(flat), jnp.asarray(1.0, theta.dtype), jnp.asarray(0)
        coefficients, change, iterations = jax.lax.while_loop(unsettled, step, start)
        kink = self._kink(theta, coefficients)
        return Expectations(coefficients, change, iterations, kink, change <= self.tolerance)

    def choices(self, theta: Float[Array, " parameters"], found: Expectations, zeta: Float[Array, " n"]) -> Choices:
        """Labour, inflation and rates at these states, a pure function; meaningless where not converged."""
        return self._choices(theta, found.coefficients, zeta / _ergodic_sd(_named(theta)))

    def step(
        self, theta: Float[Array, " parameters"], coefficients: Float[Array, "nodes 2"]
    ) -> Float[Array, "nodes 2"]:
        """Expectations one iteration on: an equilibrium is where they stay what they are; a pure function."""
        p = _named(theta)
        sd, rho = _ergodic_sd(p), p["rho_zeta"]
        # States in ergodic s.d.: given z, the next one is ρ z + √(1 − ρ²) ε.
        spread = jnp.sqrt(1 - rho**2)
        reach = self._reach(rho)
        kink = self._kink(theta, coefficients)
        x, w = (jnp.asarray(a) for a in np.polynomial.legendre.leggauss(self.quadrature))
        later = jnp.concatenate([-reach + (kink + reach) * (x + 1) / 2, kink + (reach - kink) * (x + 1) / 2])
        weights = jnp.concatenate([(kink + reach) * w / 2, (reach - kink) * w / 2])
        distance = (later[None, :] - rho * self._places()[:, None]) / spread
        density = jnp.exp(-0.5 * distance**2) * weights[None, :]
        density = density / jnp.sum(density, axis=1, keepdims=True)
        at = self._choices(theta, coefficients, later)
        inflation = p["target"] * jnp.exp(at.inflation_gap)
        marginal_utility = jnp.exp(later * sd - p["sigma"] * at.labor) / inflation
        pressure = inflation * jnp.expm1(at.inflation_gap) * jnp.exp(at.inflation_gap + at.labor)
        return self._series(jnp.stack([jnp.log(density @ marginal_utility), density @ pressure], axis=1))

    def _choices(self, theta, coefficients, z) -> Choices:
        """The static equations at given expectations: slack, or else binding."""
        p = _named(theta)
        log_marginal, pressure = self._evaluate(coefficients, z).T
        # Euler equation: R N^σ = e^demand.
        demand = z * _ergodic_sd(p) - jnp.log(p["beta"]) - log_marginal
        log_rbar = jnp.log(p["target"] / p["beta"]) - p["theta_y"] * jnp.log(p["output_target"])
        elasticity = p["eta"] + p["sigma"]

        def right_side(labor, rate):
            markup = 1 - p["epsilon"] + p["epsilon"] * p["chi"] * jnp.exp(elasticity * labor)
            return markup / p["varphi"] + pressure * jnp.exp(-rate - labor)

        slack_labor = lambda gap: (demand - log_rbar - p["theta_pi"] * gap) / (p["sigma"] + p["theta_y"])

        def phillips_curve(gap):
            labor = slack_labor(gap)
            return (jnp.exp(gap) - 1) * jnp.exp(gap) - right_side(labor, demand - p["sigma"] * labor)

        gap = jnp.zeros_like(demand)
        for _ in range(NEWTON_STEPS):
            value, slope = jax.jvp(phillips_curve, (gap,), (jnp.ones_like(gap),))
            gap = gap - value / slope
        labor = slack_labor(gap)
        notional = demand - p["sigma"] * labor
        # At the bound the rate is one, so labour is known and the Phillips curve is a quadratic in Π/Π̄.
        bound_labor = demand / p["sigma"]
        quadratic = jnp.log((1 + jnp.sqrt(1 + 4 * right_side(bound_labor, 0.0))) / 2)
        bound_notional = log_rbar + p["theta_pi"] * quadratic + p["theta_y"] * bound_labor
        binds = notional < 0
        return Choices(
            jnp.where(binds, bound_labor, labor),
            jnp.where(binds, quadratic, gap),
            jnp.where(binds, bound_notional, notional),
            jnp.where(binds, 0.0, notional),
        )

    def _kink(self, theta, coefficients):
        """Where the rate reaches the bound, in ergodic s.d., by bisection; an end of the grid where it does not."""
        reach = self._reach(_named(theta)["rho_zeta"])

        def halve(_, bracket):
            middle = (bracket[0] + bracket[1]) / 2
            binds = self._choices(theta, coefficients, middle[None]).notional_rate[0] < 0
            return jnp.where(binds, middle, bracket[0]), jnp.where(binds, bracket[1], middle)

        low, high = jax.lax.fori_loop(0, BISECTIONS, halve, (-reach, reach))
        return (low + high) / 2

    def _reach(self, rho):
        """How far next period's states are integrated: seven s.d. of the shock beyond the outermost node."""
        return self.width * rho + 7 * jnp.sqrt(1 - rho**2)

    def _places(self):
        return self.width * jnp.cos(jnp.pi * (jnp.arange(self.nodes) + 0.5) / self.nodes)

    def _series(self, values):
        k = np.arange(self.nodes)
        table = np.cos(np.pi * np.outer(k, k + 0.5) / self.nodes) * np.where(k == 0, 1, 2)[:, None] / self.nodes
        return jnp.asarray(table) @ values

    def _values(self, coefficients):
        k = np.arange(self.nodes)
        return jnp.asarray(np.cos(np.pi * np.outer(k + 0.5, k) / self.nodes)) @ coefficients

    def _evaluate(self, coefficients, z):
        """The series at z ergodic s.d., continued linearly beyond the grid."""
        u = z / self.width
        inside = jnp.clip(u, -1, 1)
        k = jnp.arange(self.nodes, dtype=z.dtype)
        at = jnp.cos(k[None, :] * jnp.arccos(inside)[:, None]) @ coefficients
        end = jnp.where((u < 0)[:, None], (-1.0) ** (k[None, :] + 1), 1.0) * k[None, :] ** 2
        return at + (end @ coefficients) * (u - inside)[:, None]


@dataclass(frozen=True, eq=False)
class TimeIterated:
    """Time iteration's answer at `thetas` (draws, parameters); arrays of `found` have a row a draw."""

    settings: TimeIteration
    thetas: np.ndarray
    found: Expectations

    @property
    def converged(self) -> np.ndarray:
        """Whether a stable equilibrium was found, shape (draws,); False is "diverged"."""
        return np.asarray(self.found.converged)

    @in_float64
    def policy(self, zeta: np.ndarray) -> dict[str, np.ndarray]:
        """Labour, gross inflation and gross rate at states `zeta` (draws, points); NaN where diverged."""
        zeta = np.asarray(zeta, np.float64)
        at = jit(jax.vmap(self.settings.choices))(jnp.asarray(self.thetas), self.found, jnp.asarray(zeta))
        target = self.thetas[:, [RANK.parameters.names.index("target")]]
        levels = {
            "labor": np.exp(at.labor),
            "inflation": target * np.exp(at.inflation_gap),
            "interest_rate": np.exp(at.rate),
        }
        return {name: np.where(self.converged[:, None], values, np.nan) for name, values in levels.items()}


@functools.cache
def _program(settings: TimeIteration, rows: int, batch: int):
    """Compiled once: a search calls it again and again."""
    return split_over_devices(lambda thetas: in_batches(settings.iterate, (thetas,), batch), rows)


def _named(theta: Float[Array, " parameters"]) -> dict[str, Float[Array, ""]]:
    return {name: theta[i] for i, name in enumerate(RANK.parameters.names)}


def _ergodic_sd(p: dict[str, Float[Array, ""]]) -> Float[Array, ""]:
    return p["sigma_zeta"] / jnp.sqrt(1 - p["rho_zeta"] ** 2)
