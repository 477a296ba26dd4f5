"""The command line: every mistake is one clear line and exit code 2."""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pandas as pd
import pytest

import hanknn
from hanknn.front.cli.command import keep_compiled, main, tell_warning
from hanknn.front.cli.solving import narrowed
from hanknn.machine.errors import ModelWantedError, UnknownNameError
from hanknn.models import shipped


@pytest.fixture
def saved(quick, tmp_path):
    return str(quick.save(tmp_path / "nk.npz"))


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["solve", "nkk"], "did you mean 'nk'"),
        (["solve", "nk", "--recipe", "defalt"], "did you mean 'default'"),
        (["solve", "nk", "--sed", "3"], "--seed"),
        (["solve", "nk", "--seed", "three"], "--seed"),
        (["slove", "nk"], "solve"),
        (["solve"], "model"),
        (["solve", "nk", "--only", "phii"], "did you mean 'phi'"),
        (["solve", "nk", "--only", "phi=0.6..high"], "NAME=LOW..HIGH"),
        (["solve", "nk", "--only", "phi=0.6..2"], "no part of its range [0.5, 0.9]"),
        (["check", "nk", "--set", "phi=3"], "[0.5, 0.9]"),
        (["solve", "none.py:Model"], "none.py"),
        (["check", "nkk"], "did you mean 'nk'"),
        (["check", "missing.npz"], "missing.npz"),
        (["irf", "nk", "--set", "phii=0.8"], "did you mean 'phi'"),
        (["irf", "nk", "--set", "phi=high"], "NAME=VALUE"),
        (["irf", "nk", "--set", "phi=3"], "[0.5, 0.9]"),
        (["irf", "nk", "--shock", "epz"], "did you mean 'eps'"),
        (["simulate", "nk", "--periods", "0"], "at least 1"),
    ],
)
def test_a_mistake_is_one_line_with_the_cure(arguments, hint, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ") and captured.err.count("\n") == 1 and hint in captured.err
    assert not list(tmp_path.iterdir()), "a refused command must leave nothing behind"


@pytest.mark.parametrize("command", ["solve", "check", "simulate", "irf", "figures", "demo"])
def test_help_teaches(command, capsys):
    assert main([command, "--help"]) == 0
    assert "--help" in capsys.readouterr().out
    assert main(["--help"]) == 0
    assert command in capsys.readouterr().out


def test_simulate_and_irf_write_tables_once(saved, capsys, tmp_path):
    for command in ("simulate", "irf"):
        file = tmp_path / f"{command}.csv"
        assert main([command, saved, "--periods", "12", "--set", "phi=0.8", "--out", str(file)]) == 0
        assert "inflation" in capsys.readouterr().out
        table = pd.read_csv(file)
        assert {"zeta", "output_gap", "inflation"} <= set(table) and len(table) == 12
        assert main([command, saved, "--periods", "12", "--out", str(file)]) == 2
        assert "--force" in capsys.readouterr().err
        assert main([command, saved, "--out", str(tmp_path / "none" / "table.csv")]) == 2
        assert "folder that exists" in capsys.readouterr().err
        assert pd.read_csv(file).equals(table)
        assert main([command, saved, "--periods", "12", "--out", str(file), "--force", "--quiet"]) == 0
        assert capsys.readouterr().out == "" and not pd.read_csv(file).equals(table)


def test_responses_are_drawn_at_any_parameters(saved, capsys, tmp_path):
    file = tmp_path / "irf.png"
    command = ["irf", saved, "--periods", "8", "--set", "phi=0.8", "--figure", str(file), "--quiet"]
    assert main(command) == 0 and file.read_bytes().startswith(b"\x89PNG")
    assert main(command) == 2 and "--force" in capsys.readouterr().err
    assert main([*command[:-2], "picture", "--quiet"]) == 2 and ".png or .pdf" in capsys.readouterr().err


def test_generalised_responses_are_drawn_for_the_sizes_asked(saved, capsys, tmp_path, monkeypatch):
    file, drawn = tmp_path / "girf.png", []
    draw = hanknn.figures.generalised_responses
    monkeypatch.setattr(hanknn.figures, "generalised_responses", lambda *given: drawn.append(draw(*given)) or drawn[0])
    command = ["girf", saved, "--periods", "6", "--draws", "20", "--size", "-1", "--size", "2", "--figure", str(file)]
    assert main(command) == 0 and file.read_bytes().startswith(b"\x89PNG")
    first, second = drawn[0].axes[0].get_lines()[1:]
    assert [text.get_text() for text in drawn[0].legends[0].get_texts()] == ["-1 s.d.", "+2 s.d."]
    # The model is linear: responses are as the shocks.
    assert len(first.get_xdata()) == 6 and second.get_ydata() == pytest.approx(-2 * first.get_ydata(), rel=0.05)
    assert main(command) == 2 and "--force" in capsys.readouterr().err


def test_a_solution_of_ones_own_model_asks_for_its_file(capsys, monkeypatch):
    def load(*_):
        raise ModelWantedError("runs/mine/solution.npz", "mine")

    monkeypatch.setattr("hanknn.load", load)
    assert main(["check", "runs/mine"]) == 2
    assert "'runs/mine' solves your own model 'mine'; say where it is: --model FILE.py:" in capsys.readouterr().err


def test_few_names_are_listed_beside_the_nearest():
    names = "r", "alpha", "h", "chi"
    assert str(UnknownNameError("parameter", "habit", names)).endswith("; known: r, alpha, h, chi.")
    assert str(UnknownNameError("parameter", "alfa", names)).endswith("did you mean 'alpha'? (known: r, alpha, h, chi)")
    assert str(UnknownNameError("parameter", "x1", [f"x{i}" for i in range(2, 20)])).endswith("did you mean 'x19'?")


def test_a_narrower_box_is_named_on_the_command_line():
    space = narrowed(shipped("nk"), ["rho", "phi=0.6..0.8", "beta=0.96"]).parameters
    assert space.free == ("phi", "rho") and space["phi"].bounds == (0.6, 0.8) and space["beta"].value == 0.96


def test_check_prints_tables_or_json(saved, capsys):
    assert main(["check", saved, "--draws", "200"]) == 0
    assert "closed form" in capsys.readouterr().out
    assert main(["check", saved, "--draws", "200", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["draws"] == 200
    assert main(["check", saved, "--draws", "200", "--set", "phi=0.8"]) == 0
    assert "at the parameters given" in capsys.readouterr().out


def test_figures_never_land_in_a_folder_with_other_files(saved, capsys, tmp_path, monkeypatch):
    folder = tmp_path / "figures"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    assert main(["figures", saved, "--out", str(folder)]) == 2
    assert "nothing was touched" in capsys.readouterr().err and len(list(folder.iterdir())) == 1
    drawn = []  # Drawing itself is a finished run's, too (test_runs).
    monkeypatch.setattr(
        "hanknn.front.runs.draw_solution",
        lambda solution, folder, report: drawn.append(folder) or [folder / "one.png"],
    )
    assert main(["figures", saved, "--out", str(tmp_path / "new")]) == 0
    assert drawn == [tmp_path / "new"] and "Wrote 1 files" in capsys.readouterr().out


def test_a_model_file_of_ones_own(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text("from hanknn.models import LinearNK\n\nclass Mine(LinearNK):\n    name = 'mine'\n")
    assert main(["solve", f"{file}:Mien", "--out", str(tmp_path / "run")]) == 2
    assert "did you mean 'Mine'" in capsys.readouterr().err
    file.write_text("import nothing_of_this_name\n")
    assert main(["solve", f"{file}:Mine", "--out", str(tmp_path / "run")]) == 2
    assert "cannot be imported" in capsys.readouterr().err


def test_compiled_programs_are_kept_where_that_can_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    (tmp_path / "taken").write_text("a file")
    before = dict(os.environ)
    keep_compiled(tmp_path / "taken")
    assert os.environ == before
    keep_compiled(tmp_path / "free")
    script = "import jax; print(jax.config.jax_compilation_cache_dir, jax.config.jax_compilation_cache_max_size)"
    told = subprocess.run([sys.executable, "-c", script], env=os.environ, capture_output=True, text=True).stdout
    folder, size = told.split()
    assert Path(folder).is_dir() and Path(folder).parent == tmp_path / "free" and int(size) > 0


def test_every_core_is_a_device_of_jax():
    script = """
import os, hanknn.front.cli.command as command
command.main = lambda: None
command.run()
import jax
assert len(jax.devices()) == os.cpu_count()
"""
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_warning_is_one_line_without_a_place_in_the_source(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = tell_warning
        for _ in range(2):  # once a run
            warnings.warn("particles collapse\nin period 3", UserWarning, stacklevel=1)
    assert capsys.readouterr().err == "warning: particles collapse in period 3\n"
