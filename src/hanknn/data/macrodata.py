"""The real-data default that needs no network: US macroeconomic data that ship with statsmodels."""

import pandas as pd


def us_macrodata() -> pd.DataFrame:
    """US quarterly data 1959Q1-2009Q3 from statsmodels: columns realgdp, pop, cpi, tbilrate and more.

    Real GDP in billions of chained 2005 dollars, population in thousands, consumer prices (index), the three-month
    Treasury bill rate in percent a year.
    """
    from statsmodels.datasets import macrodata  # slow to import, and only this function needs it

    table = macrodata.load_pandas().data
    quarters = pd.PeriodIndex.from_fields(
        year=table["year"].astype(int), quarter=table["quarter"].astype(int), freq="Q"
    )
    return table.drop(columns=["year", "quarter"]).set_axis(quarters)
