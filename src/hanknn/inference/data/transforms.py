"""From a column of a user's table to an observable: the transformation, and the unit it gives."""

import abc
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...machine.arguments import require_finite
from ...machine.errors import DataError, UnknownNameError

ANNUAL_PERCENT = "percent, annualised"


@dataclass(frozen=True)
class Series(abc.ABC):
    """Where an observable comes from.

    `demean`: whether the mean over the sample is taken out. A series only says so: `prepare` does it, once the sample
    is cut. A kind that allows it has it as its last field.
    """

    column: str
    demean = False
    origin = 0.0
    """What the values are differences from: their rounding errors are in proportion to it, too."""

    @property
    @abc.abstractmethod
    def gives(self) -> str:
        """The unit of the result."""

    @abc.abstractmethod
    def apply(self, table: pd.DataFrame) -> pd.Series:
        """The observable with its mean, NaN where the table has no value."""


@dataclass(frozen=True)
class Level(Series):
    """The column as it is, which is in `unit`; `scale` multiplies it first (a monthly rate: 12)."""

    unit: str
    scale: float = 1.0
    demean: bool = False

    def __post_init__(self) -> None:
        require_finite(scale=self.scale)

    @property
    def gives(self) -> str:
        return self.unit

    def apply(self, table: pd.DataFrame) -> pd.Series:
        return self.scale * column(table, self.column)


@dataclass(frozen=True)
class Growth(Series):
    """Quarterly growth of a level in percent at an annual rate, 400 (x_t / x_{t−1} − 1).

    `per` names a column to divide by first, such as population.
    """

    per: str | None = None
    demean: bool = False
    origin = 400.0

    @property
    def gives(self) -> str:
        return ANNUAL_PERCENT

    def apply(self, table: pd.DataFrame) -> pd.Series:
        level = _positive(table, self.column)
        if self.per is not None:
            level = level / _positive(table, self.per)
        return 400 * (level / level.shift(1) - 1)


def column(table: pd.DataFrame, name: str) -> pd.Series:
    """One column as floats; text among numbers and infinite values are refused with their place."""
    if name not in table.columns:
        raise UnknownNameError("column", name, [str(c) for c in table.columns], "the data")
    given = table[name].map(lambda cell: np.nan if isinstance(cell, str) and not cell.strip() else cell)
    values = pd.to_numeric(given, errors="coerce")
    text = values.isna() & given.notna()
    if text.any():
        where = int(np.argmax(text))
        cell, row = given.iloc[where], table.index[where]
        raise DataError(f"column '{name}' holds {cell!r} at {row}, which is not a number")
    if values.dtype.kind in "cb":
        raise DataError(f"column '{name}' holds {'complex numbers' if values.dtype.kind == 'c' else 'true and false'}")
    values = values.astype(np.float64)
    if np.isinf(values).any():
        raise DataError(f"column '{name}' is infinite at {values.index[int(np.argmax(np.isinf(values)))]}")
    return values


def _positive(table: pd.DataFrame, name: str) -> pd.Series:
    values = column(table, name)
    if (values <= 0).any():
        where = int(np.argmax(values <= 0))
        level, row = values.iloc[where], values.index[where]
        raise DataError(f"column '{name}' is {level:g} at {row}; growth needs positive levels (is it one?)")
    return values
