"""The one call behind which every filter stands: many parameter values, compiled once, over all cores."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PRNGKeyArray

from ..data.observed import Observed
from ..devices import split_over_devices
from ..equilibrium import PolicyFunction
from ..errors import SettingError
from ..precision import in_float64
from ..solution import Solution, Values
from .base import Filter
from .guided import Guided
from .space import StateSpace, panel


class Likelihood:
    """The log-likelihood of `data` under a solved model, by `filter`, as a function of parameters.

    `at` is a pure function of one parameter vector for samplers to differentiate and vectorise;
    calling the object evaluates named values; `batch` evaluates rows. `policy` replaces the
    solution's policy function (such as a closed form). Raises `UnknownNameError` for an observable
    that the model lacks and `ModelError` where the filter does not fit the model.
    """

    @in_float64
    def __init__(
        self, solution: Solution, data: Observed, filter: Filter = Guided(), policy: PolicyFunction | None = None
    ) -> None:
        data.require_observables(solution.model)
        self.solution, self.observed, self.filter = solution, data, filter
        self.space = StateSpace(solution.equilibrium, policy or solution.policy_function, data.names)
        filter.require(self.space)
        self.data = panel(data)
        self._compiled: dict[int, Callable] = {}

    def at(self, theta: Float[Array, " parameters"], key: PRNGKeyArray) -> Float[Array, ""]:
        """Log-likelihood at one parameter vector, in the model's order."""
        return self.filter.log_likelihood(self.space, self.data, theta, key)

    def __call__(
        self, parameters: Values | None = None, seed: int = 0, extrapolate: bool = False
    ) -> float | np.ndarray:
        """Log-likelihood at named values: a number, or an array of shape (draws,) for columns."""
        theta = self.solution.model.parameters.resolve(parameters)
        self.solution.require_solved(theta, extrapolate)
        found = self.batch(np.atleast_2d(theta), jax.random.key(seed))
        return found if theta.ndim == 2 else float(found[0])

    @in_float64
    def batch(self, thetas: np.ndarray, key: PRNGKeyArray | None = None, size: int = 128) -> np.ndarray:
        """Log-likelihoods of the rows of `thetas`, shape (draws,), each with a random seed of its own.

        `size` rows at a time are computed together; the number does not change the results.
        """
        if size < 1:
            raise SettingError(f"batch size is {size}; it must be at least 1")
        keys = jax.random.split(jax.random.key(0) if key is None else key, len(thetas))
        return self.rows(thetas, keys, size)

    @in_float64
    def rows(self, thetas: np.ndarray, keys: Key[Array, " rows"], size: int = 128) -> np.ndarray:
        """As `batch`, with a key for each row."""
        devices = len(jax.local_devices())
        size = -(-min(size, len(thetas)) // devices) * devices
        # A remainder is padded to a batch that is compiled already: compiling takes longer than filtering.
        size = min((known for known in self._compiled if known >= size), default=size)
        if size not in self._compiled:
            self._compiled[size] = split_over_devices(jax.vmap(self.at), size)
        run = self._compiled[size]
        found = []
        for start in range(0, len(thetas), size):
            rows = np.arange(start, start + size) % len(thetas)
            found.append(run(jnp.asarray(thetas[rows], jnp.float64), keys[rows]))
        return np.concatenate([np.asarray(f) for f in found])[: len(thetas)]


def log_likelihood(
    solution: Solution,
    data: Observed,
    parameters: Values | None = None,
    filter: Filter = Guided(),
    seed: int = 0,
    extrapolate: bool = False,
) -> float | np.ndarray:
    """Log-likelihood of `data` at named parameter values (the rest at baseline): a number, or one for each row."""
    return Likelihood(solution, data, filter)(parameters, seed, extrapolate)
