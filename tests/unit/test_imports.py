"""Importing changes nothing, and imports run one way."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import hanknn

SOURCE = Path(hanknn.__file__).parent
# Right of `Solution`: what economics and training must never import.
READERS = {"solution", "solve", "accuracy", "simulation", "data", "likelihood", "surrogate", "posterior", "estimate"}
OUTER = {"figures", "folder", "runs", "estimation_folder", "progress", "cli", "cluster"}
READERS |= OUTER


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
            own |= {p for p in parts if p} if node.module else {alias.name for alias in node.names}
    return own, others


FILES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=[str(f.relative_to(SOURCE)) for f in FILES])
def test_imports_run_one_way(file):
    own, others = _imports(file)
    room = file.relative_to(SOURCE).parts[0].removesuffix(".py")
    left = {"errors", "points", "priors", "precision", "parameters", "model", "models", "economy", "expectations"}
    if room in left | {"networks", "storage", "training"}:
        assert not own & READERS, f"{file.name} imports {own & READERS}"
    if room in READERS - OUTER:
        assert not own & OUTER, f"{file.name} imports {own & OUTER}"
    # Inference reads solutions and knows nothing of how they are trained, but for the damping rule.
    if room in {"data", "likelihood", "posterior"}:
        assert not own & {"training", "solve", "accuracy", "surrogate", "estimate"}
    if room == "data":
        assert not own & {"likelihood", "posterior"}
    if room == "likelihood":
        assert "posterior" not in own
    if room == "models":
        assert not own & {"training", "networks", "economy", "expectations"}
    if room != "figures":
        assert "matplotlib" not in others


def test_importing_changes_no_setting():
    script = """
import logging, jax, sys
before = jax.config.jax_enable_x64, jax.config.jax_numpy_rank_promotion, list(logging.getLogger().handlers)
import hanknn
after = jax.config.jax_enable_x64, jax.config.jax_numpy_rank_promotion, list(logging.getLogger().handlers)
assert before == after, (before, after)
slow = {"matplotlib", "scipy.stats", "scipy.optimize"} & set(sys.modules)
assert not slow, f"importing hanknn imports {slow}"
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == done.stderr == ""
