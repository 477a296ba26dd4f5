"""The file that an economist opens with ArviZ says what the posterior's own table says, weighted draws included."""

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
import xarray as xr

from hanknn import Parameter, ParameterSpace
from hanknn.inference.posterior import Box
from hanknn.inference.posterior.diagnostics import effective_draws, r_hat
from hanknn.inference.posterior.result import Posterior
from hanknn.inference.posterior.sample import Sample

SPACE = ParameterSpace(
    a=Parameter(0.5, range=(-9.0, 9.0), text="a slope", unit="percent"), b=Parameter(0.0, range=(-9.0, 9.0))
)
BOX = Box.over(SPACE)
CHAINS, DRAWS, PERSISTENCE = 4, 500, 0.5


@pytest.fixture(scope="module")
def arviz():
    """Any version; older ones announce the next on import, and read with what others will remove."""
    with warnings.catch_warnings(action="ignore"):
        yield pytest.importorskip("arviz")


@pytest.fixture(scope="module")
def chains():
    rng = np.random.default_rng(1)
    values = np.zeros((CHAINS, DRAWS, 2))
    values[:, 0] = rng.normal(size=(CHAINS, 2))
    for i in range(1, DRAWS):
        shocks = rng.normal(size=(CHAINS, 2))
        values[:, i] = PERSISTENCE * values[:, i - 1] + np.sqrt(1 - PERSISTENCE**2) * shocks
    return values


def weighted(chains, spread, seed=0):
    """The same draws with weights whose logs have the s.d. `spread`."""
    weights = np.exp(spread * np.random.default_rng(seed).normal(size=chains.shape[:2]))
    return Posterior(BOX, chains, weights=weights / weights.sum(), notes={"pareto_k": 0.3})


def with_statistics(chains):
    nothing = np.zeros(chains.shape[:2])
    return Posterior(BOX, chains, Sample(chains, nothing, nothing + 0.9, nothing > 0))


@pytest.mark.parametrize("spread", [None, 0.0, 1.0, 2.0])
def test_arviz_finds_our_effective_draws_r_hat_and_quantiles(spread, chains, arviz, tmp_path):
    posterior = with_statistics(chains) if spread is None else weighted(chains, spread)
    table = posterior.table()
    # Twice to one path: a reader that still has the first open must not block the second.
    for _ in range(2):
        read = arviz.from_netcdf(str(posterior.save(tmp_path / "posterior.nc")))
        draws = {name: read["posterior"][name].to_numpy() for name in BOX.names}
        summary = arviz.summary(read, round_to="none")
        for name in BOX.names:
            assert float(summary.loc[name, "ess_bulk"]) == pytest.approx(table.loc[name, "ESS"], rel=1e-6)
            assert float(summary.loc[name, "r_hat"]) == pytest.approx(table.loc[name, "R-hat"], rel=1e-6)
            assert float(summary.loc[name, "mean"]) == pytest.approx(table.loc[name, "mean"], abs=0.02)
            ours = posterior.quantiles((0.05, 0.5, 0.95)).loc[name]
            np.testing.assert_allclose(np.quantile(draws[name], [0.05, 0.5, 0.95]), ours, atol=0.04)
        read.close()


def test_the_file_loses_no_more_draws_than_the_weights_cost(chains):
    """Over many weights: the effective draws found are those that the means of the exported draws have."""
    rng = np.random.default_rng(3)
    for spread in (0.5, 1.2):
        lost, squares = [], []
        for seed in range(100):
            own = rng.normal(size=chains.shape)
            posterior = weighted(own, spread, seed)
            lost.append(np.mean(1 / posterior.convergence()[1]))
            squares.append(np.mean(posterior.equal().mean(axis=(0, 1)) ** 2))
        assert np.mean(lost) == pytest.approx(np.mean(squares), rel=0.35)
        assert np.mean(lost) > 1.15 / (CHAINS * DRAWS)


def test_weighted_draws_are_kept_as_they_are(chains, tmp_path):
    posterior = weighted(chains, 1.0)
    tree = xr.open_datatree(posterior.save(tmp_path / "posterior.nc"), engine="h5netcdf")
    group = tree["weighted_posterior"].to_dataset()
    np.testing.assert_array_equal(group["a"], chains[..., 0])
    np.testing.assert_allclose(np.exp(group["log_weight"]), posterior.weights)
    assert group["a"].attrs == {"long_name": "a slope", "unit": "percent"} and tree.attrs["pareto_k"] == "0.3"
    assert set(tree.children) == {"posterior", "prior", "weighted_posterior"}
    tree.close()


def test_chains_that_do_not_move_have_no_effective_draws_to_boast_of():
    still = np.full((4, 100), 0.7)
    assert effective_draws(still) == 1.0 and np.isnan(r_hat(still))
    weights = np.zeros((4, 100))
    weights[2, 3] = 1.0
    alone = Posterior(BOX, np.random.default_rng(0).normal(size=(4, 100, 2)), weights=weights)
    assert (alone.convergence()[1] == 1).all() and np.isnan(alone.convergence()[0]).all()
    assert np.isnan(effective_draws(np.array([[0.1, 0.2, 0.3]]))), "three draws are too few to tell"


@pytest.mark.parametrize("home", ["/proc/nonexistent", "file"])
def test_a_home_that_cannot_be_written_costs_no_posterior(home, tmp_path):
    """Table, file and figures, as at the end of an estimation."""
    (tmp_path / "file").write_text("")
    script = """
import numpy as np
from hanknn import Parameter, ParameterSpace
from hanknn.front.figures import prior_posterior, save
from hanknn.inference.posterior import Box
from hanknn.inference.posterior.result import Posterior
box = Box.over(ParameterSpace(a=Parameter(0.5, range=(0.0, 1.0))))
posterior = Posterior(box, np.random.default_rng(0).uniform(size=(4, 100, 1)))
assert posterior.table()["ESS"]["a"] > 100
posterior.save("posterior.nc")
save(prior_posterior(posterior), "figures", "prior_posterior")
"""
    unset = {"MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"}
    environment = {k: v for k, v in os.environ.items() if k not in unset} | {"HOME": str(tmp_path / home)}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "posterior.nc").exists() and (tmp_path / "figures" / "prior_posterior.pdf").exists()
