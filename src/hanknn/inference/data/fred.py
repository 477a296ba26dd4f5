"""Series from FRED, for users with network."""

import http.client
import io
import urllib.parse
import urllib.request
from collections.abc import Callable

import pandas as pd

from ...machine.arguments import require, require_once
from ...machine.errors import DataError
from .dates import quarter

ADDRESS = "https://fred.stlouisfed.org/graph/fredgraph.csv"
RARE, QUARTER, MONTH, WEEKEND = 100.0, 80.0, 25.0, 5.0
"""Days: between two dates of a series with fewer than four a year, of a quarterly, a monthly one; a long weekend."""


def fred(
    *series: str, start: str | None = None, end: str | None = None, fetch: Callable[[str], bytes] | None = None
) -> pd.DataFrame:
    """Quarterly averages of FRED series by their codes, such as GDPC1, GDPDEF, FEDFUNDS, CNP16OV.

    `start` and `end` are quarters ("1985Q1"), or dates within them. A quarter whose average would not be comparable is
    missing: one that lacks a month of a monthly series, or, of a weekly or daily one, the sample's first or last where
    it begins late or ends early, and any with less than half as many values as usual. `fetch` turns an address into
    its content (default: over the network). Raises `DataError` where a series is unknown or rarer than quarterly, the
    answer is no table, or the network is not there.

    Example: `prepare(fred("GDPC1", "CNP16OV"), model, {"output_growth": Growth("GDPC1", per="CNP16OV")})`.
    """
    for code in series:
        if not isinstance(code, str):
            raise DataError(f"write the codes one by one, such as fred('GDPC1', 'GDPDEF'), not {code!r:.60}")
    if not series:
        raise DataError("name at least one series, such as fred('GDPC1', 'GDPDEF', 'FEDFUNDS')")
    require_once(series, "series", DataError)
    query = {} if start is None else {"cosd": f"{quarter(start, 'start').start_time:%Y-%m-%d}"}
    query |= {} if end is None else {"coed": f"{quarter(end, 'end', last=True).end_time:%Y-%m-%d}"}
    columns = [_quarterly(_series(code, query, fetch or _fetch)) for code in series]
    return pd.concat(columns, axis=1).sort_index()


def _series(code: str, query: dict[str, str], fetch: Callable[[str], bytes]) -> pd.Series:
    """One series by date, NaN where FRED has a dot."""
    try:
        content = fetch(f"{ADDRESS}?{urllib.parse.urlencode({'id': code} | query)}")
    except (OSError, http.client.HTTPException) as error:
        raise DataError(
            f"FRED series '{code}' could not be fetched ({type(error).__name__}: {error}); check the code and the "
            "network"
        ) from None
    require(content, bytes, "what fetch returns as bytes")
    try:
        table = pd.read_csv(io.BytesIO(content), index_col=0, parse_dates=True, na_values=["."])
        values = pd.to_numeric(table[code])
    except (ValueError, TypeError, KeyError):
        raise DataError(f"FRED's answer for '{code}' is not a table with that series; check the code") from None
    if not isinstance(values.index, pd.DatetimeIndex) or not values.notna().any():
        raise DataError(f"FRED's answer for '{code}' has no dates with values; check the code, start and end")
    return values.sort_index()


def _quarterly(values: pd.Series) -> pd.Series:
    """Averages of the quarters that are whole."""
    if len(values) == 1:
        raise DataError(f"FRED series '{values.name}' has one date, which does not tell its frequency; ask for more")
    step = values.index.to_series().diff().dt.days.median()
    if step > RARE:
        raise DataError(f"FRED series '{values.name}' is annual or half-yearly; the model's periods are quarters")
    known = values.dropna()
    grouped = known.groupby(pd.DatetimeIndex(known.index).to_period("Q"))
    counts, means = grouped.count(), grouped.mean()
    if step >= QUARTER:
        whole = counts >= 1
    elif step >= MONTH:
        whole = counts >= 3
    else:
        whole = counts >= counts.median() / 2
        reach = pd.Timedelta(days=max(step, WEEKEND))
        first, last = means.index[0], means.index[-1]
        whole[first] &= known.index[0] - reach < first.start_time
        whole[last] &= known.index[-1] + reach > last.end_time
    every = pd.period_range(means.index[0], pd.DatetimeIndex(values.index).to_period("Q")[-1], freq="Q")
    return means.where(whole).reindex(every)


def _fetch(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return answer.read()
