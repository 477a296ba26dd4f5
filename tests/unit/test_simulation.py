"""Paths, responses and moments against theory and against the policies themselves."""

import numpy as np
import pytest

import hanknn
from hanknn.machine.errors import OutOfRangeError, SettingError, UnknownNameError

OMEGA = (1 + 1.125) / (2.0 + 1.125)
INNOVATION = 0.06 * 2.0 * (0.875 - 1) * OMEGA


def test_the_state_has_the_moments_of_its_autoregression(quick):
    path = hanknn.simulate(quick, periods=20_000, seed=1)
    table = hanknn.moments(path)
    np.testing.assert_allclose(table.loc["zeta", "sd"], abs(INNOVATION) / np.sqrt(1 - 0.875**2), rtol=0.05)
    np.testing.assert_allclose(table.loc["zeta", "autocorrelation"], 0.875, atol=0.015)
    np.testing.assert_allclose(table.loc["eps", ["mean", "sd"]].astype(float), [0, 1], atol=0.03)
    assert table.loc["inflation", "unit"] == "deviation"


def test_shocks_move_the_state_and_policies_follow_it(quick):
    path = hanknn.simulate(quick, periods=50)
    zeta, eps = path["zeta"].to_numpy(), path["eps"].to_numpy()
    np.testing.assert_allclose(zeta[1:], 0.875 * zeta[:-1] + INNOVATION * eps[1:], rtol=1e-10)
    np.testing.assert_allclose(path["inflation"], quick.policy({"zeta": zeta})["inflation"], rtol=1e-10)


def test_columns_of_parameters_simulate_as_one_at_a_time(quick):
    both = hanknn.simulate(quick, periods=20, parameters={"rho": [0.85, 0.9]}, seed=4)
    alone = hanknn.simulate(quick, periods=20, parameters={"rho": 0.9}, seed=4)
    assert both["output_gap"].dims == ("draw", "period") and alone["output_gap"].dims == ("period",)
    np.testing.assert_allclose(both["output_gap"][1], alone["output_gap"], rtol=1e-10)
    assert list(both["rho"]) == [0.85, 0.9]
    assert list(hanknn.moments(both).index.names) == ["draw", "variable"]


def test_the_same_seed_gives_the_same_path(quick):
    first, again, other = (hanknn.simulate(quick, periods=10, seed=s) for s in (0, 0, 1))
    assert first.identical(again) and not np.allclose(first["zeta"], other["zeta"])


def test_responses_decay_at_the_persistence_from_the_innovation(quick):
    response = hanknn.irf(quick, size=-2.0, periods=12)
    np.testing.assert_allclose(response["zeta"], -2 * INNOVATION * 0.875 ** np.arange(12), rtol=1e-9)
    assert response.attrs["shock"] == "eps" and response["inflation"].attrs["long_name"] == "inflation"


def test_questions_that_make_no_sense_are_refused(quick):
    with pytest.raises(UnknownNameError, match="did you mean 'eps'"):
        hanknn.irf(quick, shock="epz")
    with pytest.raises(OutOfRangeError):
        hanknn.simulate(quick, parameters={"phi": 0.95})
    with pytest.raises(SettingError):
        hanknn.simulate(quick, periods=0)
