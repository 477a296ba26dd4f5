"""Help: of every command, as it was written."""

import pytest
import typer.main

from hanknn.front.cli.command import app, main
from hanknn.machine.arguments import LARGEST_SEED
from hanknn.machine.version import __version__

COMMANDS = typer.main.get_command(app).commands


@pytest.mark.parametrize("columns", ["120", "80", "40"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_its_brackets(command, columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    assert main([command, "--help"]) == 0
    shown = capsys.readouterr()
    assert shown.err == "" and shown.out.startswith("Usage:")
    # Narrow columns break words: the letters are there in their order.
    letters = "".join(shown.out.split())
    for parameter in COMMANDS[command].params:
        for text in (*parameter.opts, getattr(parameter, "help", None) or "", parameter.metavar or ""):
            if parameter.param_type_name == "option":
                assert "".join(text.split()) in letters, text


@pytest.mark.parametrize(
    ("command", "text"),
    [("estimate", "[/PER]"), ("filter", "[/PER]"), ("forecast", "[/PER]"), ("solve", "[=LOW..HIGH|=VALUE]")],
)
def test_bracketed_text_shows(command, text, capsys):
    assert main([command, "-h"]) == 0
    assert text in capsys.readouterr().out


def test_version_is_an_option_and_a_command(capsys):
    for arguments in (["--version"], ["version"]):
        assert main(arguments) == 0
        assert capsys.readouterr().out == f"{__version__}\n"


@pytest.mark.parametrize("seed", ["-1", "1e20", str(LARGEST_SEED + 1), "100000000000000000000", "nan"])
@pytest.mark.parametrize("command", [name for name, c in COMMANDS.items() if any("--seed" in p.opts for p in c.params)])
def test_a_seed_is_a_number_that_jax_tells_apart(command, seed, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = [] if command == "demo" else ["nk"]
    assert main([command, *arguments, "--seed", seed]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "--seed" in error
    assert not list(tmp_path.iterdir())


def test_the_command_alone_shows_its_help(capsys):
    assert main([]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("Usage:") and shown.err == ""
