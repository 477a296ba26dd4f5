"""Measurement error: how far each series may lie from what the model says."""

import abc
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import DataError, SettingError, UnknownNameError


class MeasurementError(abc.ABC):
    """The variance of one series' Gaussian measurement error."""

    @abc.abstractmethod
    def variance(self, series: np.ndarray) -> float:
        """In squared units of the series; `series` has shape (periods,), NaN where missing."""


@dataclass(frozen=True)
class StandardDeviation(MeasurementError):
    """A standard deviation in the series' own unit."""

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


Setting = MeasurementError | Mapping[str, MeasurementError]
"""One measurement error for all series, or one for each by name."""


def covariance(table: pd.DataFrame, setting: Setting) -> np.ndarray:
    """The diagonal covariance of the errors, shape (series, series)."""
    named = setting if isinstance(setting, Mapping) else dict.fromkeys(table.columns, setting)
    for name in named:
        if name not in table.columns:
            raise UnknownNameError("series", name, table.columns, "the measurement error")
    missing = [name for name in table.columns if name not in named]
    if missing:
        raise DataError(f"series '{missing[0]}' has no measurement error; name one for each series, or one for all")
    variances = [named[name].variance(table[name].to_numpy()) for name in table.columns]
    for name, variance in zip(table.columns, variances, strict=True):
        if not variance > 0:
            raise DataError(
                f"series '{name}' does not vary (or has one value), so a share of its variance is zero; "
                "give its measurement error as StandardDeviation(...)"
            )
    return np.diag(variances)


def _require_positive(what: str, value: float) -> None:
    if not (np.isfinite(value) and value > 0):
        raise SettingError(
            f"a measurement error's {what} is {value}; it must be positive: with fewer errors than series the "
            "likelihood is degenerate"
        )
