"""Importing changes nothing, and imports run one way."""

import ast
import importlib
import importlib.util
import os
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import hanknn

SOURCE = Path(hanknn.__file__).parent
# What each room, a folder of the package, may import of the others.
MODEL = {"machine", "economy"}
MODELS = MODEL | {"economy/households", "models", "models/hank", "models/smets_wouters"}
SOLUTION = MODELS | {"solution"}
REFERENCES = SOLUTION | {
    "references",
    "references/rank",
    "references/hank",
    "references/growth",
    "references/krusell_smith",
    "references/households",
}
READING = REFERENCES | {"solution/simulation", "solution/accuracy"}
LIKELIHOOD = SOLUTION | {"economy/linear", "solution/simulation", "inference/data", "inference/likelihood"}
INFERENCE = LIKELIHOOD | {"inference", "inference/posterior", "inference/surrogate", "inference/estimation"}
TRAINING = SOLUTION | {"training", "training/sample", "training/gauss_newton"}
FOLDERS = READING | INFERENCE | TRAINING | {"front/figures"}
ALLOWED = {
    "machine": set(),
    "economy": {"machine", "economy/linear"},
    "economy/linear": {"machine"},
    "economy/households": MODEL,
    "models": MODEL | {"economy/households", "models/hank", "models/smets_wouters"},
    "models/hank": MODEL | {"economy/households"},
    "models/smets_wouters": MODEL,
    "training": TRAINING,
    "training/sample": MODEL,
    "training/gauss_newton": MODEL | {"training", "training/sample"},
    "solution": MODELS,
    "solution/simulation": SOLUTION,
    "solution/accuracy": READING,
    "references": REFERENCES,
    "references/rank": SOLUTION,
    "references/growth": SOLUTION,
    "references/krusell_smith": {"machine"},
    "references/households": MODEL | {"economy/households"},
    "references/hank": REFERENCES,
    "inference": INFERENCE,
    "inference/estimation": INFERENCE,
    "inference/data": SOLUTION | {"solution/simulation"},
    "inference/likelihood": LIKELIHOOD,
    "inference/posterior": MODEL,
    "inference/surrogate": MODEL | {"inference/posterior"},
    "front": FOLDERS | {"front/templates"},
    "front/templates": set(),
    "front/figures": READING | INFERENCE,
    "front/experiments": FOLDERS | {"front"},
    "front/cli": FOLDERS | {"front", "front/experiments", ""},
    "": FOLDERS | {"front/cli"},
}


def _room(file):
    """The folder of a file, or of a module, in the package."""
    return "/".join(file.relative_to(SOURCE).parts[:-1])


def _files(file):
    """The library's own files that a file imports, and the names of other packages."""
    own, others = [], set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            others |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            others.add(node.module.split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            base = file.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            for alias in node.names:
                places = base / alias.name / "__init__.py", base / f"{alias.name}.py", base / "__init__.py"
                own.append(next((place for place in places if place.exists()), base.with_suffix(".py")))
    return own, others


FILES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=[str(f.relative_to(SOURCE)) for f in FILES])
def test_imports_run_one_way(file):
    own, others = _files(file)
    assert all(place.exists() for place in own)
    room = _room(file)
    assert room in ALLOWED, f"'{room}' is no room of the house yet: say in this table what it may import"
    beyond = {_room(place) for place in own} - ALLOWED[room] - {room}
    assert not beyond, f"{file.name} imports {beyond}, which '{room}' may not"
    if "front" not in file.parts:
        assert "matplotlib" not in others


BENCHMARKS = sorted((SOURCE.parents[1] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("file", BENCHMARKS, ids=[f.stem for f in BENCHMARKS])
def test_what_a_benchmark_imports_is_there(file):
    """Benchmarks run for minutes and are seldom run: a name that has moved would go unnoticed."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "hanknn":
            module = importlib.import_module(node.module)
            for name in (alias.name for alias in node.names):
                assert hasattr(module, name) or importlib.util.find_spec(f"{node.module}.{name}"), (
                    f"{node.module}.{name}"
                )


def test_the_table_of_imports_has_the_rooms_that_there_are():
    assert {_room(file) for file in FILES} == set(ALLOWED)


def test_no_file_imports_itself_by_way_of_others():
    imports = {file: set(_files(file)[0]) - {file, SOURCE / "__init__.py"} for file in FILES}
    list(TopologicalSorter(imports).static_order())


def test_a_newcomer_finds_a_handful_of_wings():
    assert len([entry for entry in SOURCE.iterdir() if entry.name != "__pycache__"]) <= 10


def test_every_public_name_is_there_and_hides_no_module():
    tree = ast.parse((SOURCE / "__init__.py").read_text())
    typed = next(node for node in tree.body if isinstance(node, ast.If))
    for node in typed.body:
        for alias in node.names:
            assert not (SOURCE / f"{alias.name}.py").exists(), f"{alias.name} is a module as well as a name"
            assert getattr(hanknn, alias.name) is not None and alias.name in dir(hanknn)
    script = "import sys, hanknn; assert 'jax' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


LIGHT = """
import sys
from hanknn.front.cli import entry
sys.argv = ["hanknn", *sys.argv[1:]]
try:
    entry()
finally:
    heavy = {"jax", "pandas", "matplotlib"} & set(sys.modules)
    assert not heavy, heavy
"""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--help"], "steady-states"),
        (["--version"], hanknn.__version__),
        *(
            ([name, "--help"], "Usage: hanknn")
            for name in ("new", "show", "solve", "check", "girf", "estimate", "reproduce")
        ),
        ([], "--resume"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_help_and_completion_are_light(arguments, told):
    completing = {"_HANKNN_COMPLETE": "complete_bash", "COMP_WORDS": "hanknn solve --re", "COMP_CWORD": "2"}
    environment = dict(os.environ) if arguments else os.environ | completing
    script = [sys.executable, "-c", LIGHT, *arguments]
    done = subprocess.run(script, capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and told in done.stdout, done.stderr


def test_importing_changes_no_setting():
    script = """
import logging, jax, sys
before = jax.config.jax_enable_x64, jax.config.jax_numpy_rank_promotion, list(logging.getLogger().handlers)
import hanknn
hanknn.estimate, hanknn.solve, hanknn.check
after = jax.config.jax_enable_x64, jax.config.jax_numpy_rank_promotion, list(logging.getLogger().handlers)
assert before == after, (before, after)
slow = {"matplotlib", "scipy.stats", "scipy.optimize"} & set(sys.modules)
assert not slow, f"importing hanknn imports {slow}"
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == done.stderr == ""
