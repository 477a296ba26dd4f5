"""Dates and tables as people write them: what is read, and what is refused because it could mean two things."""

import datetime

import numpy as np
import pandas as pd
import pytest

from hanknn.inference.data import Level, Observed, StandardDeviation, VarianceShare, prepare, read
from hanknn.inference.data.dates import quarterly
from hanknn.machine.errors import DataError

RATE = {"interest_rate": Level("rate", unit="percent, annualised")}
VALUES = [3.1, 2.9, 3.3, 3.0, 2.7]
QUARTERS = ["1999Q2", "1999Q3", "1999Q4", "2000Q1", "2000Q2"]
STARTS = [(1999, 4), (1999, 7), (1999, 10), (2000, 1), (2000, 4)]

WRITTEN = {
    "1999Q2": QUARTERS,
    "1999-Q2": [f"{q[:4]}-{q[4:]}" for q in QUARTERS],
    "1999:Q2": [f"{q[:4]}:{q[4:]}" for q in QUARTERS],
    "Q2 1999": [f"{q[4:]} {q[:4]}" for q in QUARTERS],
    "a quarter's number": [f"{q[:4]}-{q[5]}" for q in QUARTERS],
    "a month's number": [f"{y}-{m}" for y, m in STARTS],
    "1999M04": [f"{y}M{m:02d}" for y, m in STARTS],
    "1999-04-01": [f"{y}-{m:02d}-01" for y, m in STARTS],
    "1999/4/1": [f"{y}/{m}/1" for y, m in STARTS],
    "1999-04-01 00:00:00": [f"{y}-{m:02d}-01 00:00:00" for y, m in STARTS],
    "day first": [f"01/{m:02d}/{y}" for y, m in STARTS],
    "month first": [f"{m:02d}/01/{y}" for y, m in STARTS],
    "last day first": ["30/06/1999", "30/09/1999", "31/12/1999", "31/03/2000", "30/06/2000"],
    "01.04.1999": [f"01.{m:02d}.{y}" for y, m in STARTS],
    "in words": ["Apr 1999", "Jul 1999", "Oct 1999", "Jan 2000", "Apr 2000"],
    "date objects": [datetime.date(y, m, 15) for y, m in STARTS],
    "calendar quarters": pd.PeriodIndex(QUARTERS, freq="Q"),
    "fiscal quarters to June": pd.PeriodIndex(QUARTERS, freq="Q").asfreq("Q-JUN"),
    "fiscal quarters to September": pd.PeriodIndex(QUARTERS, freq="Q").asfreq("Q-SEP"),
    "fiscal quarters to March": pd.PeriodIndex(QUARTERS, freq="Q").asfreq("Q-MAR"),
    "first months": pd.PeriodIndex([f"{y}-{m:02d}" for y, m in STARTS], freq="M"),
    "ends of quarters": pd.date_range("1999-06-30", periods=5, freq="QE"),
    "with a time zone": pd.date_range("1999-04-01", periods=5, freq="QS", tz="Europe/Berlin"),
}


@pytest.mark.parametrize("dates", WRITTEN.values(), ids=WRITTEN)
def test_quarters_are_read_however_they_are_written(nk, dates):
    found = prepare(pd.DataFrame({"rate": VALUES}, index=dates), nk, RATE)
    assert list(found.table.index.astype(str)) == QUARTERS
    np.testing.assert_allclose(found.table["interest_rate"], VALUES)


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (["01/04/1999"], "the day or the month first; write them as 1985Q1"),
        (["1999-3", "1999-4"], "a quarter or a month; write them as 1985Q1"),
        (["30/02/1999", "30/05/1999"], r"'30/02/1999' cannot be read \(day is out of range for month\)"),
        (["1999-13-01"], "'1999-13-01' cannot be read"),
        (["1999Q1", "1999-04-01"], "'1999-04-01' is not written as '1999Q1' is"),
        (["31/03/99", "30/06/99"], "'31/03/99' cannot be read; write"),
        (["1999Q5"], "cannot be read"),
        (["01/01/1999", "01/02/1999", "01/03/1999", "01/04/1999"], "monthly"),
    ],
)
def test_dates_that_could_mean_two_things_are_refused(nk, dates, message):
    with pytest.raises(DataError, match=message):
        prepare(pd.DataFrame({"rate": VALUES[: len(dates)]}, index=dates), nk, RATE)


def test_numbers_beside_years_are_months_where_one_is_above_four(nk):
    months = pd.DataFrame({"rate": VALUES}, index=["1999-2", "1999-5", "1999-8", "1999-11", "2000-2"])
    assert prepare(months, nk, RATE).table.index[0] == pd.Period("1999Q1")


@pytest.mark.parametrize("index", [pd.period_range("2000Q2", periods=3, freq="Q-SEP"), ["2000-01-01", "2000-04-01"]])
def test_observed_series_have_calendar_quarters(index):
    data = Observed(pd.DataFrame({"zeta": np.arange(float(len(index)))}, index=index), np.eye(1))
    assert data.table.index.dtype == "period[Q-DEC]" and str(data.table.index[0]) == "2000Q1"
    with pytest.raises(DataError, match="2000Q1 appears twice"):
        Observed(pd.DataFrame({"zeta": [0.0, 1.0]}, index=["2000Q1", "2000Q1"]), np.eye(1))


LINES = "date,rate\n1999Q1,3.1\n1999Q2,2.9\n1999Q3,3.3\n"
TABLES = {
    "an empty row at the end": LINES + ",\n",
    "two": LINES + ",\n,\n",
    "blanks": LINES + " , \n",
    "empty lines": "\n" + LINES + "\n\n",
    "an empty row inside": LINES.replace("1999Q3", ",\n1999Q3"),
    "an empty column": LINES.replace("\n", ",\n"),
    "semicolons": LINES.replace(",", ";"),
    "semicolons and decimal commas": LINES.replace(",", ";").replace(".", ","),
    "tabs and decimal commas": LINES.replace(",", "\t").replace(".", ","),
    "dotted dates": "Datum;rate\n31.03.1999;3,1\n30.06.1999;2,9\n30.09.1999;3,3\n",
    "a byte order mark": "\ufeff" + LINES,
    "Windows' line ends": LINES.replace("\n", "\r\n"),
    "blanks after commas": LINES.replace(",", ", "),
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_csv_files_are_read_as_they_are_written_here_and_there(nk, tmp_path, text):
    (tmp_path / "data.csv").write_bytes(text.encode())
    found = prepare(tmp_path / "data.csv", nk, RATE)
    assert list(found.table.index.astype(str)) == ["1999Q1", "1999Q2", "1999Q3"]
    np.testing.assert_allclose(found.table["interest_rate"], [3.1, 2.9, 3.3])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LINES + ",3.4\n", r"row 4 below the header \(after 1999Q3\) has values but no date"),
        (LINES.replace("1999Q1", "\n").replace("1999Q2", ""), "row 2 below the header has values but no date"),
        ("date,rate,rate\n1999Q1,1,2\n", "column 'rate' appears twice"),
        ("date\n1999Q1\n", "has one column"),
        ("", "has one column"),
        ("date;rate\n1999Q1;1,5\n1999Q2;1.234,5\n", "'1.234,5' at 1999Q2, which is not a number"),
    ],
)
def test_csv_files_that_cannot_be_read_for_certain_are_refused(nk, tmp_path, text, message):
    (tmp_path / "data.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        prepare(tmp_path / "data.csv", nk, RATE)


@pytest.mark.parametrize("dates", WRITTEN.values(), ids=WRITTEN)
def test_parquet_files_keep_their_dates(nk, tmp_path, dates):
    table = pd.DataFrame({"rate": VALUES}, index=pd.Index(dates, name="date"))
    for i, saved in enumerate((table, table.reset_index())):
        saved.to_parquet(tmp_path / f"{i}.parquet")
        found = prepare(tmp_path / f"{i}.parquet", nk, RATE)
        assert list(found.table.index.astype(str)) == QUARTERS and found.table.notna().all().all()


def test_a_sample_is_cut_by_quarters_years_or_dates(nk):
    table = pd.DataFrame({"rate": np.arange(20.0)}, index=pd.period_range("1999Q1", periods=20, freq="Q"))
    for start, end in (("2000Q1", "2001Q4"), ("2000", "2001"), ("2000-02-15", "2001-10-01")):
        found = prepare(table, nk, RATE, StandardDeviation(1.0), start, end).table
        assert [str(found.index[0]), str(found.index[-1])] == ["2000Q1", "2001Q4"]
    for start in ("first", "", "01/04/2000"):
        with pytest.raises(DataError, match="1985Q1"):
            prepare(table, nk, RATE, StandardDeviation(1.0), start)
    with pytest.raises(DataError, match="between 1990Q1 and 1990Q4; the table has 1999Q1 to 2003Q4"):
        prepare(table, nk, RATE, VarianceShare(), "1990", "1990")


def test_columns_twice_are_refused(nk):
    table = pd.DataFrame(
        [[1.0, 2.0]] * 4, columns=["rate", "rate"], index=pd.period_range("1999Q1", periods=4, freq="Q")
    )
    with pytest.raises(DataError, match="'rate' appears twice"):
        prepare(table, nk, RATE)
    with pytest.raises(DataError, match="'rate' appears twice"):
        Observed(table, np.eye(2))


def test_a_text_file_of_another_kind_says_what_is_read(tmp_path):
    (tmp_path / "data.xlsx").write_bytes(b"PK\x03\x04\xff\xfe\x00")
    with pytest.raises(DataError, match="give a CSV or Parquet file"):
        read(tmp_path / "data.xlsx")


def test_a_simulation_s_periods_are_read_back():
    """As `hanknn simulate --out` and `estimate --simulate` write them, from 0 and from 1."""
    for first in (0, 1):
        index = pd.RangeIndex(first, first + 8, name="period")
        found = quarterly(pd.DataFrame({"rate": range(8)}, index=index))
        assert found.index[0] == pd.Period("1900Q1", "Q") + first and len(found) == 8
    with pytest.raises(DataError, match="dates are numbers"):
        quarterly(pd.DataFrame({"rate": range(2)}, index=pd.Index([0, 2], name="period")))
