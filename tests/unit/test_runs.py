"""Run folders: what they hold, what they refuse, and how they survive a kill."""

import json
import signal
import subprocess
import sys
import time
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from hanknn.front import runs
from hanknn.front.cli.command import main
from hanknn.front.runs import RunFolder
from hanknn.machine.errors import RunFolderError, ShapeError
from hanknn.machine.storage import read
from hanknn.solution import Solution

SETTINGS = {"model": "nk", "recipe": "quick", "seed": 0}


def _command(folder, *more):
    return [sys.executable, "-m", "hanknn", "solve", "nk", "--recipe", "quick", "--out", str(folder), *more]


def test_a_killed_run_resumes_to_the_same_result(tmp_path, quick_folder):
    folder = tmp_path / "run"
    process = subprocess.Popen(_command(folder, "--save-every", "0", "--quiet"))
    checkpoint = folder / "checkpoint.npz"
    deadline = time.monotonic() + 240
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert checkpoint.exists() and not (folder / "metrics.json").exists(), "killed too early or too late"
    reached = read(checkpoint, "checkpoint")[0]["iteration"]
    assert 0 < reached < 30
    done = subprocess.run(_command(folder, "--resume"), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    _, arrays = read(folder / "solution.npz", "solution")
    for a, b in zip(arrays, read(quick_folder / "solution.npz", "solution")[1], strict=True):
        np.testing.assert_array_equal(a, b)
    _complete(folder)


def _complete(folder):
    """Everything that a finished run leaves."""
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["mean_square"] < 1e-6 and metrics["verdict"]
    assert json.loads((folder / "settings.json").read_text()) == SETTINGS
    history = pd.read_csv(folder / "history.csv")
    assert list(history["iteration"]) == list(range(30))
    assert {"loss", "euler", "phillips_curve", "rate"} <= set(history)
    assert len(pd.read_csv(folder / "validation.csv")) == 6
    names = ("policy_output_gap", "policy_inflation", "irf_eps", "loss_history")
    for name in names:
        for ending in ("png", "pdf"):
            assert (folder / "figures" / f"{name}.{ending}").stat().st_size > 5000
    assert not (folder / "checkpoint.npz").exists()


def _claimed(path, **options):
    """A folder in which work has begun."""
    RunFolder(path, SETTINGS, **options).folder.claim()


def test_a_folder_with_a_run_is_left_alone(tmp_path, capsys):
    _claimed(tmp_path / "run")
    (tmp_path / "run" / "solution.npz").write_text("precious")
    assert main(["solve", "nk", "--recipe", "quick", "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert "--resume" in error and "--force" in error and error.count("\n") == 1
    assert (tmp_path / "run" / "solution.npz").read_text() == "precious"


def test_force_clears_a_run_but_never_another_folder(tmp_path):
    run = tmp_path / "run"
    _claimed(run)
    (run / "solution.npz").write_text("old")
    (run / "notes.txt").write_text("mine")
    _claimed(run, force=True)
    assert not (run / "solution.npz").exists() and (run / "notes.txt").read_text() == "mine"
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.tex").write_text("mine")
    with pytest.raises(RunFolderError, match="nothing was touched"):
        RunFolder(other, SETTINGS, force=True)
    assert [p.name for p in other.iterdir()] == ["chapter.tex"]


def test_resume_with_other_settings_is_refused_and_changes_nothing(tmp_path):
    _claimed(tmp_path / "run")
    with pytest.raises(RunFolderError, match=r"seed = 0, not 5"):
        RunFolder(tmp_path / "run", {**SETTINGS, "seed": 5}, resume=True)
    assert json.loads((tmp_path / "run" / "settings.json").read_text()) == SETTINGS


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(RunFolderError, match="is a file"):
        RunFolder(tmp_path / "run", SETTINGS)


def test_a_figure_that_cannot_be_drawn_costs_neither_the_others_nor_the_run(tmp_path, monkeypatch):
    def fail():
        raise ShapeError("state 'K' has a value that is not finite")

    drawings = ("policies by parameter", fail), ("responses", lambda: {"irf": Figure()})
    monkeypatch.setattr(runs, "_drawings", lambda solution, report: iter(drawings))
    with pytest.warns(UserWarning, match="no figure of policies by parameter: state 'K' .*solution itself is saved"):
        paths = runs.draw_solution(Mock(spec=Solution), tmp_path)
    assert [path.name for path in paths] == ["irf.png", "irf.pdf"]
