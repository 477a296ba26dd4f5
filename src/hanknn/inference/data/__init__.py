"""From a user's table to observables with units, dates and measurement error."""

from .fred import fred as fred
from .macrodata import us_macrodata as us_macrodata, us_observed as us_observed
from .measurement import (
    Censored as Censored,
    MeasurementError as MeasurementError,
    StandardDeviation as StandardDeviation,
    VarianceShare as VarianceShare,
)
from .observed import Observed as Observed, observable as observable
from .prepare import prepare as prepare
from .simulated import SimulatedData as SimulatedData, simulate_data as simulate_data
from .tables import read as read
from .transforms import Growth as Growth, Level as Level, Series as Series
