"""One contract for every sampler, on a target that is skewed and known; and exactness of the particle sampler."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from hanknn import Parameter, ParameterSpace
from hanknn.inference.posterior import NUTS, Box, ParticleMetropolis, RandomWalk, Store, Target, TemperedSMC
from hanknn.machine.errors import RunFolderError, SettingError, UnknownNameError

SPACE = ParameterSpace(
    rate=Parameter(1.0, range=(0.0, 12.0)), share=Parameter(0.5, range=(0.0, 1.0)), fixed=Parameter(3.0)
)
BOX = Box.over(SPACE)
RATE, SHARE = stats.gamma(3.0, scale=0.8), stats.beta(2.0, 6.0)
"""The posterior under uniform priors: independent, both skewed, so that a sign error shows."""


def log_likelihood(theta):
    rate, share = theta[0], theta[1]
    return 2 * jnp.log(rate) - rate / 0.8 + jnp.log(share) + 5 * jnp.log1p(-share)


TARGET = Target(BOX, log_likelihood)
SAMPLERS = {
    "nuts": NUTS(chains=8, warmup=300, draws=1000),
    "random walk": RandomWalk(chains=16, warmup=500, draws=1500),
    "tempered smc": TemperedSMC(particles=1500, runs=2, moves=8),
}


@pytest.fixture(scope="module", params=SAMPLERS)
def sample(request):
    with jax.enable_x64(True):
        return SAMPLERS[request.param].sample(TARGET, jax.random.key(4))


def assert_distributed(values, tolerance):
    """Median, 5 and 95 % of both parameters within `tolerance` s.d."""
    p = [0.05, 0.5, 0.95]
    for column, exact in zip(values.T, (RATE, SHARE), strict=True):
        np.testing.assert_allclose(np.quantile(column, p), exact.ppf(p), atol=tolerance * exact.std())


def test_samplers_find_a_skewed_posterior(sample):
    values = sample.values.reshape(-1, 2)
    for column, exact in zip(values.T, (RATE, SHARE), strict=True):
        np.testing.assert_allclose(
            np.quantile(column, [0.05, 0.5, 0.95]), exact.ppf([0.05, 0.5, 0.95]), atol=0.12 * exact.std()
        )
        assert stats.skew(column) == pytest.approx(float(exact.stats("s")), abs=0.3)
    assert np.isfinite(sample.log_density).all() and not sample.divergent.any()


def test_tempered_smc_knows_the_evidence():
    with jax.enable_x64(True):
        found = TemperedSMC(particles=2000, runs=4, moves=5).sample(TARGET, jax.random.key(1)).log_evidence
    # ∫ rate² e^(−rate/0.8) = Γ(3) 0.8³; ∫ share (1 − share)⁵ = B(2, 6); the uniform prior's density is 1/12.
    exact = np.log(2 * 0.8**3) + np.log(1 / 42) - np.log(12.0)
    assert found == pytest.approx(exact, abs=0.06)


def test_the_box_refuses_nonsense():
    with pytest.raises(UnknownNameError, match="did you mean 'share'"):
        Box.over(SPACE, ("shar",))
    with pytest.raises(SettingError, match="no range"):
        Box.over(SPACE, ("fixed",))


def test_coordinates_and_values_are_inverse_at_any_edge():
    values = np.array([[0.0, 1.0], [12.0, 0.0], [5.0, 0.3]])
    full = BOX.full(values)
    assert full.shape == (3, 3) and (full[:, 2] == 3.0).all()
    with jax.enable_x64(True):
        back = np.asarray(jax.vmap(BOX.estimated)(jnp.asarray(BOX.coordinates(full))))
        assert np.isfinite(jax.vmap(TARGET.log_density)(jnp.asarray([[-800.0, 0.0], [800.0, 800.0]]))).all()
    np.testing.assert_allclose(back, values, atol=2e-8)


def noisy(theta, key):
    """An unbiased estimate of the likelihood whose noise has a s.d. of 0.8 in logs."""
    return log_likelihood(theta) + 0.8 * jax.random.normal(key, (), theta.dtype) - 0.32


@pytest.mark.parametrize("guided_steps", [pytest.param(0, marks=pytest.mark.slow), 10])
def test_particle_metropolis_is_exact_whatever_the_noise_and_the_guide(guided_steps):
    guide = Target(
        BOX, lambda theta: -0.5 * ((theta[0] - 2.0) / 2.0) ** 2 + jnp.log(theta[1]) + 3 * jnp.log1p(-theta[1])
    )
    sampler = ParticleMetropolis(chains=64, warmup=200, draws=1000, guided_steps=guided_steps, chunk=100)
    with jax.enable_x64(True):
        cloud = TemperedSMC(particles=500, runs=1, moves=5).run(guide, jax.random.key(0))[0]
        found = sampler.sample(guide, cloud, noisy, jax.random.key(6))
    for column, exact in zip(found.values.reshape(-1, 2).T, (RATE, SHARE), strict=True):
        np.testing.assert_allclose(
            np.quantile(column, [0.05, 0.5, 0.95]), exact.ppf([0.05, 0.5, 0.95]), atol=0.1 * exact.std()
        )


STOPS = {
    "random walk": (RandomWalk(chains=2, warmup=40, draws=120, chunk=20), "random walk", 60),
    "nuts in its warm-up": (NUTS(chains=2, warmup=40, draws=20), "warm-up", 20),
}


@pytest.mark.parametrize("stop", STOPS)
def test_a_resumed_chain_is_the_same_chain(tmp_path, stop):
    sampler, stage, done = STOPS[stop]
    whole_store = Store(tmp_path / "whole", {"seed": 1}, every=0.0)
    with jax.enable_x64(True):
        whole = sampler.sample(TARGET, jax.random.key(1), whole_store)

        class Killed(Exception):
            pass

        def kill(step):
            if step.stage == stage and step.done >= done + sampler.chunk:
                raise Killed

        store, again = Store(tmp_path / "part", {"seed": 1}, every=0.0), []
        with pytest.raises(Killed):
            sampler.sample(TARGET, jax.random.key(1), store, kill)
        resumed = sampler.sample(TARGET, jax.random.key(1), store, again.append)
    np.testing.assert_array_equal(whole.values, resumed.values)
    # Nothing but the last chunk is done twice: not the start, and not what was saved of this stage.
    assert "tempering" not in {step.stage for step in again}
    assert next(step.done for step in again if step.stage == stage and step.done) == done + sampler.chunk


def test_chains_of_another_key_or_length_are_refused(tmp_path):
    """In a store that says nothing itself of what it holds."""
    store, sampler = Store(tmp_path), RandomWalk(chains=2, warmup=10, draws=10, chunk=10)
    with jax.enable_x64(True):
        sampler.sample(TARGET, jax.random.key(1), store)
        with pytest.raises(RunFolderError, match="keys = "):
            sampler.sample(TARGET, jax.random.key(2), store)
        with pytest.raises(RunFolderError, match=r"sampler\.draws = 10, not 20"):
            dataclasses.replace(sampler, draws=20).sample(TARGET, jax.random.key(1), store)
