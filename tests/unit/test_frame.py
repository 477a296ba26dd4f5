"""Coordinates in which a posterior is no speck."""

import jax
import jax.numpy as jnp
import numpy as np

from hanknn.inference.surrogate.frame import REACH, Frame


def speck(draws=4000):
    """A correlated cloud that fills a millionth of its box."""
    rng = np.random.default_rng(0)
    return np.array([0.3, -0.6]) + rng.normal(size=(draws, 2)) @ np.array([[1e-3, 2e-3], [0.0, 5e-4]])


def test_a_speck_is_seen_in_standard_deviations():
    scaled = speck()
    with jax.enable_x64(True):
        frame = Frame.around(scaled)
        seen = np.asarray(jax.vmap(frame.seen)(jnp.asarray(scaled)))
    near = (seen[:, :2] ** 2).mean(axis=1) < REACH**2
    assert near.mean() > 0.99
    np.testing.assert_allclose(seen[:, :2].mean(axis=0), 0, atol=0.01)
    np.testing.assert_allclose(np.cov(seen[:, :2].T), np.eye(2), atol=0.02)
    np.testing.assert_allclose(seen[:, 2], 0.25 * (seen[:, :2] ** 2).sum(axis=1), rtol=1e-12)


def test_far_points_come_near_along_their_ray_and_keep_their_order():
    with jax.enable_x64(True):
        frame = Frame.around(speck())
        ray = frame.root @ jnp.array([0.6, 0.8])
        lengths = jnp.array([1.0, 4.0, 10.0, 100.0, 1e4])
        seen = np.asarray(jax.vmap(lambda far: frame.seen(frame.center + far * ray))(lengths))
        distances = np.asarray(jax.vmap(lambda far: frame.distance(frame.center + far * ray))(lengths))
    np.testing.assert_allclose(seen[:, 1] / seen[:, 0], 0.8 / 0.6, rtol=1e-9)
    sizes = np.linalg.norm(seen[:, :2], axis=1)
    assert (np.diff(sizes) > 0).all() and sizes[-1] < 50
    np.testing.assert_allclose(sizes[:2], [1, 4], rtol=1e-9)
    edge = REACH * 2**0.5
    np.testing.assert_allclose(sizes[2:], edge * (1 + np.log(np.asarray(lengths[2:]) / edge)), rtol=1e-9)
    np.testing.assert_allclose(distances, np.asarray(lengths) / 2**0.5, rtol=1e-9)


def test_the_whole_box_is_seen_as_it_is():
    with jax.enable_x64(True):
        corner = jnp.array([1.0, -1.0, 0.5])
        np.testing.assert_allclose(Frame.whole(3).seen(corner)[:3], corner)


def test_a_parameter_that_never_moves_leaves_the_frame_finite():
    scaled = np.column_stack([np.full(50, 0.2), np.linspace(-0.1, 0.1, 50)])
    with jax.enable_x64(True):
        assert np.isfinite(np.asarray(Frame.around(scaled).seen(jnp.array([0.2, 0.0])))).all()
