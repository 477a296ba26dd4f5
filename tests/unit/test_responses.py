"""Generalised impulse responses and spells, against linear models and counts by hand."""

import numpy as np
import pytest
import xarray as xr

import hanknn
from hanknn.machine.errors import ModelError, SettingError, ShapeError, UnknownNameError


def test_in_a_linear_model_responses_scale_with_size_and_start_nowhere():
    solution = hanknn.load("nk")
    small = hanknn.girf(solution, sizes=[-1.0, 2.0], periods=6, draws=20)
    plain = hanknn.irf(solution, size=1.0, periods=6)
    assert small["zeta"].dims == ("size", "horizon") and small["zeta"].shape == (2, 6)
    np.testing.assert_allclose(small["zeta"].sel(size=-1), -plain["zeta"], rtol=1e-9)
    np.testing.assert_allclose(small["output_gap"].sel(size=2), 2 * plain["output_gap"], rtol=0.02)
    np.testing.assert_allclose(small["interest_rate"].sel(size=2), 2 * plain["interest_rate"], rtol=0.02)


def test_at_the_bound_bad_news_weighs_more_than_good_news():
    solution = hanknn.load("rank")
    bound, away = (hanknn.states_where(solution, "zlb", binds, periods=5000) for binds in (True, False))
    assert (bound["zeta"] < away["zeta"].max()).all()
    drop = {}
    for name, start in (("bound", bound), ("away", away)):
        response = hanknn.girf(solution, sizes=[-2.0, 2.0], start=start, periods=4, draws=400)
        first = response["labor"].isel(horizon=0)
        drop[name] = float(-first.sel(size=-2) / first.sel(size=2))
    assert drop["bound"] > 1.1 and drop["bound"] > drop["away"] > 1.0


def test_the_linear_answer_is_the_other_ones_limit_for_small_shocks_and_knows_no_bound():
    solution = hanknn.load("rank")
    calm = {"sigma_zeta": 0.01, "rho_zeta": 0.6}  # the bound is hardly ever met, so fear of it bends nothing
    small, linear = (hanknn.irf(solution, None, -0.01, 6, calm, linear=which) for which in (False, True))
    for name in ("labor", "inflation"):
        np.testing.assert_allclose(small[name], linear[name], rtol=1e-3)
    linear = hanknn.irf(solution, size=-0.01, periods=6, linear=True)
    large, straight = (hanknn.irf(solution, size=-4.0, periods=2, linear=which) for which in (False, True))
    scale = float(straight["log_rate"][0] / linear["log_rate"][0])
    assert abs(scale - 400) < 1
    assert float(large["log_rate"][0]) > 0.6 * float(straight["log_rate"][0])
    assert float(large["labor"][0]) < 1.05 * float(straight["labor"][0]) < 0, "at the bound output falls further"
    with pytest.raises(ModelError, match="'nk' has no linear solution"):
        hanknn.irf(hanknn.load("nk"), linear=True)


def test_questions_that_make_no_sense_are_refused():
    solution = hanknn.load("nk")
    with pytest.raises(UnknownNameError, match="did you mean 'eps'"):
        hanknn.girf(solution, shock="epz")
    with pytest.raises(SettingError, match="'nk' has no constraint"):
        hanknn.states_where(solution)
    with pytest.raises(UnknownNameError, match="unknown constraint 'zlb'"):
        hanknn.states_where(solution, "zlb")
    with pytest.raises(UnknownNameError, match="did you mean 'zeta'"):
        hanknn.girf(solution, start={"zetta": 0.0})
    with pytest.raises(SettingError):
        hanknn.girf(solution, sizes=[])
    with pytest.raises(ShapeError, match="one value of each parameter"):
        hanknn.girf(solution, parameters={"rho": [0.85, 0.9]})


def test_spells_are_counted_as_by_hand():
    binds = np.array([1, 1, 0, 0, 1, 0, 1, 1, 1, 0], bool)
    path = xr.Dataset({"zlb": ("period", np.where(binds, -0.1, 0.2))}, attrs={"constraints": ["zlb"]})
    row = hanknn.constraint_spells(path).loc["zlb"]
    assert (row["frequency"], row["spells"], row["mean_length"], row["median_length"], row["longest"]) == (
        0.6,
        3,
        2,
        2,
        3,
    )
    never = xr.Dataset({"zlb": (("draw", "period"), np.ones((2, 5)))}, attrs={"constraints": ["zlb"]})
    table = hanknn.constraint_spells(never)
    assert list(table.index.names) == ["draw", "constraint"] and (table["longest"] == 0).all()
