"""The parameter table: ranges, names, scaling, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from hanknn import Parameter, ParameterSpace
from hanknn.inference.posterior import Box
from hanknn.machine.errors import ModelError, OutOfRangeError, ShapeError, UnknownNameError


@pytest.fixture
def space():
    return ParameterSpace(
        a=Parameter(1.0, range=(0.0, 4.0), label="$a$", text="first"),
        fixed=Parameter(7.0, text="never moves"),
        b=Parameter(-1.0, range=(-3.0, -1.0)),
    )


def test_ranges_and_baselines_that_make_no_sense_are_refused():
    with pytest.raises(ModelError, match=r"'a'.*empty"):
        ParameterSpace(a=Parameter(1.0, range=(2.0, 1.0)))
    with pytest.raises(ModelError, match=r"'a'.*outside"):
        ParameterSpace(a=Parameter(5.0, range=(2.0, 3.0)))


def test_an_unknown_parameter_names_the_nearest_one(space):
    with pytest.raises(UnknownNameError, match="did you mean 'fixed'"):
        space.resolve({"fixd": 1.0})


def test_resolve_fills_in_the_baseline(space):
    np.testing.assert_array_equal(space.resolve(None), [1.0, 7.0, -1.0])
    np.testing.assert_array_equal(space.resolve({"b": -2.0}), [1.0, 7.0, -2.0])
    np.testing.assert_array_equal(space.resolve({"b": [-2.0, -3.0], "a": 2.0}), [[2.0, 7.0, -2.0], [2.0, 7.0, -3.0]])
    table = pd.DataFrame({"a": [0.5, 0.6]}, index=["x", "y"])
    np.testing.assert_array_equal(space.resolve(table), [[0.5, 7.0, -1.0], [0.6, 7.0, -1.0]])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"a": [1.0, 2.0], "b": [-1.0, -2.0, -3.0]}, "differ in length"),
        ({"a": np.ones((1, 3))}, r"shape \(1, 3\)"),
        ({"a": "high"}, "not numeric"),
        ({"a": np.nan}, "not finite"),
    ],
)
def test_values_that_are_not_columns_of_numbers_are_refused(space, values, message):
    with pytest.raises(ShapeError, match=message):
        space.resolve(values)


def test_a_value_outside_its_range_is_named_with_the_range(space):
    with pytest.raises(OutOfRangeError, match=r"'b' = -0\.5 .*\[-3, -1\]"):
        space.require_inside(space.resolve({"b": [-2.0, -0.5]}))
    space.require_inside(space.resolve({"b": -3.0, "a": 4.0}))


def test_scaling_maps_the_free_ranges_to_minus_one_and_one(space):
    with jax.enable_x64(True):
        np.testing.assert_array_equal(space.scaled(jnp.asarray(space.lower)), [-1.0, -1.0])
        np.testing.assert_array_equal(space.scaled(jnp.asarray(space.upper)), [1.0, 1.0])
        np.testing.assert_allclose(space.scaled(jnp.asarray([1.0, 7.0, -2.0])), [-0.5, 0.0])
        np.testing.assert_allclose(space.from_unit(jnp.asarray([0.25, 0.5])), [1.0, 7.0, -2.0])


def test_draws_fill_the_box_and_leave_fixed_parameters_alone(space):
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(0), 4000)
        draws = np.asarray(jax.vmap(lambda k: space.draw(k, jnp.float64))(keys))
    assert not space.outside(draws).any()
    assert (draws[:, 1] == 7.0).all()
    np.testing.assert_allclose(draws.mean(axis=0), [2.0, 7.0, -2.0], atol=0.08)
    np.testing.assert_allclose(draws.std(axis=0), [4 / 12**0.5, 0.0, 2 / 12**0.5], atol=0.03)


def test_the_uniform_prior_is_one_over_the_volume(space):
    box = Box.over(space)
    np.testing.assert_allclose(box.log_prior(jnp.array([1.0, 7.0, -2.0])), -np.log(8.0), rtol=1e-6)
    assert box.log_prior(jnp.array([5.0, 7.0, -2.0])) == -np.inf


def test_the_table_lists_every_parameter_once(space):
    table = space.table()
    assert list(table.index) == ["a", "fixed", "b"]
    assert table.loc["a", "upper"] == 4.0 and table.loc["fixed", "lower"] == 7.0 and table.loc["a", "text"] == "first"


def test_a_narrower_box_keeps_the_named_parameters_free_and_fixes_the_rest(space):
    narrow = space.only("a", b=-2.0)
    assert narrow.free == ("a",) and narrow.names == space.names
    np.testing.assert_array_equal(narrow.baseline, [1.0, 7.0, -2.0])
    np.testing.assert_array_equal(narrow.upper, [4.0, 7.0, -2.0])
    assert space.only().free == () and space.free == ("a", "b"), "the original stays as it is"


def test_a_range_may_be_narrowed_and_its_baseline_stays_inside(space):
    narrow = space.only("b", a=(1.5, 3.0))
    assert narrow.free == ("a", "b") and narrow["a"].bounds == (1.5, 3.0) and narrow["b"] == space["b"]
    assert narrow["a"].value == 1.5, "the baseline, 1, lies below the range"
    assert space.only(a=(0.5, 3.0))["a"].value == 1.0


@pytest.mark.parametrize(
    ("names", "values", "error", "hint"),
    [
        (("aa",), {}, UnknownNameError, "did you mean 'a'"),
        (("a",), {"bb": 1.0}, UnknownNameError, "did you mean 'b'"),
        (("fixed",), {}, ModelError, "free ones: a, b"),
        (("a",), {"a": 1.0}, ModelError, "one or the other"),
        (("a",), {"b": 1.0}, ModelError, "outside its range"),
        (("a",), {"a": (1.0, 2.0)}, ModelError, "one or the other"),
        ((), {"fixed": (6.0, 8.0)}, ModelError, "free ones: a, b"),
        ((), {"a": (1.0, 9.0)}, ModelError, "no part of its range"),
        ((), {"a": (2.0, 1.0)}, ModelError, "is empty"),
    ],
)
def test_a_narrower_box_that_makes_no_sense_is_refused(space, names, values, error, hint):
    with pytest.raises(error, match=hint):
        space.only(*names, **values)
