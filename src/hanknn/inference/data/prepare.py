"""From a table to a model's observables: transformed, cut to the sample, and demeaned over what is left."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from ...economy.model import Model
from ...machine.arguments import require, require_mapping, require_once
from ...machine.errors import DataError
from .dates import quarter, quarterly, span
from .measurement import Setting, VarianceShare, covariance
from .observed import Observed, observable, observables, require_values
from .tables import read
from .transforms import Level, Series

EXAMPLE = "{'output_growth': Growth('gdp')}"


def prepare(
    source: pd.DataFrame | str | Path,
    model: Model,
    series: Mapping[str, Series] | None = None,
    measurement_error: Setting = VarianceShare(),
    start: str | None = None,
    end: str | None = None,
    mask: str | Sequence[str] = (),
) -> Observed:
    """Observed series of `model` from a table indexed by quarters (or a CSV or Parquet file, see `read`).

    `series` maps observables to columns and transformations; without it the columns must have the names and units of
    observables. `start` and `end` ("1985Q1", "1985") cut the sample after transforming; means are taken out, and
    shares of the variance taken, over the sample that is left. Quarters of `mask` ("2020Q1:2021Q2", or several of
    these) count as missing.

    Quarters may be written 1985Q1, 1985-Q1, Q1 1985, as any date within them (1985-03-31, 31.03.1985), or 1985-1: in a
    column whose numbers run from 1 to 4 only these are quarters, else months. Days and months in either order
    (01/04/1985) are read where one order alone gives quarter after quarter. A fiscal year's quarter is the calendar
    quarter in which it ends. Empty rows are dropped.

    Raises `DataError` for dates out of order, twice, missing, ambiguous or of another frequency, columns twice, text
    among numbers, a series that does not vary, or units that differ from the observable's; `UnknownNameError` for
    unknown names; `SettingError` for arguments of another kind.

    Example: `prepare("data.csv", model, {"output_growth": Growth("gdp", per="pop", demean=True)}, start="1985Q1")`.
    """
    known = observables(model)
    require(source, pd.DataFrame | str | Path, "a table (pandas DataFrame) or a file's path")
    whole = source if isinstance(source, pd.DataFrame) else read(source)
    require_once(whole.columns, "column", DataError)
    table = quarterly(whole)
    if series is None:
        series = {str(name): Level(str(name), known[name].unit) for name in table.columns if name in known}
        if not series:
            raise DataError(
                f"no column is an observable of model '{model.name}' ({', '.join(known)}); "
                "say with series={...} which column each comes from"
            )
    require_mapping(series, Series, "series", EXAMPLE)
    columns = {}
    for name, how in series.items():
        unit = observable(model, name).unit
        if how.gives != unit:
            raise DataError(
                f"observable '{name}' is in '{unit}', but {type(how).__name__}('{how.column}') gives "
                f"'{how.gives}'; use another transformation or observable"
            )
        columns[name] = how.apply(table)
    sample = _masked(_cut(pd.DataFrame(columns, index=table.index), start, end), mask)
    require_values(sample)
    means = {name: float(sample[name].mean()) for name, how in series.items() if how.demean}
    noise = covariance(sample, measurement_error, {name: how.origin for name, how in series.items()})
    left = sample.assign(**{name: sample[name] - mean for name, mean in means.items()})
    return Observed(left, noise, _told(sample, series, means), means)


def _cut(table: pd.DataFrame, start: str | None, end: str | None) -> pd.DataFrame:
    first = table.index[0] if start is None else quarter(start, "start")
    last = table.index[-1] if end is None else quarter(end, "end", last=True)
    sample = table.loc[first:last].dropna(how="all", axis=0)
    if not len(sample):
        have = f"{table.index[0]} to {table.index[-1]}"
        raise DataError(f"no row with a value between {first} and {last}; the table has {have}")
    # A quarter in the middle without any value stays, as missing: the filter must step through it.
    return sample.reindex(pd.period_range(sample.index[0], sample.index[-1], freq="Q"))


def _masked(sample: pd.DataFrame, mask: str | Sequence[str]) -> pd.DataFrame:
    """The sample without the values of some quarters; raises `DataError` for a mask that hides none."""
    require(mask, str | list | tuple, "mask as '2020Q1:2021Q2', or a list of such texts")
    for one in [mask] if isinstance(mask, str) else mask:
        first, last = span(one, "mask")
        hidden = (sample.index >= first) & (sample.index <= last)
        if not hidden.any():
            have = f"{sample.index[0]} to {sample.index[-1]}"
            raise DataError(f"mask {one} hides no quarter of the sample, which goes from {have}")
        sample = sample.mask(pd.Series(hidden, sample.index), axis=0)
    return sample


def _told(sample: pd.DataFrame, series: Mapping[str, Series], means: Mapping[str, float]) -> str:
    """Where the numbers come from and what was done to them, in words."""
    taken = {name: f", less its mean of {mean:.4g}" for name, mean in means.items()}
    described = "; ".join(f"{name}: {how!r}{taken.get(name, '')}" for name, how in series.items())
    return f"{described}; {sample.index[0]} to {sample.index[-1]}"
