"""Folders and files: claimed when work begins, and never half written."""

import errno
import json
import os

import numpy as np
import pytest

import hanknn
from hanknn.front.cli import names
from hanknn.front.cli.command import main
from hanknn.front.cli.data_options import DataOptions
from hanknn.front.folder import Folder
from hanknn.machine import storage
from hanknn.machine.errors import RunFolderError, SettingError, SolutionFileError
from hanknn.machine.files import explained, write_text

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def test_opening_looks_and_claiming_takes(tmp_path):
    folder = Folder(tmp_path / "run", {"seed": 0}, ("result.csv",))
    assert not list(tmp_path.iterdir())
    folder.claim()
    (tmp_path / "run" / "result.csv").write_text("old")
    again = Folder(tmp_path / "run", {"seed": 1}, ("result.csv",), force=True)
    assert (tmp_path / "run" / "result.csv").read_text() == "old", "what is forced is removed when work begins"
    again.claim()
    assert not (tmp_path / "run" / "result.csv").exists()
    (tmp_path / "run" / "result.csv").write_text("new")
    again.claim()
    assert (tmp_path / "run" / "result.csv").exists(), "a folder is claimed once"


def test_of_two_runs_the_first_to_begin_has_the_folder(tmp_path):
    one, other = (Folder(tmp_path / "run", {"seed": seed}, ()) for seed in (0, 1))
    one.claim()
    with pytest.raises(RunFolderError, match="already holds a run"):
        other.claim()
    assert json.loads((tmp_path / "run" / "settings.json").read_text()) == {"seed": 0}


@pytest.mark.parametrize(
    ("command", "wrong", "cure"),
    [
        ("estimate", ["--method", "exact", "--parameters", "phii"], "did you mean 'phi'"),
        ("estimate", ["--parameters", "rho", "--set", "phi=3"], "[0.5, 0.9]"),
        ("estimate", ["--observe", "inflatoin"], "did you mean 'inflation'"),
        ("solve", ["--recipe", "quik"], "did you mean 'quick'"),
    ],
)
def test_a_refused_command_leaves_an_older_run_alone(command, wrong, cure, capsys, tmp_path):
    run = tmp_path / "run"
    owned = ("solution.npz", "draws.csv", "steps")
    Folder(run, {"seed": 0}, owned).claim()
    (run / "draws.csv").write_text("precious")
    assert main([command, "nk", *wrong, "--out", str(run), "--force"]) == 2
    assert cure in capsys.readouterr().err
    assert (run / "draws.csv").read_text() == "precious"
    assert main([command, "nk", *wrong, "--out", str(tmp_path / "new")]) == 2
    assert not (tmp_path / "new").exists()


def test_a_refused_resume_is_short(tmp_path):
    Folder(tmp_path / "run", {"method": {"points": 6000, "rest": "x" * 5000}}, ()).claim()
    with pytest.raises(RunFolderError, match=r"method.points = 6000, not 10000") as refused:
        Folder(tmp_path / "run", {"method": {"points": 10000, "rest": "y" * 5000}}, (), resume=True)
    assert len(str(refused.value)) < 300


def _full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_keeps_what_was_there(tmp_path, monkeypatch):
    file = tmp_path / "solution.npz"
    storage.write(file, {"kind": "solution"}, [np.ones(3)])
    text = tmp_path / "table.csv"
    text.write_text("old")
    monkeypatch.setattr(os, "fsync", _full)
    monkeypatch.setattr(os, "replace", _full)
    with pytest.raises(SolutionFileError, match="no space left on device; free some space"):
        storage.write(file, {"kind": "solution"}, [np.zeros(3)])
    with pytest.raises(RunFolderError, match="no space left on device; free some space"):
        write_text(text, "new")
    assert text.read_text() == "old" and storage.read(file, "solution")[1][0].sum() == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == ["solution.npz", "table.csv"], "nothing half written stays"


@pytest.mark.parametrize("below", ["file", "file/run", "file/a/b"])
@pytest.mark.parametrize("command", ["solve", "estimate", "figures", "demo", "reproduce"])
def test_a_file_in_the_way_is_one_line(command, below, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    argument = {"demo": [], "reproduce": ["figure7"]}.get(command, ["nk"])
    if command == "demo" and below == "file":
        pytest.skip("the posterior's folder is another")
    assert main([command, *argument, "--out", str(tmp_path / below)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "file'" in error and (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("command", ["solve", "estimate", "figures", "simulate"])
def test_a_name_too_long_is_one_line(command, tmp_path, capsys):
    assert main([command, "nk", "--out", str(tmp_path / ("x" * 300))]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "shorter name" in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["solve", "estimate", "figures", "simulate"])
def test_a_place_that_cannot_be_written_is_refused_first(command, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    assert main([command, "nk", "--out", str(tmp_path / "here")]) == 2
    assert "cannot be written" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_an_error_of_the_file_system_is_one_line_whoever_meets_it(tmp_path, capsys, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", "/home/me/file")

    monkeypatch.setattr("hanknn.simulate", refuse)
    assert main(["simulate", "nk"]) == 2
    assert "'/home/me/file' cannot be used: permission denied; choose a place" in capsys.readouterr().err


def test_an_error_without_a_name_is_told_too():
    assert explained(OSError("odd")) == "a file cannot be used: odd; look at the disk and the path"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device here")
def test_a_device_is_written_to_and_never_replaced():
    from pathlib import Path

    with pytest.raises(RunFolderError, match="free some space"):
        write_text(Path("/dev/full"), "text")
    assert Path("/dev/full").is_char_device()


def test_a_forecast_takes_the_data_options_of_its_estimation():
    kept = vars(DataOptions(data="us", error=["0.5"]))
    assert DataOptions().of_estimation(kept, set()) == DataOptions(data="us", error=["0.5"])
    file = DataOptions(data="a.csv", series=["x=level:y"], demean=True, error=["0.5"])
    newer = DataOptions(data="b.csv").of_estimation(vars(file), {"data"})
    assert newer == DataOptions(data="b.csv", series=["x=level:y"], demean=True, error=["0.5"])
    assert DataOptions(error=["0.5"]).of_estimation(vars(file), {"error"}) == file
    with pytest.raises(SettingError, match=r"had --error 0.5: leave --error out"):
        DataOptions(error=["0.1"]).of_estimation(vars(file), {"error"})


@pytest.mark.parametrize("name", ["nk", "rank", "hank"])
def test_a_shipped_name_means_the_shipped_solution(name, tmp_path, monkeypatch, capsys):
    solution, loaded = hanknn.load("nk"), []
    monkeypatch.setattr(hanknn, "load", lambda source, model: loaded.append(str(source)) or solution)
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir()
    names.find_solution(name, None)
    assert loaded[-1] == name and f"./{name}" in capsys.readouterr().err
    with pytest.raises(RunFolderError, match=r"holds no solution.npz; give the folder"):
        names.find_solution(f"./{name}", None)
    (tmp_path / name / "checkpoint.npz").write_text("")
    with pytest.raises(RunFolderError, match=r"--resume"):
        names.find_solution(f"./{name}", None)
    (tmp_path / name / "solution.npz").write_text("")
    names.find_solution(f"./{name}", None)
    assert loaded[-1] == f"{name}/solution.npz" and capsys.readouterr().err == ""


def test_a_model_that_ships_without_a_solution_says_how_to_solve_it(quick, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SolutionFileError, match=r"hanknn solve rbc --out runs/rbc"):
        names.find_solution("rbc", None)
    quick.save(tmp_path / "rbc" / "solution.npz")
    assert names.find_solution("rbc", None).model.name == "nk"  # its name means nothing that ships: the folder is meant
    assert capsys.readouterr().err == ""
