"""Settings and shared fixtures: rank promotion is an error, float64 is left to the library.

The library is imported by fixtures: with annotations checked that takes long, and who hands tests out does not need it.
"""

import gc
import os
from importlib.metadata import version

# Tests compile much and compute little: XLA's quickest code is good enough, and as both cores are busy, code in one
# piece. Unknown flags abort, hence the versions.
if (jax_version := version("jax")).startswith(("0.10.", "0.12.")):
    flags = ["xla_backend_optimization_level=0", "xla_cpu_parallel_codegen_split_count=1"]
    if jax_version.startswith("0.10."):
        flags.append("xla_cpu_use_fusion_emitters=false")
    os.environ.setdefault("XLA_FLAGS", " ".join(f"--{flag}" for flag in flags))

import jax
import pytest
from filelock import FileLock

# Not by the environment: child processes must start as a user's do, or a setting that an import changes goes unseen.
jax.config.update("jax_numpy_rank_promotion", "raise")

if "PYTEST_XDIST_WORKER" in os.environ:
    # Python finds no compiled code for what is first imported from within the library: the hook that checks
    # annotations keeps its own.
    import beartype, equinox, matplotlib.figure, optax, pandas, scipy.linalg, scipy.special, typer, xarray  # noqa: E401, F401, I001

# Tracing makes many objects, few of them garbage: by default Python looks through all that are alive again and again.
gc.set_threshold(100_000, 20, 50)


def _common(tmp_path_factory):
    """The session's folder, one for all workers."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session", autouse=True)
def compilation_cache(tmp_path_factory):
    """The same programs are compiled by many tests, workers and child processes; keep them for the session."""
    folder = str(_common(tmp_path_factory) / "compiled")
    jax.config.update("jax_compilation_cache_dir", folder)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.02)
    os.environ |= {"JAX_COMPILATION_CACHE_DIR": folder, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.02"}


@pytest.fixture(scope="session")
def nk():
    import hanknn

    return hanknn.models.LinearNK()


@pytest.fixture(scope="session")
def equations(nk):
    from hanknn.economy import Equations

    return Equations(nk)


@pytest.fixture(scope="session")
def quick_folder(nk, tmp_path_factory):
    """The quick recipe at seed 0: its solution and history, solved once for all workers."""
    import hanknn

    folder = _common(tmp_path_factory) / "quick"
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            solved = hanknn.solve(nk, hanknn.recipes.quick(), seed=0)
            solved.solution.save(folder / "solution.npz")
            solved.history.table.to_csv(folder / "history.csv", index=False)
            solved.history.validation.to_csv(folder / "validation.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def quick(quick_folder):
    import hanknn

    return hanknn.load(quick_folder / "solution.npz")
