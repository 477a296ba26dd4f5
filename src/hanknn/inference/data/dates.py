"""Dates of a table, in the ways in which they are written, as calendar quarters."""

import datetime
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from ...machine.errors import DataError

HOW = "write them as 1985Q1 or 1985-01-01"
YEAR_QUARTER = re.compile(r"(?P<year>\d{4})[\s:./-]?[qQ](?P<quarter>[1-4])")
QUARTER_YEAR = re.compile(r"[qQ](?P<quarter>[1-4])[\s:./-]?(?P<year>\d{4})")
YEAR_MONTH_DAY = re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})([T ].*)?")
YEAR_MONTH = re.compile(r"(?P<year>\d{4})[mM](?P<month>\d{1,2})")
YEAR_NUMBER = re.compile(r"(?P<year>\d{4})[:./-](?P<number>\d{1,2})")
NUMBER_NUMBER_YEAR = re.compile(r"(?P<first>\d{1,2})[/-](?P<second>\d{1,2})[/-](?P<year>\d{4})( .*)?")
DAY_MONTH_YEAR = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})( .*)?")
IN_WORDS = re.compile(r"(?=.*[A-Za-z]{3})(?=.*\b\d{4}\b).*")

Matches = Sequence[re.Match[str]]


def quarterly(table: pd.DataFrame) -> pd.DataFrame:
    """The table by calendar quarter, one row each and none left out.

    Rows without a date and without values are dropped. Raises `DataError` for a row with values but no date, and for
    dates out of order, twice or missing, in another frequency, or written in a way that cannot be read for certain.
    """
    table = _dated(table)
    if not len(table):
        raise DataError("the table has no rows with a date")
    index = quarters(table.index)
    if index.has_duplicates:
        raise DataError(
            f"quarter {index[index.duplicated()][0]} appears twice; if the data are monthly, aggregate them to "
            "quarters first (table.resample('QE').mean())"
        )
    if not index.is_monotonic_increasing:
        later = next(b for a, b in pairwise(index) if b < a)
        raise DataError(f"quarter {later} comes after a later one; sort the table by date")
    whole = pd.period_range(index[0], index[-1], freq="Q")
    if len(whole) != len(index):
        missing = whole.difference(index)
        hint = (
            "the data look annual; the model's periods are quarters"
            if len(whole) >= 3 * len(index) - 2
            else ("add the row with empty cells if its values are missing")
        )
        raise DataError(f"quarter {missing[0]} is missing ({len(missing)} in all); {hint}")
    return table.set_axis(index)


def quarters(index: pd.Index) -> pd.PeriodIndex:
    """The calendar quarter of each date; a fiscal year's quarter is the calendar quarter in which it ends."""
    if isinstance(index, pd.PeriodIndex):
        return index.asfreq("Q", how="E")
    if isinstance(index, pd.DatetimeIndex):
        return index.tz_localize(None).to_period("Q")  # the local date counts, wherever it is
    if pd.api.types.is_numeric_dtype(index):
        raise DataError(f"the dates are numbers ({index[0]}, …); the first column must hold dates: {HOW}")
    return _read([str(date).strip() for date in index])


def quarter(given: object, what: str, last: bool = False) -> pd.Period:
    """The quarter that `start` or `end` names ("1985Q1", "1985", "1985-03-31", a date); a year's `last` one or first.

    Raises `DataError` for anything else.
    """
    if isinstance(given, pd.Period):
        return given.asfreq("Q", how="E" if last else "S")
    if isinstance(given, str) and re.fullmatch(r"\d{4}", given):
        return pd.Period(year=int(given), quarter=4 if last else 1, freq="Q")
    if isinstance(given, str) and given.strip():
        return _read([given.strip()])[0]
    if isinstance(given, datetime.date | np.datetime64) and not pd.isna(given):
        return quarters(pd.DatetimeIndex([given]))[0]
    raise DataError(f"{what} is {given!r}; write a quarter as text, such as {what}='1985Q1'")


def _dated(table: pd.DataFrame) -> pd.DataFrame:
    """The table without rows that hold neither a date nor a value."""
    blank = np.array([_empty(date) for date in table.index], bool)
    lost = blank & ~table.map(_empty).all(axis=1).to_numpy(bool)
    if lost.any():
        row = int(np.argmax(lost))
        after = f" (after {table.index[row - 1]})" if row and not blank[row - 1] else ""
        raise DataError(
            f"row {row + 1} below the header{after} has values but no date; write its quarter, or remove the row"
        )
    return table[~blank]


def _empty(cell: object) -> bool:
    return not cell.strip() if isinstance(cell, str) else cell is None or cell is pd.NaT or cell != cell


def _read(texts: list[str]) -> pd.PeriodIndex:
    """Texts that are all written in the same way."""
    ways: dict[re.Pattern[str], Callable[[Matches], pd.PeriodIndex]] = {
        YEAR_QUARTER: _by_quarter,
        QUARTER_YEAR: _by_quarter,
        YEAR_MONTH_DAY: lambda found: _by_month(found, "month", "day"),
        DAY_MONTH_YEAR: lambda found: _by_month(found, "month", "day"),
        YEAR_MONTH: lambda found: _by_month(found, "month"),
        YEAR_NUMBER: _by_number,
        NUMBER_NUMBER_YEAR: _by_either_order,
        IN_WORDS: _in_words,
    }
    found: list[re.Match[str] | None] = []
    for pattern, read in ways.items():
        found = [pattern.fullmatch(text) for text in texts]
        matches = [match for match in found if match is not None]
        if len(matches) == len(texts):
            return read(matches)
        if matches:
            odd = texts[found.index(None)]
            raise DataError(f"the date '{odd}' is not written as '{matches[0].string}' is; {HOW}")
    raise DataError(f"the date '{texts[0]}' cannot be read; {HOW}")


def _by_quarter(found: Matches) -> pd.PeriodIndex:
    return _periods([int(match["year"]) for match in found], [int(match["quarter"]) for match in found])


def _by_month(found: Matches, month: str, day: str | None = None) -> pd.PeriodIndex:
    """Years and months, and days that must be some month's; raises `DataError` with the first that is no date."""
    for match in found:
        try:
            datetime.date(int(match["year"]), int(match[month]), int(match[day]) if day else 1)
        except ValueError as error:
            raise DataError(f"the date '{match.string}' cannot be read ({error}); {HOW}") from None
    return _periods([int(match["year"]) for match in found], [(int(match[month]) + 2) // 3 for match in found])


def _by_number(found: Matches) -> pd.PeriodIndex:
    """1999-3: a quarter in a column whose numbers run from 1 to 4 only, else a month."""
    numbers = [int(match["number"]) for match in found]
    if not all(1 <= number <= 4 for number in numbers):
        return _by_month(found, "number")
    as_quarters, as_months = _periods([int(match["year"]) for match in found], numbers), _by_month(found, "number")
    return _one_of(as_quarters, as_months, found, "a quarter or a month")


def _by_either_order(found: Matches) -> pd.PeriodIndex:
    """01/04/1999: day first or month first, whichever makes dates, one a quarter."""
    orders = []
    for month, day in (("second", "first"), ("first", "second")):
        try:
            orders.append(_by_month(found, month, day))
        except DataError:
            continue
    if not orders:
        raise DataError(f"the dates ('{found[0].string}', …) are days and months in neither order; {HOW}")
    return orders[0] if len(orders) == 1 else _one_of(orders[0], orders[1], found, "the day or the month first")


def _one_of(first: pd.PeriodIndex, other: pd.PeriodIndex, found: Matches, readings: str) -> pd.PeriodIndex:
    """The reading that is quarter after quarter; raises `DataError` where both are, and differ."""
    if first.equals(other) or not _runs(other):
        return first
    if not _runs(first):
        return other
    raise DataError(f"the dates ('{found[0].string}', …) can be read with {readings}; {HOW}")


def _runs(index: pd.PeriodIndex) -> bool:
    return bool((np.diff(index.asi8) == 1).all())


def _in_words(found: Matches) -> pd.PeriodIndex:
    """Dates with a month's name; the year has four digits."""
    try:
        return pd.PeriodIndex([match.string for match in found], freq="Q")
    except ValueError as error:
        raise DataError(f"the dates cannot be read ({error}); {HOW}") from None


def _periods(years: list[int], quarters: list[int]) -> pd.PeriodIndex:
    return pd.PeriodIndex([pd.Period(year=y, quarter=q, freq="Q") for y, q in zip(years, quarters, strict=True)])
