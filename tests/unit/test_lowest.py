"""What has to work with the oldest packages allowed: `make test-lowest` runs it there, `make test` with the newest."""

import jax
import numpy as np
import pytest

import hanknn
from hanknn.front.cli.command import main
from hanknn.inference.data import simulate_data
from hanknn.inference.estimation import Direct, estimate
from hanknn.inference.likelihood import Kalman
from hanknn.inference.posterior import NUTS, Store, TemperedSMC


@pytest.mark.parametrize("command", ["", "solve", "check", "irf", "demo", "reproduce"])
def test_every_command_has_a_help_page(command, capsys):
    assert main([*command.split(), "--help"]) == 0
    assert "Usage" in capsys.readouterr().out


@pytest.mark.parametrize("sampler", [NUTS(chains=2, warmup=20, draws=20), TemperedSMC(particles=64, runs=2, moves=2)])
def test_a_solved_model_is_saved_loaded_and_estimated(sampler, quick, tmp_path):
    solution = hanknn.load(quick.save(tmp_path / "solution.npz"))
    data = simulate_data(solution, ["zeta", "inflation"], 12)
    found = estimate(solution, data.observed, Direct(Kalman(), sampler), ["rho"], store=Store(tmp_path / "steps"))
    found.posterior.save(tmp_path / "posterior.nc")
    assert np.isfinite(found.posterior.quantiles()).all().all() and "R-hat" in found.verdict
    assert not jax.config.jax_enable_x64
