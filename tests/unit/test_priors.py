"""Prior families: normalised on their range, with the stated moments, inverted by their quantiles."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from hanknn import Parameter, ParameterSpace
from hanknn.economy.priors import Beta, Gamma, InverseGamma, TruncatedNormal, Uniform
from hanknn.machine.errors import ModelError, SettingError

CASES = {
    "uniform": (Uniform(), 0.5, 2.0, stats.uniform(0.5, 1.5)),
    "truncated normal": (TruncatedNormal(1.0, 0.4), 0.5, 2.0, stats.norm(1.0, 0.4)),
    "beta": (Beta(0.6, 0.2), 0.2, 0.95, None),
    "gamma": (Gamma(1.5, 0.5), 0.5, 4.0, stats.gamma(9.0, scale=0.5**2 / 1.5)),
    "inverse gamma": (InverseGamma(0.5, 0.2), 0.1, 2.0, None),
}


@pytest.mark.parametrize("name", CASES)
def test_densities_integrate_to_one_and_quantiles_invert_them(name):
    prior, low, high, _ = CASES[name]
    grid = np.linspace(low, high, 20_001)
    with jax.enable_x64(True):
        density = np.exp(np.asarray(jax.jit(jax.vmap(lambda v: prior.log_density(v, low, high)))(jnp.asarray(grid))))
        middle = prior.quantile(np.array([0.0, 0.25, 0.5, 0.9, 1.0]), low, high)
    mass = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(grid))])
    assert mass[-1] == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(np.interp(middle, grid, mass), [0.0, 0.25, 0.5, 0.9, 1.0], atol=1e-4)


@pytest.mark.parametrize("name", [n for n in CASES if CASES[n][3] is not None])
def test_densities_agree_with_scipy(name):
    prior, low, high, family = CASES[name]
    values = np.linspace(low, high, 7)
    mass = family.cdf(high) - family.cdf(low)
    with jax.enable_x64(True):
        found = jax.jit(jax.vmap(lambda v: prior.log_density(v, low, high)))(jnp.asarray(values))
    np.testing.assert_allclose(found, family.logpdf(values) - np.log(mass), rtol=1e-8)


def test_mean_and_sd_are_those_before_truncation():
    wide = 0.0, 60.0
    for prior in (Gamma(1.5, 0.5), InverseGamma(1.5, 0.5)):
        draws = prior.quantile((np.arange(2_000) + 0.5) / 2_000, *wide)
        np.testing.assert_allclose([draws.mean(), draws.std()], [1.5, 0.5], rtol=0.01)
    draws = Beta(0.7, 0.1).quantile((np.arange(4_000) + 0.5) / 4_000, 0.0, 1.0)
    np.testing.assert_allclose([draws.mean(), draws.std()], [0.7, 0.1], rtol=0.01)


@pytest.mark.parametrize("prior", [case[0] for case in CASES.values()], ids=list(CASES))
def test_outside_the_range_there_is_nothing_and_no_nan(prior):
    for value in (-1.0, 99.0):
        assert prior.log_density(jnp.asarray(value), 0.2, 0.9) == -jnp.inf
    slope = jax.grad(lambda v: prior.log_density(v, 0.2, 0.9))(jnp.asarray(0.5))
    assert np.isfinite(slope)


def test_families_that_do_not_exist_are_refused():
    with pytest.raises(SettingError, match=r"the s\.d\."):
        TruncatedNormal(1.0, 0.0)
    with pytest.raises(SettingError, match="beta"):
        Beta(0.5, 0.6)
    with pytest.raises(SettingError, match="mean"):
        Gamma(-1.0, 1.0)
    with pytest.raises(SettingError, match="no mass"):
        TruncatedNormal(0.0, 0.01).log_density(jnp.asarray(5.0), 4.0, 6.0)


@pytest.mark.parametrize(
    "prior", [TruncatedNormal(50.0, 0.1), TruncatedNormal(-3.0, 0.1), Gamma(100.0, 0.5), InverseGamma(0.001, 1e-5)]
)
def test_a_prior_without_mass_on_its_range_is_refused_with_the_parameter(prior):
    with pytest.raises(ModelError, match=r"parameter 'phi': prior .* no mass on the range \[0\.5, 0\.9\]"):
        ParameterSpace(phi=Parameter(0.7, range=(0.5, 0.9), prior=prior))
    wide = ParameterSpace(phi=Parameter(0.7, range=(0.5, 0.9), prior=Beta(0.55, 0.001)))
    with pytest.raises(ModelError, match="no mass"):
        wide.only(phi=(0.7, 0.9))
    assert ParameterSpace(phi=Parameter(0.7, prior=prior)), "a fixed parameter needs none"


def test_a_prior_is_one_of_the_library():
    script = """
from hanknn import HanknnError, Parameter, ParameterSpace, priors
for prior in ("beta", priors.Uniform, None):
    try:
        ParameterSpace(phi=Parameter(0.7, range=(0.5, 0.9), prior=prior))
    except HanknnError as error:
        print(error)
for range in ((0.0, float("inf")), (0.5,), (float("nan"), 1.0)):
    try:
        ParameterSpace(phi=Parameter(0.7, range=range))
    except HanknnError as error:
        print(error)
for make in (lambda: priors.TruncatedNormal(float("nan"), 1), lambda: priors.TruncatedNormal(1, float("inf"))):
    try:
        make()
    except HanknnError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    told = [
        *["parameter 'phi': the prior is "] * 3,
        *["parameter 'phi': range ("] * 3,
        *["TruncatedNormal prior: the "] * 2,
    ]
    for line, start in zip(done.stdout.splitlines(), told, strict=True):
        assert line.startswith(start)
