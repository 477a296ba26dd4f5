"""Exogenous states: a process in one line."""

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field

from jaxtyping import Array

from ..machine.errors import UnknownNameError
from .points import Point
from .variable import Variable

Coefficient = str | float
"""A parameter's name, or a number."""


class Process(abc.ABC):
    """A state whose law of motion and shocks the library knows, written among a model's `states`."""

    @abc.abstractmethod
    def states(self, name: str) -> dict[str, Variable]:
        """What a model's states hold of it."""

    @abc.abstractmethod
    def shocks(self, name: str) -> dict[str, Variable]:
        """What a model's shocks hold of it."""

    @abc.abstractmethod
    def transition(self, name: str, now: Point, shock: Point, theta: Point) -> dict[str, Array | float]:
        """Its states next period."""

    @abc.abstractmethod
    def spread(self, name: str, theta: Point) -> dict[str, Array | float]:
        """Ergodic standard deviations of its states."""


@dataclass(frozen=True)
class AR1(Process):
    """A state that follows z' = (1 − ρ) mean + ρ z + σ ε', written among a model's `states`.

    `rho`, `sigma`, `mean`: names of parameters, or numbers. The shock is called `shock`, or "eps_" and the state's
    name. `also`: other shocks that move it, by their names, each with its coefficient: shocks of several states are
    correlated that way. `moving_average`: θ of an ARMA(1, 1), z' = ρ z + σ (ε' − θ ε); the last shock becomes one more
    state, "last_" and the shock's name.

    Example: `states = {"z": AR1("rho_z", "sigma_z", r"$z_t$", "productivity", "log")}` needs no line in `transition`
    and none in `shocks`.
    """

    rho: Coefficient
    sigma: Coefficient
    label: str
    text: str
    unit: str = ""
    mean: Coefficient = 0.0
    shock: str = ""
    also: Mapping[str, Coefficient] = field(default_factory=dict)
    moving_average: Coefficient | None = None

    def shock_of(self, state: str) -> str:
        """The name of its shock."""
        return self.shock or f"eps_{state}"

    def states(self, name: str) -> dict[str, Variable]:
        own = {name: Variable(self.label, self.text, self.unit)}
        if self.moving_average is None:
            return own
        return own | {f"last_{self.shock_of(name)}": Variable(self.label, f"last shock to {self.text}", "s.d.")}

    def shocks(self, name: str) -> dict[str, Variable]:
        return {self.shock_of(name): Variable(rf"$\varepsilon$ {self.label}", f"shock to {self.text}", "s.d.")}

    def transition(self, name: str, now: Point, shock: Point, theta: Point) -> dict[str, Array | float]:
        where = f"the AR1 of state '{name}'"
        rho, sigma, mean = (coefficient(c, theta, where) for c in (self.rho, self.sigma, self.mean))
        news = getattr(shock, self.shock_of(name))
        value = (1 - rho) * mean + rho * getattr(now, name) + sigma * news
        for other, size in self.also.items():
            value = value + coefficient(size, theta, where) * getattr(shock, other)
        if self.moving_average is None:
            return {name: value}
        last = f"last_{self.shock_of(name)}"
        return {name: value - sigma * coefficient(self.moving_average, theta, where) * getattr(now, last), last: news}

    def spread(self, name: str, theta: Point) -> dict[str, Array | float]:
        where = f"the AR1 of state '{name}'"
        rho, sigma = (coefficient(c, theta, where) for c in (self.rho, self.sigma))
        news = [sigma, *(coefficient(size, theta, where) for size in self.also.values())]
        variance = sum(size**2 for size in news) / (1 - rho**2)
        if self.moving_average is None:
            return {name: variance**0.5}
        before = coefficient(self.moving_average, theta, where)
        # The shock's own part: σ (ε − θ ε₋₁) passed on by ρ.
        variance = variance + sigma**2 * (before**2 - 2 * rho * before) / (1 - rho**2)
        return {name: variance**0.5, f"last_{self.shock_of(name)}": 1.0}


def coefficient(given: Coefficient, theta: Point, where: str) -> Array | float:
    """Its value; raises `UnknownNameError` for a name that is no parameter's."""
    if not isinstance(given, str):
        return given
    if given not in theta:
        raise UnknownNameError("parameter", given, theta, where)
    return getattr(theta, given)
