"""Evenly spread proposals: uniform one by one, even together, and distributed as Student's t."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from hanknn.inference.likelihood.stratified import lattice, student_log_density, student_quantile


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_every_point_is_uniform_and_all_of_them_fill_the_cube_evenly(dimensions):
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(0), 2000)
        points = np.asarray(jax.vmap(lambda k: lattice(100, dimensions, k, jnp.float64))(keys))
    for i in (0, 37):
        for column in points[:, i].T:
            assert stats.kstest(column, "uniform").pvalue > 1e-3
    # With the place among sorted particles as one more axis: a mean, at least twice as precise as by independent draws.
    places = (np.arange(100) + 0.5) / 100
    means = np.cos(2 * places + points.sum(axis=2)).mean(axis=1)
    independent = np.random.default_rng(0).uniform(size=(2000, 100, dimensions)).sum(axis=2)
    assert means.std() < 0.5 * np.cos(2 * places + independent).mean(axis=1).std()


def test_quantiles_and_density_are_those_of_the_t_distribution():
    u = np.array([1e-9, 1e-3, 0.2, 0.5, 0.51, 0.9, 1 - 1e-9])
    with jax.enable_x64(True):
        found = np.asarray(student_quantile(jnp.asarray(u)))
        density = np.asarray(student_log_density(jnp.asarray(found)))
    np.testing.assert_allclose(found, stats.t(4).ppf(u), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(density, stats.t(4).logpdf(found), atol=1e-9)
