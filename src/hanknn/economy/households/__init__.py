"""Heterogeneous households on a grid: what they choose, and how their distribution moves."""

from .choice import Choices as Choices, Prices as Prices, choose as choose
from .distribution import advance as advance
from .grids import Grids as Grids
