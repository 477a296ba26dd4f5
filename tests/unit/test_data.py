"""Data: what is refused, where, and what transformations give."""

import urllib.error

import numpy as np
import pandas as pd
import pytest

import hanknn
from hanknn.data import (
    Growth,
    Level,
    Observed,
    StandardDeviation,
    VarianceShare,
    fred,
    prepare,
    simulate_data,
    us_macrodata,
)
from hanknn.data.macrodata import us_observed
from hanknn.errors import DataError, SettingError, ShapeError, UnknownNameError

ANNUAL = "percent, annualised"


@pytest.fixture
def table():
    quarters = pd.period_range("1990Q1", periods=8, freq="Q")
    gdp = 100 * 1.01 ** np.arange(8)
    return pd.DataFrame({"gdp": gdp, "pop": 1.005 ** np.arange(8), "rate": np.linspace(4, 5, 8)}, index=quarters)


def test_growth_is_at_an_annual_rate_and_per_head(nk, table):
    series = {"output_growth": Growth("gdp", per="pop"), "interest_rate": Level("rate", unit=ANNUAL)}
    found = prepare(table, nk, series, StandardDeviation(0.5))
    assert found.periods == 8 and np.isnan(found.table["output_growth"].iloc[0])
    np.testing.assert_allclose(found.table["output_growth"].iloc[1:], 400 * (1.01 / 1.005 - 1))
    np.testing.assert_allclose(found.noise, 0.25 * np.eye(2))


def test_demeaned_and_cut_samples(nk, table):
    series = {"interest_rate": Level("rate", unit=ANNUAL, demean=True)}
    found = prepare(table, nk, series, VarianceShare(0.1), start="1990Q3", end="1991Q2")
    assert list(found.table.index.astype(str)) == ["1990Q3", "1990Q4", "1991Q1", "1991Q2"]
    assert abs(found.table["interest_rate"].mean()) < 1e-12
    np.testing.assert_allclose(found.noise[0, 0], 0.1 * found.table["interest_rate"].var(ddof=0))


def test_csv_and_parquet_files_read_alike(nk, table, tmp_path):
    table = table.rename(columns={"rate": "interest_rate"})
    table.to_csv(tmp_path / "data.csv")
    table.set_axis(table.index.to_timestamp()).to_parquet(tmp_path / "data.parquet")
    first = prepare(tmp_path / "data.csv", nk)
    second = prepare(str(tmp_path / "data.parquet"), nk)
    assert first.names == second.names == ("interest_rate",)
    np.testing.assert_allclose(first.table, second.table)
    with pytest.raises(DataError, match="no file"):
        prepare(tmp_path / "dota.csv", nk)


def test_a_quarter_without_values_stays_as_missing(nk, table):
    table.loc["1990Q4"] = np.nan
    found = prepare(table, nk, {"interest_rate": Level("rate", unit=ANNUAL)})
    assert found.periods == 8 and np.isnan(found.table["interest_rate"].loc["1990Q4"])


RATE = {"interest_rate": Level("rate", unit=ANNUAL)}


@pytest.mark.parametrize(
    ("spoil", "series", "message"),
    [
        (lambda t: t.iloc[[0, 1, 1, 2]], RATE, "1990Q2 appears twice"),
        (lambda t: t.iloc[[0, 2, 1]], RATE, "1990Q2 comes after"),
        (lambda t: t.drop(index=t.index[3]), RATE, "1990Q4 is missing"),
        (lambda t: t.iloc[::4], RATE, "annual"),
        (lambda t: t.set_axis(pd.period_range("1990-01", periods=8, freq="M")), RATE, "monthly"),
        (lambda t: t.set_axis(range(8)), RATE, "dates are numbers"),
        (lambda t: t.set_axis([*"abcdefgh"]), RATE, "cannot be read"),
        (lambda t: t.astype(object).replace(t["rate"].iloc[2], "n.a."), RATE, "'n.a.' at 1990Q3"),
        (lambda t: t.assign(rate=np.nan), RATE, "no row with a value"),
        (lambda t: t.assign(gdp=-1.0), {"output_growth": Growth("gdp")}, "positive"),
        (lambda t: t, {"zeta": Growth("gdp")}, "is in 'deviation'"),
        (lambda t: t, {"interest_rate": Level("rate", unit="percent")}, "gives 'percent'"),
        (lambda t: t[["gdp"]], None, "no column is an observable"),
    ],
)
def test_bad_tables_are_refused_with_their_place(nk, table, spoil, series, message):
    with pytest.raises(DataError, match=message):
        prepare(spoil(table), nk, series)


def test_unknown_names_get_the_nearest_one(nk, table):
    with pytest.raises(UnknownNameError, match="did you mean 'output_growth'"):
        prepare(table, nk, {"output_grwth": Growth("gdp")})
    with pytest.raises(UnknownNameError, match="did you mean 'rate'"):
        prepare(table, nk, {"interest_rate": Level("rat", unit=ANNUAL)})
    with pytest.raises(UnknownNameError, match="series"):
        prepare(table, nk, RATE, {"interest_rat": StandardDeviation(1.0)})


def test_measurement_errors_must_be_errors(table):
    with pytest.raises(SettingError, match="positive"):
        StandardDeviation(0.0)
    two = pd.DataFrame({"zeta": [1.0, 2.0], "inflation": [0.0, 1.0]})
    for noise, message in (
        (np.eye(3), "shape"),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), "positive definite"),
        (np.diag([1.0, 0.0]), "positive definite"),
        (np.array([[1.0, 0.5], [0.0, 1.0]]), "symmetric"),
        (np.diag([1.0, np.nan]), "finite"),
    ):
        with pytest.raises(DataError, match=message):
            Observed(two, noise)
    with pytest.raises(DataError, match="no value at all"):
        Observed(two.assign(zeta=np.nan), np.eye(2))
    with pytest.raises(DataError, match="infinite"):
        Observed(two.assign(zeta=[np.inf, 1.0]), np.eye(2))
    with pytest.raises(DataError, match="does not vary"):
        prepare_constant = pd.DataFrame(
            {"interest_rate": [1.0] * 4}, index=pd.period_range("1990Q1", periods=4, freq="Q")
        )
        prepare(prepare_constant, hanknn.models.LinearNK())


def test_simulated_data_keep_their_truth(quick):
    first = simulate_data(quick, ["inflation", "zeta"], 400, {"rho": 0.9}, VarianceShare(0.1), seed=3)
    again = simulate_data(quick, ["inflation", "zeta"], 400, {"rho": 0.9}, VarianceShare(0.1), seed=3)
    assert first.observed.table.equals(again.observed.table) and first.parameters["rho"] == 0.9
    error = first.observed.table["zeta"].to_numpy() - first.truth["zeta"].to_numpy()
    np.testing.assert_allclose(error.std(), np.sqrt(0.1) * first.truth["zeta"].std(), rtol=0.1)
    with pytest.raises(UnknownNameError, match="did you mean 'inflation'"):
        simulate_data(quick, ["inflatio"])
    with pytest.raises(ShapeError, match="one value"):
        simulate_data(quick, ["zeta"], parameters={"rho": [0.85, 0.9]})


def test_growth_of_simulated_output_is_that_of_gap_and_natural_output(quick):
    made = simulate_data(quick, ["output_growth"], 50, measurement_error=StandardDeviation(1e-9))
    zeta, gap = made.truth["zeta"].to_numpy(), made.truth["output_gap"].to_numpy()
    output = gap + zeta / (2.0 * (0.875 - 1))  # equation (22): natural output is ζ / (σ (ρ − 1))
    np.testing.assert_allclose(made.observed.table["output_growth"].iloc[1:], 400 * np.diff(output), atol=1e-6)


def test_the_offline_data_are_quarterly_and_prepare(nk):
    table = us_macrodata()
    assert str(table.index[0]) == "1959Q1" and str(table.index[-1]) == "2009Q3"
    found = us_observed(nk)
    assert found.names == ("output_growth", "inflation_rate", "interest_rate") and found.periods == 92
    assert found.table.abs().max().max() < 15, "percent at an annual rate"


MONTHLY = b"observation_date,FEDFUNDS\n" + b"".join(
    f"{1990 + m // 12}-{m % 12 + 1:02d}-01,{8 + m}\n".encode() for m in range(8)
)
QUARTERLY = b"observation_date,GDPC1\n1990-01-01,100\n1990-04-01,.\n1990-07-01,102\n"


def test_fred_averages_months_and_keeps_gaps():
    answers = {"FEDFUNDS": MONTHLY, "GDPC1": QUARTERLY}
    asked = []

    def fetch(address):
        asked.append(address)
        return next(content for code, content in answers.items() if f"id={code}" in address)

    found = fred("FEDFUNDS", "GDPC1", start="1990-01-01", fetch=fetch)
    assert list(found.index.astype(str)) == ["1990Q1", "1990Q2", "1990Q3"]
    np.testing.assert_allclose(found["FEDFUNDS"], [9, 12, np.nan])  # the third quarter has two of its months
    np.testing.assert_allclose(found["GDPC1"], [100, np.nan, 102])
    assert all("cosd=1990-01-01" in address for address in asked)


def test_fred_says_what_went_wrong():
    def offline(address):
        raise urllib.error.URLError("no network")

    with pytest.raises(DataError, match="could not be fetched"):
        fred("GDPC1", fetch=offline)
    with pytest.raises(DataError, match="not a table"):
        fred("GDPC1", fetch=lambda address: b"<html>Error</html>")
    with pytest.raises(DataError, match="at least one"):
        fred()
