"""Prior distributions of parameters, over the range given in the parameter table."""

import abc
from dataclasses import dataclass

import numpy as np


class Prior(abc.ABC):
    """A density on a parameter's range, normalised there."""

    @abc.abstractmethod
    def log_density(self, value: np.ndarray, lower: float, upper: float) -> np.ndarray:
        """Log density at `value`, minus infinity outside [lower, upper]."""


@dataclass(frozen=True)
class Uniform(Prior):
    """Uniform over the range: KMR's choice for the three-equation model."""

    def log_density(self, value: np.ndarray, lower: float, upper: float) -> np.ndarray:
        inside = (value >= lower) & (value <= upper)
        return np.where(inside, -np.log(upper - lower), -np.inf)
