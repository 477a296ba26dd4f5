"""Published results: named, refused politely, and a benchmark likelihood that is independent of the network."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import hanknn
from hanknn.front.cli.command import main
from hanknn.front.experiments import EXPERIMENTS, Experiment, Finding, experiment
from hanknn.front.experiments.benchmark import ERROR, OBSERVABLES, GridLikelihood
from hanknn.front.experiments.experiment import findings_table
from hanknn.front.experiments.hank_estimates import ON_US_DATA, beside, inside
from hanknn.front.experiments.table4 import moment_of
from hanknn.inference.data import Observed, simulate_data
from hanknn.inference.likelihood import Grid
from hanknn.inference.posterior import Box
from hanknn.inference.posterior.result import Posterior


def test_every_experiment_says_what_it_is():
    tables, figures = (f"table{i}" for i in (2, 3, 4, 5)), (f"figure{i}" for i in (6, 7, 8, 11))
    assert list(EXPERIMENTS) == ["kmr-julia", *tables, *figures]
    for name, text in EXPERIMENTS.items():
        assert text and isinstance(experiment(name), Experiment) and experiment(name).__doc__


def test_findings_are_met_at_most_at_their_target_and_never_by_nan():
    findings = [Finding("a", 1.0, 1.0), Finding("b", 1.1, 1.0), Finding("c", float("nan"), 1.0)]
    assert list(findings_table(findings)["met"]) == [True, False, False]


def test_the_command_refuses_what_it_does_not_know_and_what_is_there(tmp_path, capsys):
    assert main(["reproduce", "table6"]) == 2
    assert "did you mean 'table5'" in capsys.readouterr().err
    (tmp_path / "old.txt").write_text("mine")
    assert main(["reproduce", "figure6", "--out", str(tmp_path)]) == 2
    assert "nothing was touched" in capsys.readouterr().err and (tmp_path / "old.txt").read_text() == "mine"


def test_a_users_file_is_asked_for_where_it_is_read_and_refused_elsewhere(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["reproduce", "table3"]) == 2
    assert "give --data FILE" in capsys.readouterr().err
    assert main(["reproduce", "figure6", "--data", "us.csv"]) == 2
    assert "figure6 reads no data" in capsys.readouterr().err
    pd.DataFrame({"quarter": ["1990Q1", "1990Q2"], "output_growth": [1.0, 2.0]}).to_csv("us.csv", index=False)
    assert main(["reproduce", "table3", "--data", "us.csv"]) == 2
    assert "'inflation_rate'" in capsys.readouterr().err and not (tmp_path / "runs").exists()


def posterior_of(space, values):
    """A posterior of draws around these values, by a hundredth of each range."""
    box = Box.over(space)
    spread = 0.01 * (box.upper - box.lower)
    draws = np.array([values[name] for name in box.names]) + spread * np.random.default_rng(0).normal(size=(4, 200, 10))
    return Posterior(box, draws)


def test_a_posterior_beside_kmrs_says_where_it_lies():
    space = hanknn.models.HANK().parameters
    truth = {name: space[name].value for name in space.names}
    values = {**truth, "sigma_zeta": 0.012, "sigma_m": 0.0015}
    posterior = posterior_of(space, values)
    table = beside(posterior, ON_US_DATA, truth)
    assert list(table.index) == list(space.free) and (table["5 %"] < table["median"]).all()
    told = table["inside KMR's interval"]
    assert told["sigma_m"] and told["theta_pi"] and not told["sigma_s"] and not told["sigma_z"]
    assert list(inside(posterior, truth)) == [name not in ("sigma_zeta", "sigma_m") for name in posterior.names]


def test_moments_of_the_data_are_those_of_table_4():
    rows = pd.DataFrame({"output_growth": [1.0, 3.0, 2.0, 4.0], "notional_rate": [1.0, 2.0, 3.0, 4.0]})
    data = Observed(rows, np.eye(2))
    assert moment_of(data, "sd", "output_growth") == pytest.approx(np.std(rows["output_growth"]))
    assert moment_of(data, "autocorrelation", "notional_rate") == pytest.approx(1.0)
    assert np.isnan(moment_of(data, "mean", "gini"))


def test_the_exit_code_says_whether_targets_were_met(tmp_path, monkeypatch):
    class Trial(Experiment):
        def run(self, folder, seed, resume, report, data=None):
            folder.mkdir()
            return [Finding("seed", float(seed), 1.0)]

    monkeypatch.setitem(EXPERIMENTS, "trial", "a trial")
    monkeypatch.setattr("hanknn.front.cli.reproducing.experiment", lambda name: Trial())
    assert main(["reproduce", "trial", "--quiet", "--out", str(tmp_path / "a")]) == 0
    assert main(["reproduce", "trial", "--quiet", "--seed", "2", "--out", str(tmp_path / "b")]) == 1
    assert not pd.read_csv(tmp_path / "b" / "findings.csv")["met"].any()


@pytest.mark.slow
def test_network_and_time_iteration_give_one_likelihood():
    solution = hanknn.load("rank")
    data = simulate_data(solution, OBSERVABLES, 12, measurement_error=ERROR, seed=1).observed
    grid = Grid(nodes=41, width=5.0)
    space = solution.model.parameters
    thetas = np.stack([space.resolve({}), space.resolve({"rho_zeta": 0.88, "sigma_zeta": 0.024})])
    with jax.enable_x64(True):
        exact, network = (
            np.asarray(jax.jit(jax.vmap(likelihood.at))(jnp.asarray(thetas)))
            for likelihood in (GridLikelihood(solution, data, grid=grid), GridLikelihood(solution, data, None, grid))
        )
    assert abs(exact[0] - network[0]) < 0.01 and np.isneginf(exact[1])
