"""Estimation from data to posterior: right on a small problem, saved, resumed, refused."""

import builtins
import dataclasses
import json
import signal
import subprocess
import sys
import time

import jax
import numpy as np
import pytest

from hanknn.cli import main
from hanknn.data import simulate_data
from hanknn.errors import OutOfRangeError, RunFolderError, SettingError, UnknownNameError
from hanknn.estimate import Direct, ViaSurrogate, estimate
from hanknn.likelihood import Bootstrap, Grid, Guided, Kalman, Likelihood
from hanknn.posterior import NUTS, ParticleMetropolis, RandomWalk, Store
from hanknn.posterior.arviz_import import imported_arviz
from hanknn.posterior.importance import Reweighting, reweight, thin
from hanknn.posterior.result import weighted_quantiles
from hanknn.surrogate import Design, Fit, Regression

# Compiled in a third of the time that NUTS takes.
WALK = RandomWalk(chains=16, warmup=300, draws=1500)
SMALL = ViaSurrogate(
    filter=Guided(particles=40),
    design=Design(points=384, chunk=128),
    refinement=Design(points=256, chunk=128),
    fit=Fit(regression=Regression(width=8, depth=2, iterations=25), variance_steps=300),
    sampler=WALK,
    correction=Reweighting(draws=3000),
)
NAMES = ("phi_pi", "rho")


@pytest.fixture(scope="module")
def data(quick):
    return simulate_data(quick, ["zeta", "output_gap", "inflation"], 40, seed=2)


@pytest.fixture(scope="module")
def exact(quick, data):
    return estimate(quick, data.observed, Direct(Kalman(), WALK), NAMES)


@pytest.fixture(scope="module")
def small(quick, data, tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("steps"), every=0.0)
    return estimate(quick, data.observed, SMALL, NAMES, store=store), store


def test_the_corrected_posterior_is_the_exact_one(exact, small):
    found, _ = small
    sd = exact.posterior.mean_sd()[1]
    distance = (found.posterior.quantiles() - exact.posterior.quantiles()).div(sd, axis=0)
    assert distance.abs().max().max() < 0.25, "three thousand correlated draws: about four standard errors"
    assert found.notes["pareto_k"] < 0.7 and "the correction is reliable" in found.verdict
    assert "largest R-hat" in exact.verdict


def test_tables_name_prior_posterior_and_truth(exact, small, data):
    table = exact.posterior.table(data.parameters)
    assert list(table.index) == list(NAMES)
    assert list(table.columns[:3]) == ["true", "prior mean", "prior s.d."]
    np.testing.assert_allclose(table["prior mean"], [1.875, 0.875], rtol=1e-6)
    assert (table["5 %"] < table["median"]).all() and (table["median"] < table["95 %"]).all()
    assert (table["R-hat"] < 1.05).all()
    weighted = small[0].posterior.table()
    assert weighted["R-hat"].isna().all() and (weighted["ESS"] < 3000).all()


def test_arviz_reads_what_is_saved(exact, small, tmp_path):
    for found in (exact.posterior, small[0].posterior):
        # Twice to one path: a reader that still has the first open must not block the second.
        read = imported_arviz().from_netcdf(str(found.save(tmp_path / "posterior.nc")))
        assert set(read.posterior.data_vars) == set(NAMES)
        assert float(read.posterior["rho"].mean()) == pytest.approx(found.mean_sd()[0][1], abs=0.01)
        read.close()


def test_resumed_work_is_the_same_and_other_settings_are_refused(quick, data, small):
    first, store = small
    asked = []
    again = estimate(quick, data.observed, SMALL, NAMES, store=store, report=asked.append)
    np.testing.assert_array_equal(first.posterior.values, again.posterior.values)
    np.testing.assert_array_equal(first.posterior.weights, again.posterior.weights)
    assert not any("likelihoods" in step.stage for step in asked), "nothing was filtered again"
    with pytest.raises(RunFolderError, match="seed"):
        estimate(quick, data.observed, SMALL, NAMES, seed=1, store=store)


@pytest.mark.slow
def test_the_last_step_takes_as_many_particles_as_noisy_likelihoods_ask_for(quick, data, exact):
    """Estimates whose log has an s.d. of two with the design's particles, as over long samples."""
    kalman, asked = Likelihood(quick, data.observed, Kalman()), []

    def evaluation(filter):
        asked.append(filter.particles)
        sd = 2 * np.sqrt(SMALL.filter.particles / filter.particles)

        def evaluate(thetas, keys):
            noise = np.asarray(jax.vmap(lambda k: jax.random.normal(k, ()))(keys), float)
            return kalman.batch(thetas) + sd * noise - sd**2 / 2

        return evaluate

    found = estimate(quick, data.observed, SMALL, NAMES, evaluation=evaluation)
    assert 3 <= asked[-1] / SMALL.filter.particles <= 6 and set(asked[:-1]) == {SMALL.filter.particles}
    assert f"the last step took {asked[-1]}" in found.verdict and found.notes["correction_particles"] == asked[-1]
    distance = (found.posterior.quantiles() - exact.posterior.quantiles()).div(exact.posterior.mean_sd()[1], axis=0)
    assert distance.abs().max().max() < 0.35 and found.notes["pareto_k"] < 0.7, "about a thousand effective draws"
    with pytest.raises(SettingError, match="noise"):
        dataclasses.replace(SMALL, noise=0.0)


@pytest.mark.slow
def test_delayed_acceptance_goes_on_from_the_same_surrogate(quick, data, small, exact):
    method = dataclasses.replace(
        SMALL,
        sampler=NUTS(chains=4, warmup=200, draws=1000),
        correction=ParticleMetropolis(chains=8, warmup=20, draws=150, guided_steps=30, chunk=50),
    )
    found = estimate(quick, data.observed, method, NAMES)
    sd = exact.posterior.mean_sd()[1]
    distance = (found.posterior.quantiles() - exact.posterior.quantiles()).div(sd, axis=0)
    assert distance.abs().max().max() < 0.3 and "Particle Metropolis accepted" in found.verdict


def test_questions_that_make_no_sense_are_refused(quick, data):
    with pytest.raises(UnknownNameError, match="did you mean 'rho'"):
        estimate(quick, data.observed, Direct(), ("roh",))
    with pytest.raises(OutOfRangeError, match="phi"):
        estimate(quick, data.observed, Direct(), NAMES, fixed={"phi": 0.99})
    with pytest.raises(SettingError, match="random"):
        Direct(filter=Bootstrap(100))
    assert Direct(filter=Grid())
    with pytest.raises(SettingError, match="power"):
        ViaSurrogate(power=0.0)


def test_weights_and_thinning():
    rng = np.random.default_rng(0)
    exact = rng.normal(size=2000)
    done = reweight(-0.5 * (exact - 0.5) ** 2, -0.5 * exact**2)
    assert done.weights @ exact == pytest.approx(0.5, abs=0.1) and done.pareto_k < 0.7
    far = reweight(-5 * (exact - 6) ** 2, -0.5 * exact**2)
    assert far.pareto_k > 0.7, "a surrogate that is far off is found out"
    impossible = reweight(np.where(exact > 0, -np.inf, 0.0), np.zeros(2000))
    assert np.isfinite(impossible.weights).all() and impossible.weights[exact > 0].max() < 1e-6
    with pytest.raises(SettingError, match="no draw"):
        reweight(np.full(200, -np.inf), np.zeros(200))
    chosen = thin(1000, 100, jax.random.key(0))
    assert len(set(chosen)) == 100 and chosen.max() < 1000
    half = weighted_quantiles(np.arange(100.0), np.full(100, 0.01), (0.25, 0.5))
    np.testing.assert_allclose(half, [24.5, 49.5])


def _command(folder, solution, *more):
    options = ["--parameters", "rho", "--points", "256", "--particles", "30", "--draws", "100", "--simulate", "20"]
    return [sys.executable, "-m", "hanknn", "estimate", str(solution), *options, "--out", str(folder), *more]


@pytest.mark.slow
def test_a_killed_estimation_resumes_to_the_same_result(quick, tmp_path):
    solution = quick.save(tmp_path / "solution.npz")
    whole, part = tmp_path / "whole", tmp_path / "part"
    process = subprocess.Popen(_command(part, solution, "--quiet", "--save-every", "0"))
    deadline = time.monotonic() + 240
    while not (part / "steps" / "refinement 1.npz").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (part / "steps" / "refinement 1.npz").exists() and not (part / "posterior.nc").exists()
    for folder, more in ((part, ["--resume"]), (whole, [])):
        command = _command(folder, solution, *more)
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "Corrected by" in done.stdout
    assert (whole / "posterior.csv").read_text() == (part / "posterior.csv").read_text()
    assert json.loads((whole / "metrics.json").read_text())["pareto_k"] < 2
    drawn = {path.stem for path in (whole / "figures").glob("*.png")}
    assert drawn == {"prior_posterior", "traces", "surrogate_history", "likelihood", "states", "forecast"}


def test_filter_and_forecast_print_tables(quick, tmp_path, capsys):
    solution = str(quick.save(tmp_path / "solution.npz"))
    table = tmp_path / "filtered.csv"
    assert main(["filter", solution, "--data", "us", "--filter", "kalman", "--out", str(table)]) == 0
    assert "log-likelihood" in capsys.readouterr().out and "1985" in table.read_text()
    assert main(["forecast", solution, "--data", "us", "--filter", "kalman", "--horizon", "4", "--paths", "50"]) == 0
    assert "inflation_rate (percent, annualised)" in capsys.readouterr().out
    for wrong, message in (
        (["filter", solution, "--filter", "calman"], "did you mean 'kalman'"),
        (["filter", solution, "--data", "nowhere.csv"], "no file"),
        (["filter", solution, "--error", "much"], "share"),
        (["estimate", solution, "--method", "exactly"], "did you mean 'exact'"),
        (["estimate", solution, "--filter", "kalman"], "needs no surrogate"),
        (["filter", solution, "--observe", "inflaton"], "did you mean 'inflation'"),
        (["forecast", solution, "--posterior", str(tmp_path)], "no finished estimation"),
    ):
        assert main(wrong) == 2
        assert message in capsys.readouterr().err


def test_arviz_is_imported_though_another_process_writes_its_stamp_first(monkeypatch):
    original, tries = builtins.__import__, []

    def beaten(name, *rest):
        if name == "arviz":
            tries.append(name)
            if len(tries) == 1:
                raise FileNotFoundError("daily_warning.tmp")
        return original(name, *rest)

    imported_arviz()
    monkeypatch.setattr(builtins, "__import__", beaten)
    assert imported_arviz().__name__ == "arviz"
    assert len(tries) == 2
