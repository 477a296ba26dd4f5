"""Heterogeneous households on a grid: what they choose, and how their distribution moves."""

from .block import AssetGrid as AssetGrid, Household as Household
from .choice import Choices as Choices, Prices as Prices, along_assets as along_assets, choose as choose
from .distribution import advance as advance
from .grids import Grids as Grids
from .household_model import HouseholdModel as HouseholdModel
from .saving import Saving as Saving
