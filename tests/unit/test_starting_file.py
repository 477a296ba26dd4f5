"""`hanknn new`: a model that works, under the user's name."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from hanknn.front.cli.command import app, main
from hanknn.front.cli.names import find_model
from hanknn.front.starting_file import starting_file
from hanknn.front.templates import my_model


@pytest.mark.parametrize(
    ("given", "file", "class_name"),
    [
        ("my_model.py", "my_model.py", "MyModel"),
        ("growth", "growth.py", "Growth"),
        ("open_economy_2.py", "open_economy_2.py", "OpenEconomy2"),
        ("model.py", "model.py", "MyModel"),  # a class called Model would hide the library's
        ("priors.py", "priors.py", "Priors"),
    ],
)
def test_the_class_is_called_after_the_file(given, file, class_name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new", given]) == 0
    told = capsys.readouterr().out
    assert f"hanknn show {file}:{class_name}\n" in told and f"hanknn solve {file}:{class_name} " in told
    model = find_model(f"{file}:{class_name}")
    assert type(model).__name__ == class_name and model.name == Path(file).stem
    assert f"{file}:{class_name}" in Path(file).read_text()


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        ("my-model.py", "try my_model.py"),
        ("my model", "try my_model.py"),
        ("2growth.py", "a letter first"),
        ("lambda.py", "no word of Python's"),
        ("_.py", "try my_model.py"),
        ("random.py", "try my_random.py"),
        ("nowhere/growth.py", "folder that exists"),
    ],
)
def test_other_names_are_refused_with_one_that_works(given, cure, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new", given]) == 2
    error = capsys.readouterr().err
    assert cure in error and error.count("\n") == 1 and not list(tmp_path.iterdir())


def test_nothing_is_overwritten_unasked(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("growth.py").write_text("mine")
    assert main(["new", "growth.py"]) == 2
    assert "--force" in capsys.readouterr().err and Path("growth.py").read_text() == "mine"
    assert main(["new", "growth.py", "--force"]) == 0
    assert "class Growth(Model)" in Path("growth.py").read_text()


def test_under_its_own_name_it_is_the_template():
    assert starting_file("my_model.py").text == Path(my_model.__file__).read_text(encoding="utf-8")


def test_the_commands_it_names_exist():
    lines = re.findall(r"^    .*hanknn (.*)$", my_model.__doc__, flags=re.MULTILINE)
    commands = typer.main.get_command(app).commands
    assert [line.split()[0] for line in lines] == ["show", "solve", "check", "simulate", "irf", "estimate"]
    for line in lines:
        name, *arguments = shlex.split(line)
        commands[name].make_context(name, arguments)
