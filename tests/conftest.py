"""Settings and shared fixtures: rank promotion is an error, float64 is left to the library.

The library is imported by fixtures: with annotations checked that takes long, and who hands tests out does not need it.
"""

import os
from importlib.metadata import version

# Tests compile much and compute little: XLA's quickest code is good enough. Unknown flags abort, hence the version.
if version("jax").startswith("0.10."):
    os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false")

import jax
import pytest

# Not by the environment: child processes must start as a user's do, or a setting that an import changes goes unseen.
jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture(scope="session", autouse=True)
def compilation_cache(tmp_path_factory):
    """The same programs are compiled by many tests, workers and child processes; keep them for the session."""
    base = tmp_path_factory.getbasetemp()
    folder = str((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "compiled")
    jax.config.update("jax_compilation_cache_dir", folder)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)
    os.environ |= {"JAX_COMPILATION_CACHE_DIR": folder, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.3"}


@pytest.fixture(scope="session")
def nk():
    import hanknn

    return hanknn.models.LinearNK()


@pytest.fixture(scope="session")
def equilibrium(nk):
    from hanknn.equilibrium import Equilibrium

    return Equilibrium(nk)


@pytest.fixture(scope="session")
def quick_solved(nk):
    """The quick recipe at seed 0, solved once."""
    import hanknn

    return hanknn.solve(nk, hanknn.recipes.quick(), seed=0)


@pytest.fixture(scope="session")
def quick(quick_solved):
    return quick_solved.solution
