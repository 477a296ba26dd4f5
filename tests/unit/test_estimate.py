"""Estimation from data to posterior: right on a small problem, saved, resumed, refused."""

import dataclasses
import inspect
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest

from hanknn import ParameterSpace
from hanknn.economy.priors import Beta
from hanknn.front.cli.command import main
from hanknn.inference.data import simulate_data
from hanknn.inference.estimation import Direct, ViaSurrogate, estimate, log_evidence
from hanknn.inference.likelihood import Bootstrap, Grid, Guided, Kalman, Likelihood
from hanknn.inference.posterior import NUTS, ParticleMetropolis, RandomWalk, Store
from hanknn.inference.posterior.importance import Reweighting, reweight, thin
from hanknn.inference.posterior.result import weighted_quantiles
from hanknn.inference.surrogate import Design, Fit, Regression
from hanknn.machine.errors import DataError, OutOfRangeError, RunFolderError, SettingError, ShapeError, UnknownNameError

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


def test_the_evidence_is_the_integral_over_the_prior(quick, data, exact, small):
    """Against a sum over an even grid of both parameters, whose priors are uniform."""
    space, (first, second) = quick.model.parameters, NAMES
    midpoints = lambda name: space[name].bounds[0] + _shares(space[name])
    grid = np.stack(np.meshgrid(midpoints(first), midpoints(second), indexing="ij"), axis=-1).reshape(-1, 2)
    values = {name: grid[:, i] for i, name in enumerate(NAMES)}
    known = Likelihood(quick, data.observed, Kalman())(values)
    truth = np.log(np.mean(np.exp(known - known.max()))) + known.max()
    for found in (exact, small[0]):
        evidence = log_evidence(found)
        assert 0 < evidence.se < 0.1 and abs(evidence.value - truth) < max(4 * evidence.se, 0.1)
    assert log_evidence(small[0]) == log_evidence(small[0]) and "log_mean_ratio" in small[0].notes


def _shares(parameter, count=80):
    low, high = parameter.bounds
    return (high - low) * (np.arange(count) + 0.5) / count


def test_tables_name_prior_posterior_and_truth(exact, small, data):
    table = exact.posterior.table(data.parameters)
    assert list(table.index) == list(NAMES)
    assert list(table.columns[:3]) == ["true", "prior mean", "prior s.d."]
    np.testing.assert_allclose(table["prior mean"], [1.875, 0.875], rtol=1e-6)
    assert (table["5 %"] < table["median"]).all() and (table["median"] < table["95 %"]).all()
    assert (table["R-hat"] < 1.05).all()
    weighted = small[0].posterior.table()
    assert (weighted["R-hat"] < 1.05).all() and (weighted["ESS"] < 0.9 * small[0].posterior.weights.size).all()


def test_resumed_work_is_the_same_and_other_settings_are_refused(quick, data, small):
    first, store = small
    asked = []
    again = estimate(quick, data.observed, SMALL, NAMES, store=store, report=asked.append)
    np.testing.assert_array_equal(first.posterior.values, again.posterior.values)
    np.testing.assert_array_equal(first.posterior.weights, again.posterior.weights)
    assert not any("likelihoods" in step.stage for step in asked), "nothing was filtered again"
    with pytest.raises(RunFolderError, match="seed = 0, not 1"):
        estimate(quick, data.observed, SMALL, NAMES, seed=1, store=store)


def _with_prior(solution, name, prior):
    space = solution.model.parameters
    changed = {n: dataclasses.replace(space[n], prior=prior) if n == name else space[n] for n in space}
    return dataclasses.replace(solution, model=solution.model.changed(parameters=ParameterSpace(**changed)))


def test_a_resumed_run_is_refused_by_the_name_of_what_differs(quick, data, small):
    """At once: nothing is computed before; in a line."""
    store = small[1]
    weights = jax.tree.map(lambda leaf: np.asarray(leaf) * (1 + 1e-6), quick.network)
    design = dataclasses.replace(SMALL, design=Design(points=512, chunk=128))
    other = simulate_data(quick, ["zeta", "output_gap", "inflation"], 40, seed=3)
    for changed, told in (
        (dict(solution=dataclasses.replace(quick, network=weights)), "weights = "),
        (dict(solution=_with_prior(quick, "rho", Beta(0.85, 0.05))), "estimated.rho.prior = Uniform, not Beta"),
        (dict(method=design), "method.design.points = 384, not 512"),
        (dict(method=Direct()), "method = ViaSurrogate, not Direct"),
        (dict(fixed={"phi": 0.8}), "fixed.phi = 0.7, not 0.8"),
        (dict(parameters=("phi_pi",)), "estimated.rho = "),
        (dict(data=other.observed), "data."),
    ):
        arguments = dict(solution=quick, data=data.observed, method=SMALL, parameters=NAMES) | changed
        steps = []
        with pytest.raises(RunFolderError) as refusal:
            estimate(**arguments, store=store, report=steps.append)
        message = str(refusal.value).replace(str(store.folder), "runs/nk-estimate-0/steps")
        assert told in message and len(message) < 200 and not steps
    again = dataclasses.replace(quick, header={**quick.header, "created": "another day"})
    estimate(again, data.observed, SMALL, NAMES, store=store)


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(quick, data, tmp_path):
    (tmp_path / "file").write_text("mine")
    steps = []
    for folder in (tmp_path / "file", tmp_path / "file" / "steps", Path("/proc/nowhere")):
        with pytest.raises(RunFolderError, match="cannot be written"):
            estimate(quick, data.observed, SMALL, NAMES, store=Store(folder), report=steps.append)
    assert not steps and (tmp_path / "file").read_text() == "mine"


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


@pytest.mark.parametrize(
    "wrong, error, told",
    [
        ({"seed": 10**20}, SettingError, "seed is 100000000000000000000; it must be a whole number"),
        ({"seed": -1}, SettingError, "seed is -1"),
        ({"seed": 1.5}, SettingError, "seed is 1.5"),
        ({"data": pd.DataFrame({"zeta": [1.0]})}, DataError, "data made with hanknn.data.prepare.* not DataFrame"),
        ({"data": None}, DataError, "data made with .* not NoneType"),
        ({"data": "simulated"}, DataError, r"or simulate_data\(…\)\.observed, not SimulatedData"),
        ({"method": "exact"}, SettingError, r"give ViaSurrogate\(\) or Direct\(\) as method, not str 'exact'"),
        ({"method": Direct}, SettingError, "as method, not the class Direct"),
        ({"method": Kalman()}, SettingError, r"give Direct\(Kalman"),
        ({"store": "runs"}, SettingError, r"give Store\(folder\)"),
        ({"parameters": "rho"}, SettingError, r"\['rho'\]"),
        ({"parameters": []}, SettingError, "no parameter to estimate"),
        ({"fixed": {"rho": 0.8}}, SettingError, "'rho' is to be estimated and fixed"),
        ({"fixed": {"phi": [0.6, 0.7]}}, ShapeError, "fixed has columns"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, dict) else "",
)
def test_arguments_of_another_kind_are_refused_in_a_sentence(wrong, error, told, quick, data):
    given = dict(solution=quick, data=data.observed, method=Direct(), parameters=NAMES) | wrong
    if isinstance(given["data"], str):
        given["data"] = data
    with pytest.raises(error, match=told):
        inspect.unwrap(estimate)(**given)


def test_what_is_fixed_is_not_estimated(quick, data):
    space = quick.model.parameters
    fixed = {name: space[name].value for name in space.free if name != "rho"}
    walk = RandomWalk(chains=2, warmup=20, draws=20)
    found = estimate(quick, data.observed, Direct(Kalman(), walk), fixed=fixed)
    assert found.posterior.names == ("rho",)


def test_methods_of_other_things_are_refused_when_they_are_made():
    """As a user makes them: annotations are not checked there."""
    script = """
from hanknn.machine.errors import SettingError
from hanknn.inference.estimation import Direct, ViaSurrogate
from hanknn.inference.likelihood import Kalman
from hanknn.inference.posterior import ParticleMetropolis
from hanknn.inference.posterior.importance import Reweighting
for make in (
    lambda: ViaSurrogate(filter=Kalman()),
    lambda: ViaSurrogate(filter="guided"),
    lambda: ViaSurrogate(design=6000),
    lambda: ViaSurrogate(correction=Reweighting),
    lambda: ViaSurrogate(sampler=ParticleMetropolis()),
    lambda: Direct(filter=None),
):
    try:
        print("taken", make())
    except SettingError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    told = [
        "a Kalman likelihood is exact and needs no surrogate; use Direct",
        "give a value such as Twisted(particles=100) for ViaSurrogate's filter, not str 'guided'",
        "give a value such as Design(points=10_000) for ViaSurrogate's design, not int 6000",
        "give a value such as Reweighting() for ViaSurrogate's correction, not the class Reweighting",
        "give a value such as NUTS() for ViaSurrogate's sampler, not ParticleMetropolis",
        "give a value such as Kalman() for Direct's filter, not NoneType",
    ]
    for line, start in zip(done.stdout.splitlines(), told, strict=True):
        assert line.startswith(start)


def test_counts_that_are_none_are_refused_when_they_are_given():
    for make, told in (
        (lambda: NUTS(chains=0), "NUTS chains is 0; it must be a whole number of at least 1"),
        (lambda: RandomWalk(draws=0), "RandomWalk draws is 0"),
        (lambda: ParticleMetropolis(warmup=-1), "warmup is -1; it must be a whole number of at least 0"),
        (lambda: Design(points=10), "Design points is 10;"),
        (lambda: Design(points=3), "Design points is 3; it must be a whole number of at least 64"),
        (lambda: Reweighting(draws=10), "Reweighting draws is 10"),
    ):
        with pytest.raises(SettingError, match=told):
            make()


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
    assert drawn == {
        "prior_posterior",
        "traces",
        "surrogate_history",
        "likelihood",
        "states",
        "shocks",
        "observables",
        "forecast",
    }


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
