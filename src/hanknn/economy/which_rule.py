"""Which rule averages over the shocks of a model: by how many there are, and how many kinks."""

from .expectations import Expectation, GaussHermite, Monomial
from .split import SplitGaussHermite

FEW = 2
"""Shocks up to which rules are products of one-dimensional ones, whose cost is a power of their number."""


def judging_rule(shocks: int, constraints: int) -> Expectation:
    """A rule finer than those of training, by which solutions are judged."""
    if constraints:
        return SplitGaussHermite(7, searches=5)
    return GaussHermite(9) if shocks <= FEW else Monomial(5)


def training_rule(shocks: int) -> Expectation:
    """The rule by which a model without constraints is trained."""
    return GaussHermite(5) if shocks <= FEW else Monomial(3)
