"""Less effort for XLA, and only where XLA knows it."""

import jax
import jax.numpy as jnp
import pytest

from hanknn.machine import compiled


@pytest.fixture(autouse=True)
def forgotten():
    compiled._options.cache_clear()
    yield
    compiled._options.cache_clear()


def test_options_are_known_to_this_xla():
    assert compiled._options(compiled.LEAST)["xla_backend_optimization_level"] == 0
    assert float(compiled.jit(lambda x: 2 * x)(jnp.asarray(1.5))) == 3.0


def test_flags_of_the_process_may_ask_for_less(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=0")
    assert compiled._options(compiled.USUAL)["xla_backend_optimization_level"] == 0
    compiled._options.cache_clear()
    monkeypatch.setenv("XLA_FLAGS", "")
    assert compiled._options(compiled.USUAL)["xla_backend_optimization_level"] == 1


def test_an_xla_that_knows_the_options_no_more_is_not_asked(monkeypatch):
    original = jax.jit

    def forgetful(function, compiler_options=None):
        return original(function, compiler_options=compiler_options and {"xla_no_such_option": True})

    monkeypatch.setattr(jax, "jit", forgetful)
    assert compiled._options(compiled.USUAL) is None
    assert float(compiled.once(lambda x: x + 1)(jnp.asarray(1.0))) == 2.0
