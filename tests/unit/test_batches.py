"""Rows in batches: the same answers as one by one, from one program."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hanknn.machine.batches import in_batches


@pytest.mark.parametrize("count", [1, 3, 4, 10])
def test_answers_are_those_of_single_rows_and_the_function_is_traced_once(count):
    traces = []

    def function(a, key):
        traces.append(a.shape)
        return {"sum": jnp.sum(a), "draw": a + jax.random.normal(key, a.shape)}

    rows = jnp.arange(2.0 * count).reshape(count, 2)
    keys = jax.random.split(jax.random.key(0), count)
    found = jax.jit(lambda *rows: in_batches(function, rows, 4))(rows, keys)
    assert traces == [(2,)], "a remainder must not be compiled apart"
    assert found["sum"].shape == (count,)
    for i in range(count):
        one = function(rows[i], keys[i])
        np.testing.assert_allclose(found["sum"][i], one["sum"])
        np.testing.assert_allclose(found["draw"][i], one["draw"], rtol=1e-6)
