"""How residuals of different equations are weighed against each other."""

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..economy import Economy
from ..economy.points import Point
from ..economy.policy_errors import policy_error_matrix
from ..machine.errors import SettingError, UnknownNameError


class Weighting(abc.ABC):
    """A matrix applied to the residuals of one point before they are squared."""

    @abc.abstractmethod
    def matrix(self, economy: Economy, state: Point, theta: Point) -> Float[Array, "rows residuals"]:
        """The matrix at one point, held constant while derivatives are taken."""


@dataclass(frozen=True)
class EquationWeights(Weighting):
    """A weight on each equation's squared residual by name, one where none is given.

    `arrays`: of equations that are arrays and not named, each of whose entries counts as a residual.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    arrays: float = 1.0

    def __post_init__(self) -> None:
        if not self.arrays > 0:
            raise SettingError(f"weight of equations that are arrays is {self.arrays}; it must be positive")

    def matrix(self, economy, state, theta):
        names = economy.equations.row_equations
        for name, weight in self.weights.items():
            if name not in names:
                raise UnknownNameError("equation", name, names, f"model '{economy.equations.model.name}'")
            if not weight > 0:
                raise SettingError(f"weight of equation '{name}' is {weight}; it must be positive")
        usual = {name: self.arrays if names.count(name) > 1 else 1.0 for name in names}
        return jnp.diag(jnp.asarray([self.weights.get(name, usual[name]) ** 0.5 for name in names], theta.dtype))


@dataclass(frozen=True)
class PolicyUnits(Weighting):
    """Residuals turned into policy errors, so that equal rows mean equal errors (see `policy_error_matrix`)."""

    def matrix(self, economy, state, theta):
        return policy_error_matrix(economy, state, theta)
