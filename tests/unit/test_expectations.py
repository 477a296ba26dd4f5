"""Quadrature and draws against the normal distribution's moments."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from hanknn.economy.expectations import (
    GaussHermite,
    Monomial,
    MonteCarlo,
    ScrambledSobol,
    sobol_normals,
)
from hanknn.economy.split import SplitGaussHermite
from hanknn.machine.errors import SettingError


def _moment(k):
    """E εᵏ of a standard normal."""
    return 0.0 if k % 2 else math.factorial(k) / (2 ** (k // 2) * math.factorial(k // 2))


@pytest.mark.parametrize("order", [1, 3, 5])
def test_gauss_hermite_is_exact_to_its_degree_and_not_beyond(order):
    with jax.enable_x64(True):
        x, w = (np.asarray(a) for a in GaussHermite(order).nodes(jax.random.key(0), 1, jnp.float64))
    for k in range(2 * order):
        np.testing.assert_allclose(w @ x[:, 0] ** k, _moment(k), atol=1e-10 * max(1, _moment(k)))
    assert abs(w @ x[:, 0] ** (2 * order) - _moment(2 * order)) > 0.5


def test_gauss_hermite_with_two_shocks_integrates_cross_products():
    with jax.enable_x64(True):
        x, w = (np.asarray(a) for a in GaussHermite(3).nodes(jax.random.key(0), 2, jnp.float64))
    assert x.shape == (9, 2)
    np.testing.assert_allclose(w @ (x[:, 0] ** 2 * x[:, 1] ** 4), 3.0, rtol=1e-12)
    np.testing.assert_allclose(w @ (x[:, 0] ** 3 * x[:, 1] ** 2), 0.0, atol=1e-12)


@pytest.mark.parametrize("order", [3, 5, 7])
@pytest.mark.parametrize("kink", [-4.0, -1.3, 0.0, 2.2, 4.4])
def test_a_split_rule_is_exact_on_both_sides_of_a_kink(order, kink):
    with jax.enable_x64(True):
        rule = SplitGaussHermite(order)
        nodes, weights = jax.jit(lambda key: rule.nodes(key, 1, jnp.float64, lambda e: e - kink))(jax.random.key(0))
    x, w = np.asarray(nodes)[:, 0], np.asarray(weights)
    for k in range(2 * order):
        np.testing.assert_allclose(w @ x**k, _moment(k), atol=2e-9 * max(1, _moment(k + k % 2)))
    above = norm.pdf(kink) - kink * norm.sf(kink)  # E max(ε − kink, 0)
    np.testing.assert_allclose(w @ np.maximum(x - kink, 0), above, atol=1e-11)
    plain_x, plain_w = (np.asarray(a) for a in GaussHermite(2 * order).nodes(jax.random.key(0), 1, jnp.float32))
    if abs(kink) < 2:
        assert abs(plain_w @ np.maximum(plain_x[:, 0] - kink, 0) - above) > 1e-3


@pytest.mark.parametrize("kink", [-1.7, 0.4, 3.0])
def test_the_kink_of_a_bent_margin_is_found(kink):
    bent = lambda e: jnp.where(e < kink, 3 * (e - kink), jnp.expm1(0.3 * (e - kink)))
    with jax.enable_x64(True):
        found = jax.jit(lambda: SplitGaussHermite(5, searches=4)._threshold(bent, jnp.float64))()
        never = jax.jit(lambda: SplitGaussHermite(5)._threshold(lambda e: e + 50, jnp.float64))()
    assert abs(float(found) - kink) < 1e-4 and float(never) == 4.5


@pytest.mark.parametrize("direction", [[1.0, 0.0, 0.0], [0.0, -2.0, 0.0], [0.6, 0.3, -0.9]])
@pytest.mark.parametrize("place", [-2.5, -0.4, 0.0, 1.1])
def test_a_kink_across_several_shocks_is_averaged_exactly(direction, place):
    """E max(d·e + c, 0) is known for any direction; quadratics, without cross terms, come out exactly too."""
    with jax.enable_x64(True):
        d = jnp.asarray(direction)
        length = float(jnp.linalg.norm(d))
        slackness = lambda e: (jnp.sum(d * e) + place)[None]
        rule = SplitGaussHermite(4, searches=3)
        nodes, weights = jax.jit(lambda key: rule.nodes(key, 3, jnp.float64, slackness))(jax.random.key(0))
        z = place / length
        exact = place * norm.cdf(z) + length * norm.pdf(z)
        assert abs(float(weights @ jnp.maximum(nodes @ d + place, 0)) - exact) < 1e-9
        np.testing.assert_allclose(weights @ nodes, 0, atol=1e-10)
        np.testing.assert_allclose(nodes.T @ (weights[:, None] * nodes), np.eye(3), atol=1e-9)
        np.testing.assert_allclose(weights.sum(), 1, atol=1e-12)


SPLIT_BY_CHANCE = SplitGaussHermite(3, searches=3, randomized=True)


def _by_chance(keys, shocks, dtype=jnp.float64, kink=0.4):
    """Nodes and weights of the randomized rule for each key, split where the shocks' mean crosses `kink`."""
    slackness = lambda e: (jnp.sum(e) / shocks**0.5 - kink)[None].astype(e.dtype)
    return jax.jit(jax.vmap(lambda k: SPLIT_BY_CHANCE.nodes(k, shocks, dtype, slackness)))(keys)


@pytest.mark.parametrize("kink", [-1.3, 0.4])
def test_a_randomized_rule_keeps_the_kink_and_errs_in_its_last_degree_by_chance_only(kink):
    keys = jax.random.split(jax.random.key(0), 4000)
    with jax.enable_x64(True):
        x, w = (np.asarray(a) for a in _by_chance(keys, 1, kink=kink))
    x = x[:, :, 0]
    for k in range(5):
        np.testing.assert_allclose(np.sum(w * x**k, axis=1), _moment(k), atol=1e-9)
    above = norm.pdf(kink) - kink * norm.sf(kink)
    np.testing.assert_allclose(np.sum(w * np.maximum(x - kink, 0), axis=1), above, atol=1e-10)
    fifth = np.sum(w * x**5, axis=1)
    assert fifth.std() > 0.1 and abs(fifth.mean()) < 4 * fifth.std() / len(fifth) ** 0.5
    assert (w > 0).all()


def test_a_randomized_rule_turns_across_and_keeps_three_degrees():
    keys = jax.random.split(jax.random.key(0), 500)
    with jax.enable_x64(True):
        x, w = (np.asarray(a) for a in _by_chance(keys, 3))
    np.testing.assert_allclose(w.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(np.einsum("kn,kni->ki", w, x), 0, atol=1e-10)
    np.testing.assert_allclose(np.einsum("kn,kni,knj->kij", w, x, x), np.tile(np.eye(3), (500, 1, 1)), atol=1e-9)
    assert np.abs(np.einsum("kn,kni,knj,knl->kijl", w, x, x, x)).max() < 1e-8
    across = x[:, 6:10]
    assert len(np.unique(np.round(across[:, 0, 0], 9))) == 500, "directions and distances differ"


def test_a_randomized_rule_draws_the_same_nodes_in_either_precision():
    """A derivative in single precision must be that of the residual in double."""
    keys = jax.random.split(jax.random.key(1), 50)
    with jax.enable_x64(True):
        double, single = (np.asarray(_by_chance(keys, 3, t)[0]) for t in (jnp.float64, jnp.float32))
    np.testing.assert_allclose(single, double, atol=1e-4)
    assert np.abs(double[0] - double[1]).max() > 0.1


def test_antithetic_draws_cancel_odd_moments_and_plain_ones_do_not():
    antithetic, w = MonteCarlo(10).nodes(jax.random.key(3), 1, jnp.float32)
    plain, _ = MonteCarlo(10, antithetic=False).nodes(jax.random.key(3), 1, jnp.float32)
    assert abs(float(w @ antithetic[:, 0])) < 1e-7
    assert abs(float(plain.mean())) > 1e-3
    assert antithetic.dtype == jnp.float32


def test_draws_differ_between_keys_and_have_unit_variance():
    keys = jax.random.split(jax.random.key(0), 2000)
    draws = jax.vmap(lambda k: MonteCarlo(10).nodes(k, 1, jnp.float32)[0])(keys)
    assert abs(float(draws.var()) - 1) < 0.03
    assert len(np.unique(np.asarray(draws[:, 0, 0]))) == 2000


def test_sobol_draws_average_better_than_random_ones():
    keys = jax.random.split(jax.random.key(0), 500)
    second = {}
    for rule in (ScrambledSobol(16), MonteCarlo(16, antithetic=False)):
        draws = jax.vmap(lambda k, rule=rule: rule.nodes(k, 1, jnp.float32)[0])(keys)
        means = np.asarray((draws[:, :, 0] ** 2).mean(axis=1))
        second[type(rule)] = ((means - 1) ** 2).mean()
        assert abs(means.mean() - 1) < 0.05
    assert second[ScrambledSobol] < 0.3 * second[MonteCarlo]


def test_the_design_is_uniform_and_normal():
    uniforms, normals = sobol_normals(1024, 2, 1, seed=0)
    np.testing.assert_allclose(uniforms.mean(axis=0), 0.5, atol=2e-3)
    np.testing.assert_allclose([normals.mean(), normals.std()], [0, 1], atol=0.02)
    np.testing.assert_array_equal(sobol_normals(256, 2, 1, seed=0)[0], uniforms[:256])


@pytest.mark.parametrize(
    "make", [lambda: GaussHermite(0), lambda: MonteCarlo(0), lambda: MonteCarlo(7), lambda: ScrambledSobol(10)]
)
def test_bad_settings_are_refused(make):
    with pytest.raises(SettingError):
        make()


@pytest.mark.parametrize("shocks", [1, 2, 3, 7, 10])
@pytest.mark.parametrize("degree", [3, 5])
def test_a_monomial_rule_is_exact_to_its_degree(shocks, degree):
    with jax.enable_x64(True):
        nodes, weights = (np.asarray(a) for a in Monomial(degree).nodes(jax.random.key(0), shocks, jnp.float64))
    assert len(nodes) == (2 * shocks + 1 if degree == 3 or shocks == 1 else 2 * shocks**2 + 1)
    moment = [1, 0, 1, 0, 3, 0]
    for powers in itertools.product(range(degree + 1), repeat=min(shocks, 3)):
        if sum(powers) <= degree:
            found = weights @ np.prod(nodes[:, : len(powers)] ** np.array(powers), axis=1)
            assert found == pytest.approx(np.prod([moment[p] for p in powers]), abs=1e-10)
