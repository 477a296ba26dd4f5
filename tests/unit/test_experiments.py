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
from hanknn.inference.data import simulate_data
from hanknn.inference.likelihood import Grid


def test_every_experiment_says_what_it_is():
    assert list(EXPERIMENTS) == ["kmr-julia", "table5", "figure6", "figure7", "figure8", "figure11"]
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


def test_the_exit_code_says_whether_targets_were_met(tmp_path, monkeypatch):
    class Trial(Experiment):
        def run(self, folder, seed, resume, report):
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
