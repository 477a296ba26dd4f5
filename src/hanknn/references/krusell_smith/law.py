"""What households believe of next quarter's capital."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from .economy import Numbers, States

LIKELY = 0.1
"""Half the range of log capital over which a law is described by its values."""


class PerceivedLaw(NamedTuple):
    """log K' = Σᵢ coefficients[z, i] (log K − center)ⁱ in each state z of productivity.

    Two powers are Krusell and Smith's law. A third, a curvature, is what makes the most difference: it leaves a third
    less of a standard error and of the errors of forecasts without data; more powers, or past productivity, leave that.
    """

    coefficients: Float[np.ndarray, "2 powers"]
    center: float

    def __call__(self, log_capital: Numbers, z: States) -> Numbers:
        """log K'."""
        away = log_capital - self.center
        total = 0.0
        for column in self.coefficients.T[::-1]:
            total = column[z] + away * total
        return total

    def errors(
        self, capital: Float[np.ndarray, " dates"], z: Int[np.ndarray, " periods"]
    ) -> Float[np.ndarray, " periods"]:
        """log K' less what was believed a quarter before."""
        logs = np.log(capital)
        return logs[1:] - self(logs[:-1], z)

    def forecast(self, capital: float, z: Int[np.ndarray, " periods"]) -> Float[np.ndarray, " dates"]:
        """Capital from `capital` on along a path of productivity, each quarter's from the last one believed."""
        logs = [np.log(capital)]
        for state in z:
            logs.append(self(logs[-1], state))
        return np.exp(np.array(logs))

    @property
    def values(self) -> Float[np.ndarray, "2 powers"]:
        """log K' at as many places as there are powers: unlike coefficients, they are all of one size."""
        return self.coefficients @ _powers(self.coefficients.shape[1]).T


def through(values: Float[np.ndarray, "2 powers"], center: float) -> PerceivedLaw:
    """The law with these `values`."""
    return PerceivedLaw(np.linalg.solve(_powers(values.shape[1]), values.T).T, center)


def fitted(
    capital: Float[np.ndarray, " dates"], z: Int[np.ndarray, " periods"], center: float, powers: int
) -> PerceivedLaw:
    """By least squares along a simulated path, in good and in bad times apart."""
    logs = np.log(capital)
    rows = np.vander(logs[:-1] - center, powers, increasing=True)
    found = [np.linalg.lstsq(rows[z == s], logs[1:][z == s])[0] for s in (0, 1)]
    return PerceivedLaw(np.stack(found), center)


def _powers(count: int) -> Float[np.ndarray, "places powers"]:
    return np.vander(LIKELY * np.linspace(-1, 1, count), count, increasing=True)
