"""From a column of a user's table to an observable: the transformation, and the unit it gives."""

import abc
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import DataError, UnknownNameError

ANNUAL_PERCENT = "percent, annualised"


@dataclass(frozen=True)
class Series(abc.ABC):
    """Where an observable comes from; `demean` subtracts its sample mean."""

    column: str

    @property
    @abc.abstractmethod
    def gives(self) -> str:
        """The unit of the result."""

    @abc.abstractmethod
    def apply(self, table: pd.DataFrame) -> pd.Series:
        """The observable, NaN where the table has no value."""


@dataclass(frozen=True)
class Level(Series):
    """The column as it is, which is in `unit`; `scale` multiplies it first (a monthly rate: 12)."""

    unit: str
    scale: float = 1.0
    demean: bool = False

    @property
    def gives(self) -> str:
        return self.unit

    def apply(self, table: pd.DataFrame) -> pd.Series:
        return _demeaned(self.scale * column(table, self.column), self.demean)


@dataclass(frozen=True)
class Growth(Series):
    """Quarterly growth of a level in percent at an annual rate, 400 (x_t / x_{t−1} − 1).

    `per` names a column to divide by first, such as population.
    """

    per: str | None = None
    demean: bool = False

    @property
    def gives(self) -> str:
        return ANNUAL_PERCENT

    def apply(self, table: pd.DataFrame) -> pd.Series:
        level = _positive(table, self.column)
        if self.per is not None:
            level = level / _positive(table, self.per)
        return _demeaned(400 * (level / level.shift(1) - 1), self.demean)


def column(table: pd.DataFrame, name: str) -> pd.Series:
    """One column as floats; text among numbers is refused with its place."""
    if name not in table.columns:
        raise UnknownNameError("column", name, [str(c) for c in table.columns], "the data")
    values = pd.to_numeric(table[name], errors="coerce")
    text = values.isna() & table[name].notna()
    if text.any():
        where = int(np.argmax(text))
        given, row = table[name].iloc[where], table.index[where]
        raise DataError(f"column '{name}' holds {given!r} at {row}, which is not a number")
    return values.astype(np.float64)


def _positive(table: pd.DataFrame, name: str) -> pd.Series:
    values = column(table, name)
    if (values <= 0).any():
        where = int(np.argmax(values <= 0))
        level, row = values.iloc[where], values.index[where]
        raise DataError(f"column '{name}' is {level:g} at {row}; growth needs positive levels (is it one?)")
    return values


def _demeaned(values: pd.Series, demean: bool) -> pd.Series:
    return values - values.mean() if demean else values
