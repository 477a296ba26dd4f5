"""The real-data default that needs no network: US macroeconomic data that ship with statsmodels."""

from collections.abc import Collection

import pandas as pd

from ...economy.model import Model
from ...machine.arguments import require
from ...machine.errors import UnknownNameError
from .center import central_values
from .measurement import Setting, VarianceShare
from .observed import Observed, require_model
from .prepare import prepare
from .transforms import Growth, Level

NO_MEAN = 0.01
"""Percent: an observable that is nearer to zero than this at the centre of the states is a deviation."""


def us_macrodata() -> pd.DataFrame:
    """US quarterly data 1959Q1-2009Q3 from statsmodels: columns realgdp, pop, cpi, tbilrate and more.

    Real GDP in billions of chained 2005 dollars, population in thousands, consumer prices (index), the three-month
    Treasury bill rate in percent a year.
    """
    from statsmodels.datasets import macrodata  # slow to import, and only this function needs it

    table = pd.DataFrame(macrodata.load_pandas().data)
    quarters = pd.PeriodIndex.from_fields(  # pyright: ignore[reportAttributeAccessIssue]  (not in its stubs)
        year=table["year"].astype(int), quarter=table["quarter"].astype(int), freq="Q"
    )
    return table.drop(columns=["year", "quarter"]).set_axis(quarters)


def us_observed(
    model: Model,
    start: str | None = "1985Q1",
    end: str | None = None,
    measurement_error: Setting = VarianceShare(0.1),
    demean: Collection[str] | None = None,
) -> Observed:
    """US output growth, inflation and interest rate, in percent at annual rates, on the scale of `model`.

    `output_growth`: real GDP per head. `inflation_rate`: consumer prices. `interest_rate`: three-month Treasury bill.
    `start` and `end`: the first and the last quarter; by default 1985Q1, and 2009Q3, where the data end, for a model
    with a constraint such as the zero lower bound, which nearly binds then, or 2007Q4 for one without. Measurement
    errors have a tenth of each series' variance, as in KMR's code.

    `demean`: series that lose their sample mean. By default those that have none in the model: that are zero at the
    centre of its states, at the baseline parameters. So `nk`, in deviations, gets all three demeaned; `rank` and
    `hank`, in levels, get inflation and the rate as they are, and `rank`, which does not grow, demeaned output growth.
    `Observed.source` says what was done, and `Observed.means` what was taken out.

    Raises `UnknownNameError` for a model without one of the three. Example: `us_observed(solution.model)`.
    """
    require_model(model)
    series = ("output_growth", "inflation_rate", "interest_rate")
    if demean is None:
        demean = [name for name, value in central_values(model, series).items() if abs(value) < NO_MEAN]
    require(demean, list | tuple | set, "the series to demean as a list of names, such as ['output_growth']")
    for name in demean:
        if name not in series:
            raise UnknownNameError("series", name, series, "the US data")
    how = {
        "output_growth": Growth("realgdp", per="pop", demean="output_growth" in demean),
        "inflation_rate": Growth("cpi", demean="inflation_rate" in demean),
        "interest_rate": Level("tbilrate", unit="percent, annualised", demean="interest_rate" in demean),
    }
    last = end or ("2009Q3" if model.constraints else "2007Q4")
    return prepare(us_macrodata(), model, how, measurement_error, start, last)
