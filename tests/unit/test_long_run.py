"""Long simulations: their moments are those of one long path, whatever is asked beside."""

import subprocess
import sys

import numpy as np
import pytest

import hanknn
from hanknn.machine.errors import OutOfRangeError, SettingError


@pytest.fixture(scope="module")
def rank():
    return hanknn.load("rank")


def test_moments_are_those_of_simulated_paths(rank):
    """Against `simulate`, an implementation of its own: within four standard errors of a path of 20,000 quarters."""
    found = hanknn.long_run(rank, quarters=100_000)
    one = hanknn.simulate(rank, 20_000, seed=5)
    for name in ("inflation_rate", "output_growth"):
        values = one[name].to_numpy()
        blocks = values.reshape(100, -1).mean(axis=1)
        assert abs(found.loc[name, "mean"] - values.mean()) < 4 * blocks.std() / 10
        np.testing.assert_allclose(found.loc[name, "sd"], values.std(), rtol=0.05)
    binds = hanknn.constraint_spells(one)["frequency"].iloc[0]
    assert abs(found.loc["zlb", "mean"] - binds) < 0.01 and found.loc["zlb", "unit"] == "share of quarters"


def test_columns_of_parameters_give_a_draw_each_with_the_same_shocks(rank):
    both = hanknn.long_run(rank, {"sigma_zeta": [0.02, 0.018]}, quarters=400)
    alone = hanknn.long_run(rank, {"sigma_zeta": 0.018}, quarters=400)
    np.testing.assert_allclose(
        both.loc[1, ["mean", "sd"]].to_numpy(float), alone[["mean", "sd"]].to_numpy(float), rtol=1e-9
    )
    assert both.loc[(0, "inflation_rate"), "sd"] > both.loc[(1, "inflation_rate"), "sd"]


def test_what_makes_no_sense_is_refused(rank):
    with pytest.raises(SettingError, match="at least 200"):
        hanknn.long_run(rank, quarters=199)
    with pytest.raises(OutOfRangeError, match="sigma_zeta"):
        hanknn.long_run(rank, {"sigma_zeta": 1.0}, quarters=400)


ON_TWO_DEVICES = """
import jax
jax.config.update("jax_num_cpu_devices", 2)
import hanknn
print(hanknn.long_run(hanknn.load("hank"), quarters=200).loc["zlb", "mean"])
"""


@pytest.mark.slow
def test_households_on_two_devices_come_to_an_end():
    """Where each path prepares its own economy, the devices wait for each other for ever (XLA's thread pool)."""
    done = subprocess.run([sys.executable, "-c", ON_TWO_DEVICES], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert 0 <= float(done.stdout) < 0.5
