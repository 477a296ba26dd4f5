"""Read a table, check its dates, and turn its columns into observables."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pandas as pd

from ..errors import DataError, UnknownNameError
from ..model import Model
from .measurement import Setting, VarianceShare, covariance
from .observed import Observed
from .transforms import Level, Series


def prepare(
    source: pd.DataFrame | str | Path,
    model: Model,
    series: Mapping[str, Series] | None = None,
    measurement_error: Setting = VarianceShare(),
    start: str | None = None,
    end: str | None = None,
) -> Observed:
    """Observed series of `model` from a table indexed by quarters (or a CSV or Parquet file, see `read`).

    `series` maps observables to columns and transformations; without it the columns must have the
    names and units of observables. `start` and `end` ("1985Q1") cut the sample after transforming.
    Raises `DataError` for dates out of order, twice or missing, another frequency, text among
    numbers, or units that differ from the observable's, and `UnknownNameError` for unknown names.
    """
    table = quarterly(source if isinstance(source, pd.DataFrame) else read(source))
    known = {**model.states, **model.policies, **model.observables}
    if series is None:
        series = {str(name): Level(str(name), known[name].unit) for name in table.columns if name in known}
        if not series:
            raise DataError(
                f"no column is an observable of model '{model.name}' ({', '.join(known)}); "
                "say with series={...} which column each comes from"
            )
    columns = {}
    for name, how in series.items():
        if name not in known:
            raise UnknownNameError("observable", name, known, f"model '{model.name}'")
        if how.gives != known[name].unit:
            raise DataError(
                f"observable '{name}' is in '{known[name].unit}', but {type(how).__name__}('{how.column}') gives "
                f"'{how.gives}'; use another transformation or observable"
            )
        columns[name] = how.apply(table)
    chosen = pd.DataFrame(columns).loc[start:end].dropna(how="all", axis=0)
    if not len(chosen):
        raise DataError(f"no row with a value between {start or table.index[0]} and {end or table.index[-1]}")
    # A quarter in the middle without any value stays, as missing: the filter must step through it.
    chosen = chosen.reindex(pd.period_range(chosen.index[0], chosen.index[-1], freq="Q"))
    described = "; ".join(f"{name}: {how!r}" for name, how in series.items())
    return Observed(chosen, covariance(chosen, measurement_error), described)


def read(path: str | Path) -> pd.DataFrame:
    """A CSV or Parquet file whose first column (or index) holds the dates."""
    path = Path(path)
    if not path.is_file():
        raise DataError(f"no file '{path}'; check the path")
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
            return (
                table
                if isinstance(table.index, pd.DatetimeIndex | pd.PeriodIndex)
                else table.set_index(table.columns[0])
            )
        return pd.read_csv(path, index_col=0)
    except (ValueError, IndexError, OSError, UnicodeDecodeError) as error:
        raise DataError(f"'{path}' cannot be read as a table ({type(error).__name__}: {error})") from None


def quarterly(table: pd.DataFrame) -> pd.DataFrame:
    """The table with a checked quarterly index."""
    index = _periods(table.index)
    if not len(index):
        raise DataError("the table has no rows")
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


def _periods(index: pd.Index) -> pd.PeriodIndex:
    if isinstance(index, pd.PeriodIndex):
        return index if index.freqstr.startswith("Q") else index.asfreq("Q")
    if isinstance(index, pd.DatetimeIndex):
        return index.to_period("Q")
    if pd.api.types.is_numeric_dtype(index):
        raise DataError(f"the dates are numbers ({index[0]}, …); the first column must hold dates such as 1985Q1")
    try:
        return pd.PeriodIndex(index.astype(str), freq="Q")
    except ValueError as error:
        raise DataError(f"the dates cannot be read ({error}); write them as 1985Q1 or 1985-01-01") from None
