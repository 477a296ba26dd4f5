"""The one call behind which every filter stands: many parameter values, compiled once, over all cores."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PRNGKeyArray

from ...economy import Economy, PolicyFunction
from ...machine.arguments import require, require_counts
from ...machine.devices import split_over_devices
from ...machine.precision import in_float64
from ...solution import Solution, Values, as_solution, reads_solution
from ..data.observed import Observed, require_observed
from .base import Filter, never_nan
from .collapse import warn_of_collapse
from .scale import warn_of_scale
from .space import Observation, panel
from .twisted import Twisted


class Likelihood:
    """The log-likelihood of `data` under a solved model, by `filter`, as a function of parameters.

    `at` is a pure function of one parameter vector for samplers to differentiate and vectorise;
    calling the object evaluates named values; `batch` evaluates rows. `policy` replaces the
    solution's policy function (such as a closed form). Raises `UnknownNameError` for an observable
    that the model lacks and `ModelError` where the filter does not fit the model, or no filter does. Warns
    (`ScaleWarning`) of data on another scale than the model's, and when called (`CollapseWarning`) of a period that
    hardly any particle can have produced.

    Example: `Likelihood(solution, data, Twisted(particles=100))({"rho": [0.8, 0.9]})`, an array of shape (2,).
    """

    @in_float64
    def __init__(
        self, solution: Solution, data: Observed, filter: Filter = Twisted(), policy: PolicyFunction | None = None
    ) -> None:
        solution = as_solution(solution)
        require_observed(data)
        require(filter, Filter, "a filter, such as Kalman() or Twisted(particles=100)")
        data.require_observables(solution.model)
        self.solution, self.observed, self.filter = solution, data, filter
        economy = solution.economy if policy is None else Economy(solution.equations, policy)
        self.seen = Observation(economy, data.names)
        filter.require(self.seen)
        warn_of_scale(economy, data)
        self.data = panel(data)
        self._compiled: dict[int, Callable] = {}

    def at(self, theta: Float[Array, " parameters"], key: PRNGKeyArray) -> Float[Array, ""]:
        """Log-likelihood at one parameter vector, in the model's order."""
        return self.filter.log_likelihood(self.seen, self.data, self.seen.economy.parameters(theta), key)

    def __call__(
        self, parameters: Values | None = None, seed: int = 0, extrapolate: bool = False
    ) -> float | np.ndarray:
        """Log-likelihood at named values: a number, or an array of shape (draws,) for columns."""
        theta = self.solution.model.parameters.resolve(parameters)
        self.solution.require_solved(theta, extrapolate)
        thetas = np.atleast_2d(theta)
        keys = jax.random.split(jax.random.key(seed), len(thetas))
        values, effective = self._passes(thetas, keys, min(self.together, len(thetas)))
        warn_of_collapse(self.filter, effective, list(self.observed.table.index))
        return values if theta.ndim == 2 else float(values[0])

    @property
    def together(self) -> int:
        """Parameter values that are computed at once, for speed."""
        return self.filter.together(self.seen)

    @in_float64
    def batch(self, thetas: np.ndarray, key: PRNGKeyArray | None = None, size: int | None = None) -> np.ndarray:
        """Log-likelihoods of the rows of `thetas`, shape (draws,), each with a random seed of its own.

        `size` rows at a time are computed together (default: `together`); the number does not change the results.
        """
        size = self.together if size is None else size
        require_counts(size=(size, 1))
        keys = jax.random.split(jax.random.key(0) if key is None else key, len(thetas))
        return self._passes(thetas, keys, min(size, len(thetas)))[0]

    def rows(self, thetas: np.ndarray, keys: Key[Array, " rows"], size: int | None = None) -> np.ndarray:
        """As `batch`, with a key for each row, and padded to `size` rows: however many, one program."""
        return self._passes(thetas, keys, self.together if size is None else size)[0]

    @in_float64
    def _passes(self, thetas: np.ndarray, keys: Key[Array, " rows"], size: int) -> tuple[np.ndarray, np.ndarray]:
        """Log-likelihoods, and effective particles (rows, periods): cheap beside the filter's pass."""
        devices = len(jax.local_devices())
        size = -(-size // devices) * devices
        # A remainder is padded to a batch that is compiled already: compiling takes longer than filtering.
        size = min((known for known in self._compiled if known >= size), default=size)
        if size not in self._compiled:
            self._compiled[size] = split_over_devices(jax.vmap(self._pass), size)
        run = self._compiled[size]
        found = []
        for start in range(0, len(thetas), size):
            rows = np.arange(start, start + size) % len(thetas)
            found.append(run(jnp.asarray(thetas[rows], jnp.float64), keys[rows]))
        values, effective = (
            np.concatenate([np.asarray(f) for f in part])[: len(thetas)] for part in zip(*found, strict=True)
        )
        return values, effective

    def _pass(self, theta: Float[Array, " parameters"], key: PRNGKeyArray):
        increments = self.filter.increments(self.seen, self.data, self.seen.economy.parameters(theta), key)
        return never_nan(jnp.sum(increments.log_densities)), increments.effective


@reads_solution
def log_likelihood(
    solution: Solution,
    data: Observed,
    parameters: Values | None = None,
    filter: Filter = Twisted(),
    seed: int = 0,
    extrapolate: bool = False,
) -> float | np.ndarray:
    """Log-likelihood of `data` at named parameter values (the rest at baseline): a number, or one for each row.

    Raises and warns as `Likelihood`. Example: `log_likelihood(solution, data, {"rho": [0.8, 0.9]}, Kalman())`.
    """
    return Likelihood(solution, data, filter)(parameters, seed, extrapolate)
