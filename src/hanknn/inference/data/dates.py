"""Dates of a table, in the ways in which they are written, as calendar quarters."""

import datetime
import re
from itertools import pairwise

import numpy as np
import pandas as pd

from ...machine.errors import DataError

HOW = "write them as 1985Q1 or 1985-01-01"
YEAR, MONTH, DAY = r"(?P<year>\d{4})", r"(?P<month>\d{1,2})", r"(?P<day>\d{1,2})"
PERIODS, FIRST = "period", pd.Period("1900Q1", "Q")
"""What the library calls the numbered quarters of a simulation, and the quarter as which it reads number 0."""
READINGS = [
    re.compile(pattern)
    for pattern in (
        YEAR + r"[\s:./-]?[qQ](?P<quarter>[1-4])",
        r"[qQ](?P<quarter>[1-4])[\s:./-]?" + YEAR,
        f"{YEAR}[-/.]{MONTH}[-/.]{DAY}([T ].*)?",
        f"{DAY}[./-]{MONTH}[./-]{YEAR}( .*)?",
        f"{MONTH}[/-]{DAY}[/-]{YEAR}( .*)?",
        f"{YEAR}[mM]{MONTH}",
        YEAR + "[:./-]0?(?P<quarter>[1-4])",
        f"{YEAR}[:./-]{MONTH}",
        r"(?=.*[A-Za-z]{3})(?=.*\b\d{4}\b).*",  # with a month's name
    )
]
"""How dates are written; 1999-3 and 01/04/1999 can be read in two ways."""


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
        missing, hint = whole.difference(index), "add the row with empty cells if its values are missing"
        if len(whole) >= 3 * len(index) - 2:
            hint = "the data look annual; the model's periods are quarters"
        raise DataError(f"quarter {missing[0]} is missing ({len(missing)} in all); {hint}")
    return table.set_axis(index)


def quarters(index: pd.Index) -> pd.PeriodIndex:
    """The calendar quarter of each date; a fiscal year's quarter is the calendar quarter in which it ends.

    A simulation has no calendar: its column "period", numbers one after the other, counts from 1900Q1.
    """
    if isinstance(index, pd.PeriodIndex):
        return index.asfreq("Q", how="E")
    if isinstance(index, pd.DatetimeIndex):
        return index.tz_localize(None).to_period("Q")  # the local date counts, wherever it is
    if pd.api.types.is_numeric_dtype(index):
        if index.name == PERIODS and np.array_equal(index, int(index[0]) + np.arange(len(index))):
            return pd.period_range(FIRST + int(index[0]), periods=len(index), freq="Q")
        raise DataError(
            f"the dates are numbers ({index[0]}, …); the first column must hold dates: {HOW}. (A simulated table's "
            f"first column is called '{PERIODS}' and counts on by one.)"
        )
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


def span(given: object, what: str) -> tuple[pd.Period, pd.Period]:
    """The first and last quarter of "2020Q1:2021Q2", or of one quarter or year; raises `DataError` for other text."""
    ends = given.split(":") if isinstance(given, str) else [given]
    if len(ends) > 2:
        raise DataError(f"{what} is {given!r}; write its first and last quarter, such as 2020Q1:2021Q2")
    first, last = quarter(ends[0], what), quarter(ends[-1], what, last=True)
    if first > last:
        raise DataError(f"{what} is {given!r}, which ends before it begins")
    return first, last


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
    """Texts that are all written in the same way; of two readings the one that is quarter after quarter."""
    found, invalid, partial = [], "", ""
    for reading in READINGS:
        matches = [match for match in map(reading.fullmatch, texts) if match is not None]
        try:
            if len(matches) == len(texts):
                found.append(pd.PeriodIndex([_period(match) for match in matches]))
        except DataError as error:
            invalid = invalid or str(error)
        if 0 < len(matches) < len(texts):
            odd = next(text for text in texts if not reading.fullmatch(text))
            partial = partial or f"the date '{odd}' is not written as '{matches[0].string}' is"
    if not found:
        wrong = invalid or partial or f"the date '{texts[0]}' cannot be read"
        raise DataError(f"{wrong}; {HOW}")
    running = [index for index in found if (np.diff(index.asi8) == 1).all()]
    if any(not index.equals(running[0]) for index in running):
        ways = "a quarter or a month" if texts[0][:4].isdigit() else "the day or the month first"
        raise DataError(f"the dates ('{texts[0]}', …) can be read with {ways}; {HOW}")
    return (running or found)[0]


def _period(match: re.Match[str]) -> pd.Period:
    """The quarter of one date; raises `DataError` for a month or a day that is none."""
    parts = {name: int(number) for name, number in match.groupdict().items()}
    try:
        if "month" in parts:
            datetime.date(parts["year"], parts["month"], parts.get("day", 1))
            parts["quarter"] = (parts["month"] + 2) // 3
        return pd.Period(year=parts["year"], quarter=parts["quarter"], freq="Q") if parts else pd.Period(match[0], "Q")
    except ValueError as error:
        raise DataError(f"the date '{match.string}' cannot be read ({error})") from None
