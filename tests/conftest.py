"""Settings and shared fixtures: rank promotion is an error, float64 is left to the library."""

import jax
import pytest

import hanknn
from hanknn.equilibrium import Equilibrium

jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture(scope="session", autouse=True)
def compilation_cache(tmp_path_factory):
    """The same programs are compiled by many tests; keep them for the session."""
    jax.config.update("jax_compilation_cache_dir", str(tmp_path_factory.mktemp("cache")))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)


@pytest.fixture(scope="session")
def nk():
    return hanknn.models.LinearNK()


@pytest.fixture(scope="session")
def equilibrium(nk):
    return Equilibrium(nk)


@pytest.fixture(scope="session")
def quick_solved(nk):
    """The quick recipe at seed 0, solved once."""
    return hanknn.solve(nk, hanknn.recipes.quick(), seed=0)


@pytest.fixture(scope="session")
def quick(quick_solved):
    return quick_solved.solution
