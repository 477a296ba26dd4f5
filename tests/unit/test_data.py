"""Data: what is refused, where, and what transformations give."""

import dataclasses
import http.client
import ssl
import subprocess
import sys
import urllib.error
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import hanknn
from hanknn import log_likelihood
from hanknn.inference.data import (
    Censored,
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
from hanknn.inference.data.macrodata import us_observed
from hanknn.inference.likelihood.space import panel
from hanknn.machine.errors import DataError, ModelError, SettingError, ShapeError, UnknownNameError

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


DEMEANED = {
    "interest_rate": Level("rate", unit=ANNUAL, demean=True),
    "output_growth": Growth("gdp", demean=True),
}


@pytest.mark.parametrize("sample", [(None, None), ("1990Q3", None), (None, "1991Q1"), ("1990Q3", "1991Q2")], ids=str)
def test_means_are_taken_out_over_the_sample_that_is_returned(nk, table, sample):
    """And shares of the variance; growth still has the quarter before the sample."""
    table["gdp"] *= np.exp(np.random.default_rng(0).normal(0, 0.01, 8))
    found = prepare(table, nk, DEMEANED, VarianceShare(0.1), *sample)
    np.testing.assert_allclose(found.table.mean(), 0, atol=1e-12)
    np.testing.assert_allclose(np.diag(found.noise), 0.1 * found.table.var(ddof=0))
    as_they_are = {name: dataclasses.replace(how, demean=False) for name, how in DEMEANED.items()}
    levels = prepare(table, nk, as_they_are, VarianceShare(), *sample)
    np.testing.assert_allclose(found.table + pd.Series(found.means), levels.table, atol=1e-12)
    assert not levels.means and "less its mean" in found.source and "less its mean" not in levels.source
    assert (sample[0] is None) == found.table["output_growth"].isna().any()


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
    with pytest.raises(DataError, match="'zeta' appears twice"):
        simulate_data(quick, ["zeta", "inflation", "zeta"])
    with pytest.raises(SettingError, match="periods is 0"):
        simulate_data(quick, ["zeta"], 0)


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
    np.testing.assert_allclose(np.diag(found.noise), 0.1 * found.table.var(ddof=0))


class TwoPercent(hanknn.models.LinearNK):
    """Inflation around two per cent, the rest in deviations, and with a constraint."""

    constraints: ClassVar = {"zlb": hanknn.Variable("R", "zero lower bound", "log")}

    def observe(self, now, last, theta):
        values = super().observe(now, last, theta)
        return {**values, "inflation_rate": 2 + values["inflation_rate"]}

    def slackness(self, now, theta):
        return {"zlb": now.inflation}


@pytest.mark.parametrize(
    ("model", "demeaned", "end"),
    [
        (hanknn.models.LinearNK(), {"output_growth", "inflation_rate", "interest_rate"}, "2007Q4"),
        (hanknn.models.RANK(), {"output_growth"}, "2009Q3"),
        (TwoPercent(), {"output_growth", "interest_rate"}, "2009Q3"),
    ],
    ids=["nk", "rank", "one's own"],
)
def test_us_data_have_the_model_s_means(model, demeaned, end):
    """A series is demeaned where the model's has no mean; a model with a bound gets the quarters that nearly bind."""
    found = us_observed(model)
    assert set(found.means) == demeaned and str(found.table.index[-1]) == end
    means = found.table.mean()
    np.testing.assert_allclose(means[list(demeaned)], 0, atol=1e-12)
    assert (means.drop(list(demeaned)) > 2).all()
    for name in found.names:
        assert (f"{name}: " in found.source) and str(found.table.index[0]) in found.source
    levels = us_observed(model, end="2000Q4", demean=[])
    assert not levels.means and str(levels.table.index[-1]) == "2000Q4" and (levels.table.mean() > 1).all()
    with pytest.raises(UnknownNameError, match="did you mean 'interest_rate'"):
        us_observed(model, demean=["interest_rat"])


def test_a_model_without_a_finite_center_says_what_it_needs():
    class Lost(hanknn.models.LinearNK):
        def observe(self, now, last, theta):
            return {**super().observe(now, last, theta), "inflation_rate": jnp.log(now.inflation)}

    with pytest.raises(ModelError, match=r"'inflation_rate' of model 'nk' is -inf.*policy_center"):
        us_observed(Lost())


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.mask(t == 0),  # zeros that were missing values
        lambda t: t.iloc[::-1].set_axis(t.index),
        lambda t: t.set_axis(t.index + 1),
        lambda t: t.rename(columns={"zeta": "inflation"}),
        lambda t: t * (1 + 1e-15),
    ],
)
def test_a_fingerprint_changes_with_every_value_place_and_date(change):
    table = pd.DataFrame({"zeta": [0.0, 1.0, 2.0, 0.0, 3.0]}, index=pd.period_range("2000Q1", periods=5, freq="Q"))
    one, same, other = (Observed(t, np.eye(1)).fingerprint() for t in (table, table.copy(), change(table)))
    assert one == same and one["content"] != other["content"]
    assert one["first"] == "2000Q1" and one["last"] == "2001Q1" and one["series"] == ["zeta"] and one["periods"] == 5
    assert Observed(table, 2 * np.eye(1)).fingerprint() != one


def test_one_series_of_the_data_says_what_was_taken_out():
    data = Observed(pd.DataFrame({"zeta": [0.0, 1.0]}), np.eye(1), means={"zeta": 2.5})
    assert data.attributes("zeta") == {"demeaned_by": 2.5}
    with pytest.raises(UnknownNameError, match="did you mean 'zeta'"):
        Observed(pd.DataFrame({"zeta": [0.0, 1.0]}), np.eye(1), means={"zet": 2.5})


N = 40
ALTERNATING = np.where(np.arange(N) % 2, 0.1 + 0.2, 0.3)


@pytest.mark.parametrize("demean", [False, True])
@pytest.mark.parametrize(
    ("gdp", "rate"),
    [(100 * 1.005 ** np.arange(N), None), (ALTERNATING, None), (None, ALTERNATING), (None, np.full(N, 0.1))],
    ids=["growth", "no growth", "rate", "constant"],
)
def test_a_series_that_is_constant_but_for_rounding_has_no_variance_to_share(nk, gdp, rate, demean):
    quarters = pd.period_range("2000Q1", periods=N, freq="Q")
    table = pd.DataFrame({"gdp": gdp, "rate": rate}, index=quarters).astype(float)
    series = {
        "output_growth": Growth("gdp", demean=demean),
        "interest_rate": Level("rate", unit=ANNUAL, demean=demean),
    }
    name = "output_growth" if rate is None else "interest_rate"
    with pytest.raises(DataError, match=f"'{name}' does not vary.*StandardDeviation"):
        prepare(table, nk, {name: series[name]})
    assert prepare(table, nk, {name: series[name]}, StandardDeviation(0.1)).periods in (N - 1, N)


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_a_series_of_any_size_varies_by_its_own_measure(nk, size):
    values = size * (1 + 1e-7 * np.random.default_rng(0).normal(size=N))
    table = pd.DataFrame({"interest_rate": values}, index=pd.period_range("2000Q1", periods=N, freq="Q"))
    assert prepare(table, nk).noise[0, 0] == pytest.approx(0.05 * values.var())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, np.inf, 2.0, 3.0], "column 'rate' is infinite at 1990Q2"),
        (["1", "inf", "2", "3"], "column 'rate' is infinite at 1990Q2"),
        ([np.nan] * 4, "'interest_rate' has no value at all"),
        ([np.nan, 2.0, np.nan, np.nan], "'interest_rate' has one value only"),
        (["1.0", " ", "", "2.0"], None),
    ],
)
def test_a_series_is_refused_for_what_it_is(nk, values, message):
    index = pd.period_range("1990Q1", periods=4, freq="Q")
    table = pd.DataFrame({"rate": values, "other": [1.0, 2.0, 3.0, 5.0]}, index=index)
    series = {"interest_rate": Level("rate", ANNUAL), "inflation_rate": Level("other", ANNUAL)}
    if message is None:
        assert prepare(table, nk, series).table["interest_rate"].isna().sum() == 2
        return
    for how in (VarianceShare(), {name: VarianceShare() for name in series}):
        with pytest.raises(DataError, match=message):
            prepare(table, nk, series, how)


def test_growth_across_an_infinite_level_is_refused_wherever_the_sample_begins(nk, table):
    table.loc["1990Q2", "gdp"] = np.inf
    with pytest.raises(DataError, match="'gdp' is infinite at 1990Q2"):
        prepare(table, nk, {"output_growth": Growth("gdp")}, start="1990Q3")


# Annotations are enforced in this process: a user's mistakes are tried in one where they are not.
MISTAKES = """
import numpy as np, pandas as pd, hanknn
from hanknn.inference.data import *
nk = hanknn.models.LinearNK()
table = pd.DataFrame({"interest_rate": [1.0, 2.0, 4.0]}, index=pd.period_range("1990Q1", periods=3, freq="Q"))
level = Level("interest_rate", "percent, annualised")
mistakes = {
    "a class for a model": lambda: prepare(table, hanknn.models.LinearNK),
    "a name for a model": lambda: us_observed("nk"),
    "a list for a table": lambda: prepare([1.0, 2.0], nk),
    "a list for a mapping": lambda: prepare(table, nk, ["interest_rate"]),
    "a text for a series": lambda: prepare(table, nk, {"interest_rate": "rate"}),
    "a number for an error": lambda: prepare(table, nk, None, 0.1),
    "numbers for errors": lambda: prepare(table, nk, None, {"interest_rate": 0.1}),
    "a text for a number": lambda: VarianceShare("0.1"),
    "a year for a quarter": lambda: prepare(table, nk, start=1990),
    "a year for the last quarter": lambda: us_observed(nk, end=2000),
    "a text for a list": lambda: us_observed(nk, demean="output_growth"),
    "a text for observables": lambda: simulate_data(None, "inflation"),
    "a model for a solution": lambda: simulate_data(nk, ["inflation"]),
    "a list of codes": lambda: fred(["GDPC1", "GDPDEF"]),
    "a year for FRED": lambda: fred("GDPC1", start=1990, fetch=lambda address: b""),
    "a text for FRED's content": lambda: fred("GDPC1", fetch=lambda address: "date,GDPC1"),
    "an array for a table": lambda: Observed(np.zeros((3, 1)), np.eye(1)),
    "text in a table": lambda: Observed(pd.DataFrame({"zeta": ["1", "two"]}), np.eye(1)),
    "a table for data": lambda: hanknn.log_likelihood(hanknn.load("nk"), table),
    "all of simulated data": lambda: hanknn.log_likelihood(
        hanknn.load("nk"), simulate_data(hanknn.load("nk"), ["inflation"], 8)
    ),
    "a model for a solution to filter": lambda: hanknn.filter_states(nk, Observed(table, np.eye(1))),
    "a filter's class": lambda: hanknn.log_likelihood(
        hanknn.load("nk"), Observed(table, np.eye(1)), None, hanknn.Kalman
    ),
}
for told, mistake in mistakes.items():
    try:
        mistake()
    except hanknn.HanknnError as error:
        print(f"{told}: {error}")
    except Exception as error:
        raise AssertionError(told) from error
    else:
        raise AssertionError(f"{told} is taken")
"""


def test_arguments_of_another_kind_are_refused_in_a_sentence():
    done = subprocess.run([sys.executable, "-c", MISTAKES], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert told["a class for a model"] == "give a model, such as LinearNK(), not the class LinearNK"
    assert "start='1985Q1'" in told["a year for a quarter"]
    assert "VarianceShare(0.1)" in told["a number for an error"]
    assert ".observed" in told["all of simulated data"]


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


def answer(dates, values=None):
    """FRED's answer for series X."""
    rows = zip(dates, range(1, len(dates) + 1) if values is None else values, strict=True)
    return "\n".join(["observation_date,X", *(f"{date:%Y-%m-%d},{value}" for date, value in rows)]).encode()


DAYS = pd.date_range("2019-01-02", "2020-03-31", freq="B")
FREQUENCIES = {
    "daily": DAYS,
    "weekly": pd.date_range("2019-01-04", "2020-03-27", freq="W-FRI"),
    "fortnightly": pd.date_range("2019-01-09", "2020-03-31", freq="14D"),
    "monthly": pd.date_range("2019-01-01", "2020-03-01", freq="MS"),
    "quarterly": pd.date_range("2019-01-01", "2020-01-01", freq="QS"),
}


@pytest.mark.parametrize("dates", FREQUENCIES.values(), ids=FREQUENCIES)
def test_fred_averages_whole_quarters_whatever_the_frequency(dates):
    found = fred("X", fetch=lambda address: answer(dates))["X"]
    expected = pd.Series(np.arange(1.0, len(dates) + 1)).groupby(dates.to_period("Q")).mean()
    np.testing.assert_allclose(found, expected)
    assert len(found) == 5
    if len(dates) > 5:  # a quarter that begins late or ends early has no average that could be compared
        for part, lost in ((dates[dates >= "2019-02-15"], 0), (dates[dates <= "2020-02-15"], -1)):
            cut = fred("X", fetch=lambda address, part=part: answer(part))["X"]
            assert np.isnan(cut.iloc[lost]) and cut.notna().sum() == 4


def test_fred_takes_holidays_for_holidays_and_not_for_the_end_of_the_sample():
    values = [v if i % 7 else "." for i, v in enumerate(np.where(DAYS < "2020-03-01", 1.0, 0.05))]
    assert fred("X", fetch=lambda address: answer(DAYS, values))["X"].notna().all()
    ended = [v if day < pd.Timestamp("2020-02-01") else "." for day, v in zip(DAYS, values, strict=True)]
    assert fred("X", fetch=lambda address: answer(DAYS, ended))["X"].isna().tolist() == [False] * 4 + [True]
    closed = [v if not "2019-08" <= f"{day:%Y-%m}" <= "2019-09" else "." for day, v in zip(DAYS, values, strict=True)]
    assert fred("X", fetch=lambda address: answer(DAYS, closed))["X"].isna().tolist() == [
        False,
        False,
        True,
        False,
        False,
    ]


def test_fred_asks_for_whole_quarters():
    asked = []
    fred("X", start="1990Q2", end="2000-02-15", fetch=lambda a: asked.append(a) or answer(FREQUENCIES["quarterly"]))
    assert "cosd=1990-04-01" in asked[0] and "coed=2000-03-31" in asked[0]


BROKEN = [
    urllib.error.URLError("no network"),
    ConnectionResetError("reset"),
    OSError("broken"),
    ssl.SSLError("certificate"),
    TimeoutError(),
    http.client.IncompleteRead(b""),
    http.client.RemoteDisconnected("closed"),
]


@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
def test_fred_says_that_the_network_is_not_there(error):
    def offline(address):
        raise error

    with pytest.raises(DataError, match=rf"could not be fetched \({type(error).__name__}"):
        fred("GDPC1", fetch=offline)


def test_fred_says_what_went_wrong():
    with pytest.raises(DataError, match="annual"):
        fred("X", fetch=lambda address: answer(pd.date_range("2015-01-01", periods=5, freq="YS")))
    with pytest.raises(DataError, match="one date"):
        fred("X", fetch=lambda address: answer(DAYS[:1]))
    with pytest.raises(DataError, match="no dates with values"):
        fred("X", fetch=lambda address: answer([]))
    with pytest.raises(DataError, match="'X' appears twice"):
        fred("X", "X", fetch=lambda address: answer(DAYS))
    with pytest.raises(DataError, match="not a table"):
        fred("GDPC1", fetch=lambda address: b"<html>Error</html>")
    with pytest.raises(DataError, match="at least one"):
        fred()


def test_masked_quarters_are_missing_and_in_no_mean(nk, table):
    table["gdp"] *= np.exp(np.random.default_rng(0).normal(0, 0.01, 8))
    plain = prepare(table, nk, DEMEANED, VarianceShare(0.1))
    found = prepare(table, nk, DEMEANED, VarianceShare(0.1), mask=["1990Q3:1990Q4", "1991Q4"])
    hidden = [2, 3, 7]
    assert found.table.index.equals(plain.table.index) and found.table.iloc[hidden].isna().all(axis=None)
    left = table["rate"].drop(table.index[hidden])
    assert found.means["interest_rate"] == pytest.approx(left.mean())
    np.testing.assert_allclose(found.noise[0, 0], 0.1 * left.var(ddof=0))
    wild = table.assign(rate=table["rate"].where(~table.index.isin(table.index[hidden]), 99.0))
    same = prepare(wild, nk, DEMEANED, VarianceShare(0.1), mask=["1990Q3:1990Q4", "1991Q4"])
    np.testing.assert_array_equal(same.table["interest_rate"], found.table["interest_rate"])
    for mask, message in (("2001Q1", "hides no quarter"), ("1991Q1:1990Q1", "before it begins"), ("a:b:c", "2020Q1")):
        with pytest.raises(DataError, match=message):
            prepare(table, nk, DEMEANED, mask=mask)


def test_an_error_at_the_bound_holds_in_its_quarters_alone(nk, table):
    table["rate"] = [4.0, 2.0, 0.2, 0.1, 0.12, 0.2, 1.0, 2.0]
    series = {"interest_rate": Level("rate", unit=ANNUAL)}
    plain = prepare(table, nk, series, VarianceShare(0.1))
    found = prepare(table, nk, series, {"interest_rate": Censored(VarianceShare(0.1), bound=0.25, sd=0.05)})
    sds = np.sqrt(found.noises[:, 0, 0])
    np.testing.assert_allclose(sds[2:6], 0.05)
    np.testing.assert_allclose(sds[[0, 1, 6, 7]], np.sqrt(plain.noise[0, 0]))
    assert found.fingerprint() != plain.fingerprint()
    whitening = np.asarray(panel(found).whitening)[:, 0, 0]
    np.testing.assert_allclose(whitening, 1 / sds)
    noise = np.tile(plain.noise, (8, 1, 1))
    theta = {"rho": 0.8}
    each = log_likelihood("nk", Observed(plain.table, noise), theta)
    assert each == pytest.approx(log_likelihood("nk", plain, theta))
    noise[3] = -noise[3]
    with pytest.raises(DataError, match="not positive definite"):
        Observed(plain.table, noise)
    with pytest.raises(DataError, match="each of the 8 periods"):
        Observed(plain.table, noise[:5])
