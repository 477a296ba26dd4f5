"""Importing changes nothing, and imports run one way."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import hanknn

SOURCE = Path(hanknn.__file__).parent
# What each room, a folder or a file at the root, may import of the others.
ALONE = {"errors", "version", "precision", "compiled", "batches", "interrupts"}
PLAIN = {"fingerprint", "whole", "files", "plain_json"}
MACHINE = ALONE | PLAIN | {"devices", "settings_difference", "storage"}
MODEL = MACHINE | {"priors", "parameters", "points", "model", "expectations"}
ECONOMY = MODEL | {"economy", "definition", "networks", "households", "models"}
SOLUTION = ECONOMY | {"solution", "identity"}
READING = SOLUTION | {"simulation", "accuracy", "references"}
INFERENCE = SOLUTION | {"simulation", "data", "likelihood", "posterior", "surrogate"}
FRONT = (
    READING | INFERENCE | {"training", "solving", "estimation", "finite", "cluster", "figures", "folder", "progress"}
)
FRONT |= {"runs", "estimation_folder", "experiments", "cli"}
ALLOWED = {
    **{room: set() for room in ALONE},
    **{room: {"errors"} for room in PLAIN},
    "devices": {"compiled"},
    "settings_difference": {"fingerprint"},
    "storage": {"errors", "files"},
    "priors": {"errors"},
    "points": {"errors"},
    "expectations": {"errors"},
    "parameters": {"errors", "precision", "priors"},
    "model": {"errors", "parameters", "points"},
    "economy": MODEL,
    "definition": MODEL | {"economy"},
    "networks": MODEL | {"economy"},
    "households": MODEL,
    "models": MODEL | {"households"},
    "training": MODEL | {"economy", "definition", "networks"},
    "solution": ECONOMY,
    "identity": ECONOMY | {"solution"},
    "solving": SOLUTION | {"training"},
    "simulation": SOLUTION,
    "references": SOLUTION | {"posterior"},
    "accuracy": READING,
    "finite": READING,
    "data": SOLUTION | {"simulation"},
    "likelihood": SOLUTION | {"data"},
    "posterior": MODEL,
    "surrogate": MODEL | {"networks", "posterior", "training"},
    "estimation": INFERENCE,
    "cluster": INFERENCE,
    "figures": READING | INFERENCE,
    "folder": MACHINE,
    "progress": {"interrupts", "posterior", "training"},
    "runs": READING | {"posterior", "training", "solving", "figures", "folder"},
    "estimation_folder": INFERENCE | {"estimation", "figures", "folder"},
    "experiments": FRONT - {"cli", "experiments"},
    "cli": FRONT,
    "__init__": FRONT - {"cli", "runs", "estimation_folder", "experiments", "folder", "progress"},
    "__main__": {"cli"},
}


def _imports(file):
    """Names of the library's own modules, and of other packages, that a file imports."""
    own, others = set(), set()
    package = file.relative_to(SOURCE).parent.parts
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            others |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            others.add(node.module.split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - (node.level - 1)]
            parts = (*base, *(node.module or "").split("."))
            own |= {parts[0]} if parts and parts[0] else {alias.name for alias in node.names}
    return own, others


FILES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=[str(f.relative_to(SOURCE)) for f in FILES])
def test_imports_run_one_way(file):
    own, others = _imports(file)
    room = file.relative_to(SOURCE).parts[0].removesuffix(".py")
    assert room in ALLOWED, f"'{room}' is no room of the house yet: say in this table what it may import"
    beyond = own - ALLOWED[room] - {room}
    assert not beyond, f"{file.name} imports {beyond}, which '{room}' may not"
    if room != "figures" and file.name != "runs.py":
        assert "matplotlib" not in others


def test_the_table_of_imports_has_the_rooms_that_there_are():
    rooms = {file.relative_to(SOURCE).parts[0].removesuffix(".py") for file in FILES}
    assert rooms == set(ALLOWED)


def test_every_public_name_is_there_and_hides_no_module():
    tree = ast.parse((SOURCE / "__init__.py").read_text())
    typed = next(node for node in tree.body if isinstance(node, ast.If))
    for node in typed.body:
        for alias in node.names:
            assert not (SOURCE / f"{alias.name}.py").exists(), f"{alias.name} is a module as well as a name"
            assert getattr(hanknn, alias.name) is not None and alias.name in dir(hanknn)
    script = "import sys, hanknn, hanknn.cli; assert 'jax' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


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
