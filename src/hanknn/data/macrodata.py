"""The real-data default that needs no network: US macroeconomic data that ship with statsmodels."""

import pandas as pd

from ..model import Model
from .measurement import Setting, VarianceShare
from .observed import Observed
from .prepare import prepare
from .transforms import Growth, Level


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
    end: str | None = "2007Q4",
    measurement_error: Setting = VarianceShare(0.1),
) -> Observed:
    """US growth, inflation and interest rate for a model with those observables, each less its sample mean.

    Output growth: real GDP per head. Inflation: consumer prices. Rate: three-month Treasury bill. The
    default sample ends before the zero lower bound.
    """
    series = {
        "output_growth": Growth("realgdp", per="pop", demean=True),
        "inflation_rate": Growth("cpi", demean=True),
        "interest_rate": Level("tbilrate", unit="percent, annualised", demean=True),
    }
    return prepare(us_macrodata(), model, series, measurement_error, start, end)
