"""The Kalman filter's pass: its derivative in closed form against the automatic one, missing data among them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hanknn.inference.likelihood.linear_pass import Linear, log_densities, passed
from hanknn.inference.likelihood.space import Period

STATES, SHOWN, SHOCKS, PERIODS = 5, 3, 2, 60


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def setting():
    rng = np.random.default_rng(3)
    own = rng.normal(size=(STATES, STATES))
    own *= 0.95 / np.abs(np.linalg.eigvals(own)).max()
    zero = np.zeros((STATES, STATES))
    root = rng.normal(size=(2 * STATES, 2 * STATES))
    linear = Linear(
        rng.normal(size=2 * STATES),
        root @ root.T,
        np.concatenate([rng.normal(size=STATES), np.zeros(STATES)]),
        np.block([[own, zero], [np.eye(STATES), zero]]),
        np.concatenate([rng.normal(size=(STATES, SHOCKS)), np.zeros((STATES, SHOCKS))]),
        rng.normal(size=SHOWN),
        rng.normal(size=(SHOWN, 2 * STATES)),
        np.zeros(1),
        np.zeros((1, STATES)),
    )
    whitening = np.tile(np.linalg.inv(np.linalg.cholesky(0.3 * np.eye(SHOWN) + 0.1)), (PERIODS, 1, 1))
    whitening[5], whitening[17, 0] = 0, 0
    data = Period(3 * rng.normal(size=(PERIODS, SHOWN)), whitening, rng.normal(size=PERIODS))
    return jax.tree.map(jnp.asarray, (linear, data)), jnp.asarray(rng.normal(size=PERIODS))


@pytest.mark.parametrize("periods", ["alike", "weighted"])
def test_the_score_in_closed_form_agrees_with_automatic_differentiation(periods):
    (linear, data), drawn = setting()
    weights = drawn if periods == "weighted" else jnp.ones(PERIODS)
    found = jax.jit(jax.grad(lambda at: weights @ log_densities(at, data)))(linear)
    exact = jax.jit(jax.grad(lambda at: weights @ passed(at, data).increment))(linear)
    for name in Linear._fields:
        one, other = np.asarray(getattr(found, name)), np.asarray(getattr(exact, name))
        if name == "spread":
            other = (other + other.T) / 2
        np.testing.assert_allclose(one, other, atol=1e-9 * max(np.abs(other).max(), 1.0), err_msg=name)


def test_the_likelihood_is_that_of_one_large_normal_vector():
    (linear, data), _ = setting()
    data = jax.tree.map(lambda a: a[:8], data._replace(whitening=jnp.tile(jnp.eye(SHOWN), (PERIODS, 1, 1))))
    mean, spread, blocks = linear.start, linear.spread, []
    means, cross = [], []
    for _ in range(8):
        means.append(linear.level + linear.show @ mean)
        cross = [linear.show @ row for row in cross]
        blocks.append((mean, spread))
        mean = linear.drift + linear.move @ mean
        spread = linear.move @ spread @ linear.move.T + linear.hit @ linear.hit.T
    whole = np.zeros((8 * SHOWN, 8 * SHOWN))
    for s in range(8):
        ahead = blocks[s][1]
        for t in range(s, 8):
            part = linear.show @ ahead @ linear.show.T + (jnp.eye(SHOWN) if s == t else 0)
            whole[t * SHOWN : (t + 1) * SHOWN, s * SHOWN : (s + 1) * SHOWN] = part
            whole[s * SHOWN : (s + 1) * SHOWN, t * SHOWN : (t + 1) * SHOWN] = part.T
            ahead = linear.move @ ahead
    error = np.asarray(data.values).ravel() - np.concatenate(means)
    exact = -0.5 * (np.linalg.slogdet(whole)[1] + error @ np.linalg.solve(whole, error)) + float(jnp.sum(data.constant))
    np.testing.assert_allclose(float(jnp.sum(log_densities(linear, data))), exact, rtol=1e-9)
