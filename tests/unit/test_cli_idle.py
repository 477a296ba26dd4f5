"""An option that would do nothing is refused, and defaults are the library's."""

import inspect

import pytest
import typer.main

import hanknn
from hanknn.front.cli.command import app, main
from hanknn.front.cli.estimating import MethodOptions, refinement
from hanknn.front.cli.filter_options import find_filter
from hanknn.front.cli.simulating import SIZES
from hanknn.inference.data import simulate_data, us_observed
from hanknn.inference.posterior import NUTS
from hanknn.solution.simulation import girf, irf, simulate

READERS = "estimate", "filter", "forecast"
FILE = ["--data", "data.csv"]
IDLE = [
    *((c, ["--series", "output_growth=growth:gdp"], "--series") for c in READERS),
    *((c, ["--demean"], "--demean") for c in READERS),
    *((c, ["--mask", "2020Q1"], "--mask") for c in READERS),
    *((c, ["--data", "us", "--sample", "1990:2000"], "--sample") for c in READERS),
    *((c, ["--error-at-bound", "inflation=0:0.1"], "--error-at-bound") for c in READERS),
    *((c, ["--data", "us", "--series", "output_growth=growth:gdp"], "--series") for c in READERS),
    *((c, ["--data", "us", "--demean"], "--demean") for c in READERS),
    *((c, ["--data", "us", "--observe", "inflation"], "--observe") for c in READERS),
    *((c, ["--data", "us", "--simulate", "20"], "--simulate") for c in READERS),
    *((c, [*FILE, "--observe", "inflation"], "--observe") for c in READERS),
    *((c, [*FILE, "--simulate", "100"], "--simulate") for c in READERS),
    *((c, [*FILE, "--demean"], "--demean") for c in READERS),
    *((c, ["--filter", "kalman", "--particles", "50"], "--particles") for c in ("filter", "forecast")),
    *((c, ["--filter", "grid", "--particles", "50"], "--particles") for c in ("filter", "forecast")),
    ("estimate", ["--data", "us", "--true", "phi=0.8"], "--true"),
    ("estimate", [*FILE, "--true", "phi=0.8"], "--true"),
    ("estimate", ["--method", "exact", "--particles", "50"], "--particles"),
    ("estimate", ["--method", "exact", "--points", "500"], "--points"),
    ("estimate", ["--method", "exact", "--filter", "guided"], "--filter"),
    ("estimate", ["--filter", "kalman"], "exact"),
    ("estimate", ["--parameters", "rho", "--set", "rho=0.8"], "--set rho"),
    ("estimate", ["--resume", "--force"], "--resume"),
    ("filter", ["--data", "us", "--filter", "kalman", "--seed", "1"], "--seed"),
    ("filter", ["--data", "us", "--filter", "grid", "--seed", "0"], "--seed"),
    *((c, ["--force"], "--force") for c in ("filter", "forecast", "simulate", "irf", "girf")),
    ("girf", ["--constraint", "zlb"], "--constraint"),
    ("girf", ["--binding"], "--binding"),
    ("girf", ["--slack"], "--binding"),
    ("girf", ["--size", "nan"], "--size"),
    ("irf", ["--size", "inf"], "--size"),
    ("solve", ["--resume", "--force"], "--resume"),
    *((c, ["--set", "phi=0.6", "--set", "phi=0.8"], "twice") for c in ("check", "simulate", "irf", "filter")),
    ("solve", ["--only", "phi", "--only", "phi=0.6..0.8"], "twice"),
    ("filter", ["--error", "inflation=0.1", "--error", "inflation=0.2"], "twice"),
]


@pytest.mark.parametrize(("command", "options", "named"), IDLE, ids=[f"{c} {' '.join(o)}" for c, o, _ in IDLE])
def test_what_would_do_nothing_is_refused(command, options, named, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([command, "nk", *options]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and named in captured.err and captured.out == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--force"], "--force"),
        (["--quiet"], "--quiet"),
        (["--out", "a.npz", "--set", "sigma_s=0.07"], "--set"),
        (["--out", "a.npz", "--summaries", "a.npz"], "one file"),
        (["--out", "none/a.npz"], "folder that exists"),
    ],
)
def test_steady_states_refuse_it_too(options, named, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["steady-states", *options]) == 2
    assert named in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_defaults_are_the_librarys():
    commands = typer.main.get_command(app).commands
    default = lambda command, name: next(p.default for p in commands[command].params if p.name == name)
    library = lambda function, name: inspect.signature(function).parameters[name].default
    for command, function, names in (
        ("simulate", simulate, ["periods", "seed"]),
        ("irf", irf, ["size", "periods"]),
        ("girf", girf, ["periods", "draws", "seed"]),
        ("forecast", hanknn.forecast, ["horizon", "paths", "seed"]),
        ("check", hanknn.check, ["draws", "seed"]),
        ("figures", None, []),
    ):
        for name in names:
            assert default(command, name) == library(function, name), (command, name)
    for command, function in (("filter", hanknn.filter_states), ("forecast", hanknn.forecast)):
        filter = find_filter(default(command, "filter"), default(command, "particles"))
        assert filter == library(function, "filter")
    for command in READERS:
        assert default(command, "simulate") == library(simulate_data, "periods")
    usual = hanknn.ViaSurrogate()
    numbers = [default("estimate", name) for name in ("particles", "points", "draws", "chains")]
    assert MethodOptions("surrogate", "twisted", *numbers).find() == usual
    assert MethodOptions("exact", "kalman", *numbers).find() == hanknn.Direct(hanknn.Kalman(), NUTS())
    assert refinement(500).points == 200
    assert library(girf, "sizes") == SIZES
    for command in ("solve", "estimate"):
        assert default(command, "save_every") == hanknn.Store.every
    help = next(p.help for p in commands["solve"].params if p.name == "recipe")
    assert help == f"How to train: {', '.join(hanknn.recipes.RECIPES)}."
    help = next(p.help for p in commands["estimate"].params if p.name == "error")
    for function in (simulate_data, us_observed):
        assert f"{library(function, 'measurement_error').share:g}" in help
