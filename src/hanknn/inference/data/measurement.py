"""Measurement error: how far each series may lie from what the model says."""

import abc
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...machine.arguments import require, require_mapping
from ...machine.errors import DataError, SettingError, UnknownNameError

EXAMPLE = "{'interest_rate': StandardDeviation(0.5)}"


class MeasurementError(abc.ABC):
    """The variance of one series' Gaussian measurement error."""

    @abc.abstractmethod
    def variance(self, series: np.ndarray) -> float | np.ndarray:
        """In squared units of the series, one or one a period; `series` has shape (periods,), NaN where missing."""


@dataclass(frozen=True)
class StandardDeviation(MeasurementError):
    """A standard deviation in the series' own unit, positive."""

    value: float

    def __post_init__(self) -> None:
        _require_positive("standard deviation", self.value)

    def variance(self, series: np.ndarray) -> float:
        return self.value**2


@dataclass(frozen=True)
class VarianceShare(MeasurementError):
    """A share of the series' sample variance (KMR: 5 % in the paper, 10 % in their code)."""

    share: float = 0.05

    def __post_init__(self) -> None:
        _require_positive("share of the variance", self.share)

    def variance(self, series: np.ndarray) -> float:
        return float(self.share * np.nanvar(series))


@dataclass(frozen=True)
class Censored(MeasurementError):
    """Another s.d. in quarters in which the series is at its bound: at or below `bound`, in the series' unit.

    For a policy rate, which says there only that it is at its lower bound. The error is small, but covers what lies
    between the series and the model's bound: a funds rate of 0.1 where the model's rate is 0.

    Example: `{"interest_rate": Censored(VarianceShare(0.05), bound=0.25, sd=0.1)}`.
    """

    elsewhere: MeasurementError
    bound: float = 0.25
    sd: float = 0.1

    def __post_init__(self) -> None:
        require(self.elsewhere, MeasurementError, "the error elsewhere as VarianceShare(0.05)")
        require(self.bound, int | float | np.number, "the bound as a number")
        _require_positive("standard deviation", self.sd)

    def variance(self, series: np.ndarray) -> np.ndarray:
        return np.where(series <= self.bound, self.sd**2, self.elsewhere.variance(series))


Setting = MeasurementError | Mapping[str, MeasurementError]
"""One measurement error for all series, or one for each by name."""


ROUNDING = 1e-10
"""The s.d., as a share of the numbers that a series was computed from, below which it does not vary: far above what
rounding leaves (1e-16), far below what seven digits show."""


def covariance(table: pd.DataFrame, setting: Setting, origins: Mapping[str, float] | None = None) -> np.ndarray:
    """The diagonal covariance of the errors, of series that are finite and not all missing.

    Shape (series, series), or (periods, series, series) where an error differs by quarter.
    `origins`: what each series' values are differences from (default: zero). Raises `DataError` where a share of a
    series' variance is asked for and it does not vary but for rounding, and `UnknownNameError` for a name that is no
    series.
    """
    if isinstance(setting, Mapping):
        require_mapping(setting, MeasurementError, "measurement errors", EXAMPLE)
    else:
        require(setting, MeasurementError, "the measurement error as VarianceShare(0.1) or StandardDeviation(0.5)")
    named = setting if isinstance(setting, Mapping) else dict.fromkeys(table.columns, setting)
    for name in named:
        if name not in table.columns:
            raise UnknownNameError("series", name, table.columns, "the measurement error")
    missing = [name for name in table.columns if name not in named]
    if missing:
        raise DataError(f"series '{missing[0]}' has no measurement error; name one for each series, or one for all")
    for name, how in named.items():
        if isinstance(getattr(how, "elsewhere", how), VarianceShare):
            _require_variation(name, table[name].dropna(), (origins or {}).get(name, 0.0))
    variances = [named[name].variance(table[name].to_numpy()) for name in table.columns]
    if not any(np.ndim(variance) for variance in variances):
        return np.diag(np.array(variances, np.float64))
    columns = np.stack([np.broadcast_to(variance, len(table)) for variance in variances], axis=1)
    return columns[:, :, None] * np.eye(len(variances))


def _require_variation(name: str, values: pd.Series, origin: float) -> None:
    if values.std(ddof=0) > ROUNDING * (origin + values.abs().max()):
        return
    told = f"does not vary but for rounding: it is {values.mean():.6g}, give or take {np.ptp(values):.1g}"
    told = "has one value only" if len(values) == 1 else told
    raise DataError(
        f"series '{name}' {told}. A share of its variance says nothing of its measurement error; give it as "
        "StandardDeviation(...)"
    )


def _require_positive(what: str, value: float) -> None:
    require(value, int | float | np.number, f"a measurement error's {what} as a number")
    if not (np.isfinite(value) and value > 0):
        raise SettingError(
            f"a measurement error's {what} is {value}; it must be positive: with fewer errors than series the "
            "likelihood is degenerate"
        )
