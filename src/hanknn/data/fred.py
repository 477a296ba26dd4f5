"""Series from FRED, for users with network."""

import io
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable

import pandas as pd

from ..errors import DataError

ADDRESS = "https://fred.stlouisfed.org/graph/fredgraph.csv"


def fred(
    *series: str, start: str | None = None, end: str | None = None, fetch: Callable[[str], bytes] | None = None
) -> pd.DataFrame:
    """Quarterly averages of FRED series by their codes, such as GDPC1, GDPDEF, FEDFUNDS, CNP16OV.

    `fetch` turns an address into its content (default: over the network). Raises `DataError` where
    a series is unknown, the answer is no table, or the network is not there.
    """
    fetch = fetch or _fetch
    columns = [_series(code, start, end, fetch) for code in series]
    if not columns:
        raise DataError("name at least one series, such as fred('GDPC1', 'GDPDEF', 'FEDFUNDS')")
    return pd.concat(columns, axis=1).sort_index()


def _series(code: str, start: str | None, end: str | None, fetch: Callable[[str], bytes]) -> pd.Series:
    query = {"id": code} | ({"cosd": start} if start else {}) | ({"coed": end} if end else {})
    try:
        content = fetch(f"{ADDRESS}?{urllib.parse.urlencode(query)}")
    except (urllib.error.URLError, TimeoutError) as error:
        raise DataError(
            f"FRED series '{code}' could not be fetched ({error}); check the code and the network"
        ) from None
    try:
        table = pd.read_csv(io.BytesIO(content), index_col=0, parse_dates=True, na_values=["."])
        values = pd.to_numeric(table[code])
    except (ValueError, KeyError, pd.errors.ParserError):
        raise DataError(f"FRED's answer for '{code}' is not a table with that series; check the code") from None
    if not isinstance(values.index, pd.DatetimeIndex):
        raise DataError(f"FRED's answer for '{code}' has no dates; check the code")
    # The last quarter of a monthly series may be incomplete; its average would not be comparable.
    quarters = values.index.to_period("Q")
    per_quarter = 3 if values.index.to_period("M").nunique() > 1.5 * quarters.nunique() else 1
    grouped = values.groupby(quarters)
    return grouped.mean().where(grouped.count() >= per_quarter)


def _fetch(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return answer.read()
