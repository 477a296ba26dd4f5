"""`hank` to first order: what the network's small responses are held against. Run: python benchmarks/linear_hank.py

Linear responses, without the zero lower bound, to 0.1 standard deviations of each shock at five points of the
parameter box. `largest_differences` says how far another solution's responses are off, as a share of their peak.
"""

import os
import sys
import time

import numpy as np
import pandas as pd
import xarray as xr

from hanknn.models.hank_parameters import PARAMETERS
from hanknn.references import PerfectForesight

SIZE, PERIODS = 0.1, 20
SHOCKS = ("zeta", "z", "mp")
COMPARED = ("output", "inflation", "interest_rate")
SHOWN = (0, 1, 2, 4, 8, 16)


def points(draws: int = 4, seed: int = 5) -> pd.DataFrame:
    """KMR's true values, then points that fill the box; a row a point, estimated parameters only."""
    sampled = PARAMETERS.sample(draws, seed=seed)
    rows = np.vstack([PARAMETERS.baseline, sampled])
    return pd.DataFrame(rows, columns=list(PARAMETERS.names))[list(PARAMETERS.free)]


def linear_responses(at: pd.DataFrame, reference: PerfectForesight = PerfectForesight()) -> xr.Dataset:
    """Dimensions `point`, `shock` and `horizon`; variables and units as in `ForeseenPath.to_dataset`."""
    economies = []
    for _, row in at.iterrows():
        economy = reference.at(row.to_dict())
        responses = [economy.linear(shock, SIZE, PERIODS) for shock in SHOCKS]
        economies.append(xr.concat(responses, pd.Index(SHOCKS, name="shock")))
    return xr.concat(economies, pd.RangeIndex(len(at), name="point"), combine_attrs="drop_conflicts")


def largest_differences(network: xr.Dataset, linear: xr.Dataset) -> pd.DataFrame:
    """The largest difference over the quarters as a percentage of the linear response's peak.

    Both datasets have dimensions `point`, `shock` and `horizon`, and `COMPARED` in the same units: deviations from
    where the economy would be without the shock. A row a point and shock; columns are `COMPARED`.
    """
    network, linear = (table[list(COMPARED)].isel(horizon=slice(PERIODS)) for table in (network, linear))
    network, linear = xr.align(network, linear, join="exact")
    share = 100 * abs(network - linear).max("horizon") / abs(linear).max("horizon")
    return share.to_dataframe()[list(COMPARED)]


def main() -> int:
    at = points()
    began = time.perf_counter()
    linear = linear_responses(at)
    seconds = time.perf_counter() - began
    print(at.to_string(float_format="{:.4g}".format))
    for name in COMPARED:
        table = linear[name].sel(horizon=list(SHOWN)).to_dataframe()[name].unstack("horizon")
        print(f"\n{name}, {linear[name].attrs['units']}\n" + table.to_string(float_format="{:.5f}".format))
    print(f"\n{len(at)} points, {os.cpu_count()} cores, {seconds:.0f} s, compilation included")
    return 0


if __name__ == "__main__":
    sys.exit(main())
