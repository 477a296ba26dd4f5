"""Filters against answers found another way: dense Gaussian algebra, Kalman, and a nonlinear grid."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from hanknn import Model, Parameter, ParameterSpace, Variable
from hanknn.economy import Economy, Equations
from hanknn.inference.data import Observed
from hanknn.inference.likelihood import (
    Bootstrap,
    Grid,
    Guided,
    Kalman,
    Tempered,
    Twisted,
    filter_states,
    forecast,
    shock_decomposition,
)
from hanknn.inference.likelihood.particle import systematic
from hanknn.inference.likelihood.space import Observation, panel
from hanknn.machine.errors import ModelError

RHO, IMPACT = 0.875, 0.06 * 2.0 * (0.875 - 1) * (1 + 1.125) / (2.0 + 1.125)


def policies_per_zeta(beta=0.97, sigma=2.0, eta=1.125, phi=0.7, phi_pi=1.875, phi_y=0.25, rho=RHO):
    """Equations (23)-(24), written out again."""
    kappa = (1 - phi) * (1 - phi * beta) * (sigma + eta) / phi
    determinant = (sigma * (1 - rho) + phi_y) * (1 - beta * rho) + kappa * (phi_pi - rho)
    return np.array([(1 - beta * rho) / determinant, kappa / determinant])


class Dense:
    """nk with ζ, X, π observed as one big Gaussian vector; NaN rows are marginalised out."""

    def __init__(self, table, noise):
        periods = len(table)
        lags = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
        self.zeta = IMPACT**2 / (1 - RHO**2) * RHO**lags
        self.load = np.concatenate([[1.0], policies_per_zeta()])
        self.y = table.to_numpy().ravel()
        self.seen = np.isfinite(self.y)
        self.covariance = np.kron(self.zeta, np.outer(self.load, self.load)) + np.kron(np.eye(periods), noise)
        self.cross = np.kron(self.zeta, self.load[None, :])

    def log_likelihood(self):
        c, y = self.covariance[np.ix_(self.seen, self.seen)], self.y[self.seen]
        return -0.5 * (np.linalg.slogdet(c)[1] + y @ np.linalg.solve(c, y) + len(y) * np.log(2 * np.pi))

    def smoothed(self):
        c, y, cross = self.covariance[np.ix_(self.seen, self.seen)], self.y[self.seen], self.cross[:, self.seen]
        variance = self.zeta - cross @ np.linalg.solve(c, cross.T)
        return cross @ np.linalg.solve(c, y), np.sqrt(np.diag(variance))


@pytest.fixture(scope="module")
def observed():
    rng = np.random.default_rng(5)
    zeta = np.zeros(40)
    zeta[0] = IMPACT / np.sqrt(1 - RHO**2) * rng.standard_normal()
    for t in range(1, 40):
        zeta[t] = RHO * zeta[t - 1] + IMPACT * rng.standard_normal()
    clean = zeta[:, None] * np.concatenate([[1.0], policies_per_zeta()])
    scale = np.sqrt(0.1) * clean.std(axis=0)
    correlated = np.diag(scale) @ np.array([[1, 0.3, 0], [0.3, 1, -0.2], [0, -0.2, 1]]) @ np.diag(scale)
    values = clean + rng.standard_normal(clean.shape) @ np.linalg.cholesky(correlated).T
    values[7, 1] = values[11] = values[30, :2] = np.nan
    return Observed(pd.DataFrame(values, columns=["zeta", "output_gap", "inflation"]), correlated)


@pytest.fixture(scope="module")
def seen(equations, observed):
    return Observation(Economy(equations, equations.closed_form), observed.names)


def tracked(filter, seen, nk, observed, key):
    theta = seen.economy.parameters(jnp.asarray(nk.parameters.baseline))
    return jax.jit(lambda theta: filter.track(seen, panel(observed), theta, key))(theta)


def log_likelihoods(filter, seen, observed, theta, count):
    with jax.enable_x64(True):
        data = panel(observed)
        keys = jax.random.split(jax.random.key(3), count)
        point = seen.economy.parameters(jnp.asarray(theta))
        one = lambda key: filter.log_likelihood(seen, data, point, key)
        return np.asarray(jax.jit(jax.vmap(one))(keys))


@pytest.mark.parametrize("filter", [Kalman(), Grid(nodes=301)], ids=["kalman", "grid"])
def test_exact_filters_agree_with_dense_gaussian_algebra(filter, nk, seen, observed):
    found = log_likelihoods(filter, seen, observed, nk.parameters.baseline, 1)[0]
    dense = Dense(observed.table, observed.noise).log_likelihood()
    assert found == pytest.approx(dense, abs=1e-8 if isinstance(filter, Kalman) else 1e-4)


@pytest.mark.parametrize("filter", [Kalman(), Grid(nodes=301)], ids=["kalman", "grid"])
def test_smoothed_states_agree_with_dense_gaussian_algebra(filter, nk, seen, observed):
    with jax.enable_x64(True):
        track = jax.jit(
            lambda theta: filter.track(seen, panel(observed), seen.economy.parameters(theta), jax.random.key(0))
        )(jnp.asarray(nk.parameters.baseline))
    mean, sd = Dense(observed.table, observed.noise).smoothed()
    np.testing.assert_allclose(track.smoothed_mean[:, 0], mean, atol=1e-6)
    np.testing.assert_allclose(track.smoothed_sd[:, 0], sd, rtol=1e-4)
    np.testing.assert_allclose(track.smoothed_mean[:, 1], policies_per_zeta()[0] * mean, atol=1e-6)


# Without bias on a nonlinear model, too: below.
SLOW = pytest.param(Tempered(100), marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "filter", [Bootstrap(200), Bootstrap(200, resample_below=1.0), Guided(50), Twisted(20), SLOW], ids=repr
)
def test_particle_filters_estimate_the_likelihood_without_bias(filter, nk, seen, observed):
    exact = Dense(observed.table, observed.noise).log_likelihood()
    ratio = np.exp(log_likelihoods(filter, seen, observed, nk.parameters.baseline, 400) - exact)
    assert abs(ratio.mean() - 1) < 3.5 * ratio.std() / np.sqrt(len(ratio))
    assert ratio.std() < 2, "the test would see no bias if the estimates were that noisy"


@pytest.mark.slow
def test_the_guided_filter_is_the_most_precise(nk, seen, observed):
    guided, bootstrap = (
        log_likelihoods(filter, seen, observed, nk.parameters.baseline, 400).std()
        for filter in (Guided(50), Bootstrap(500))
    )
    assert guided < bootstrap


@pytest.fixture(scope="module")
def exact(nk, seen, observed):
    """What the Kalman filter tracks."""
    with jax.enable_x64(True):
        theta, data = jnp.asarray(nk.parameters.baseline), panel(observed)
        return jax.jit(lambda theta: Kalman().track(seen, data, seen.economy.parameters(theta), jax.random.key(1)))(
            theta
        )


@pytest.mark.parametrize(
    "filter",
    [Guided(2000), Twisted(1000), Bootstrap(8000), pytest.param(Tempered(4000), marks=pytest.mark.slow)],
    ids=repr,
)
def test_particle_filters_track_what_kalman_tracks(filter, exact, nk, seen, observed):
    with jax.enable_x64(True):
        theta, data = jnp.asarray(nk.parameters.baseline), panel(observed)
        found = jax.jit(lambda theta: filter.track(seen, data, seen.economy.parameters(theta), jax.random.key(1)))(
            theta
        )
    assert Kalman().tracked(seen) == filter.tracked(seen)[: len(seen.variables)], "particles tell more, after these"
    for kind in ("filtered", "smoothed", "predicted"):
        mean, sd = np.asarray(getattr(exact, f"{kind}_mean")), np.asarray(getattr(exact, f"{kind}_sd"))
        found_mean, found_sd = (np.asarray(getattr(found, f"{kind}_{m}"))[:, : mean.shape[1]] for m in ("mean", "sd"))
        distance = np.abs(found_mean - mean) / sd
        assert distance.mean() < 0.12 and distance.max() < 0.9, kind
        np.testing.assert_allclose(np.mean(found_sd / sd), 1, atol=0.1)


class Kinked(Model):
    """A nonlinear observation of one autoregressive state: skewed, and flat below zero."""

    name = "kinked"
    parameters = ParameterSpace(rho=Parameter(0.8, range=(0.5, 0.95)), sd=Parameter(0.5, range=(0.1, 1.0)))
    states = {"x": Variable("x", "state")}
    shocks = {"e": Variable("e", "shock")}
    policies = {"g": Variable("g", "kinked")}

    def transition(self, now, shock, theta):
        return {"x": theta.rho * now.x + theta.sd * shock.e}

    def expectands(self, now, next, theta):
        return {"later": next.g}

    def residuals(self, now, expected, theta):
        return {"definition": now.g - jnp.maximum(now.x, 0.0) - jnp.exp(0.5 * now.x)}

    def state_scale(self, theta):
        return {"x": theta.sd / jnp.sqrt(1 - theta.rho**2)}

    def closed_form(self, state, theta):
        return {"g": jnp.maximum(state.x, 0.0) + jnp.exp(0.5 * state.x)}


def _by_quadrature(rows, rho=0.8, sd=0.5, error=0.3):
    """The log-likelihood of `Kinked`, the state's density carried forward on a fine grid."""
    x = np.linspace(-7, 7, 1401) * sd / np.sqrt(1 - rho**2)
    normal = lambda z, s: np.exp(-0.5 * (z / s) ** 2) / s / np.sqrt(2 * np.pi)
    density, forward, found = normal(x, sd / np.sqrt(1 - rho**2)), normal(x[:, None] - rho * x[None, :], sd), 0.0
    for g in rows:
        density = forward @ density * (x[1] - x[0])
        density = density * normal(g - np.maximum(x, 0) - np.exp(0.5 * x), error)
        scale = density.sum() * (x[1] - x[0])
        density, found = density / scale, found + np.log(scale)
    return found


def test_on_a_nonlinear_model_particle_filters_agree_with_the_grid_and_kalman_refuses():
    equations = Equations(Kinked())
    seen = Observation(Economy(equations, equations.closed_form), ("g",))
    rng, x, rows = np.random.default_rng(2), 0.0, []
    for _ in range(30):
        x = 0.8 * x + 0.5 * rng.standard_normal()
        rows.append(max(x, 0) + np.exp(0.5 * x) + 0.3 * rng.standard_normal())
    observed = Observed(pd.DataFrame({"g": rows}), np.array([[0.09]]))
    exact = _by_quadrature(rows)
    assert log_likelihoods(Grid(nodes=401), seen, observed, [0.8, 0.5], 1)[0] == pytest.approx(exact, abs=1e-3)
    for filter in (Bootstrap(300), Guided(300), Tempered(100), Twisted(100)):
        ratio = np.exp(log_likelihoods(filter, seen, observed, [0.8, 0.5], 300) - exact)
        assert abs(ratio.mean() - 1) < 3.5 * ratio.std() / np.sqrt(300), filter
    with jax.enable_x64(True), pytest.raises(ModelError, match="'g' departs from linearity"):
        Kalman().require(seen)


def test_systematic_resampling_has_the_right_expectation():
    """A fixed offset would give each particle the same number of offspring in every period."""
    with jax.enable_x64(True):
        weights = jnp.asarray([0.05, 0.5, 0.03, 0.02, 0.4])
        keys = jax.random.split(jax.random.key(0), 4000)
        ancestors = np.asarray(jax.jit(jax.vmap(lambda k: systematic(k, jnp.log(weights))))(keys))
    shares = np.array([(ancestors == i).mean() for i in range(5)])
    np.testing.assert_allclose(shares, weights, atol=0.01)
    assert (np.diff(ancestors, axis=1) >= 0).all() and ancestors.min() >= 0 and ancestors.max() <= 4


def test_contributions_of_shocks_sum_to_the_data(quick, observed):
    parts = shock_decomposition(quick, observed)
    assert list(parts["source"].to_numpy()) == ["initial", "eps", "constant", "measurement"]
    whole = parts.sum("source", skipna=False)["inflation"].to_numpy()
    np.testing.assert_allclose(whole, observed.table["inflation"], atol=1e-12)
    smooth = filter_states(quick, observed, filter=Kalman())["inflation_smoothed"].to_numpy()
    explained = parts["inflation"].drop_sel(source="measurement").sum("source").to_numpy()
    np.testing.assert_allclose(explained, smooth, atol=1e-10)
    assert np.abs(parts["inflation"].sel(source="initial").to_numpy()[-1]) < 1e-3


def test_forecasts_have_the_mean_and_spread_of_the_autoregression(quick, observed):
    found = forecast(quick, observed, horizon=6, filter=Kalman(), paths=20_000)
    mean, sd = Dense(observed.table, observed.noise).smoothed()
    for h in (1, 6):
        expected = RHO**h * mean[-1]
        variance = RHO ** (2 * h) * sd[-1] ** 2 + IMPACT**2 * (1 - RHO ** (2 * h)) / (1 - RHO**2) + observed.noise[0, 0]
        low, middle, high = (float(found["zeta"].sel(probability=p)[h - 1]) for p in (0.05, 0.5, 0.95))
        assert middle == pytest.approx(expected, abs=0.05 * np.sqrt(variance))
        assert high - low == pytest.approx(2 * 1.645 * np.sqrt(variance), rel=0.05)
