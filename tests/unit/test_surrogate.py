"""The surrogate: what it learns from noise, what it corrects, what it refuses."""

import dataclasses
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hanknn import Parameter, ParameterSpace
from hanknn.economy.networks import silu_network
from hanknn.economy.priors import TruncatedNormal
from hanknn.inference.posterior import Box, Step, Store, Target, TemperedSMC
from hanknn.inference.surrogate import Design, Fit, Regression, Surrogate, errors, load_surrogate
from hanknn.inference.surrogate.design import FIRST
from hanknn.inference.surrogate.frame import Frame
from hanknn.machine.errors import OutOfRangeError, RunFolderError, SettingError, SolutionFileError

SPACE = ParameterSpace(
    a=Parameter(0.5, range=(0.0, 1.0)),
    b=Parameter(0.0, range=(-2.0, 2.0)),
    c=Parameter(1.0),
    d=Parameter(3.0, range=(1.0, 5.0)),
)
BOX = Box.over(SPACE, ("a", "b"))


def true_log_likelihood(thetas):
    """A curved ridge that falls by hundreds towards the corners."""
    return 100 - 400 * (thetas[:, 0] - 0.4 - 0.1 * thetas[:, 1] ** 2) ** 2 - 40 * np.abs(thetas[:, 1]) ** 3


def sd(thetas):
    return 0.4 + 1.2 * thetas[:, 0]


def estimate(thetas, keys):
    """As a particle filter: the estimated likelihood is unbiased, its logarithm is not."""
    normal = np.asarray(jax.vmap(lambda k: jax.random.normal(k, (), jnp.float64))(keys))
    return true_log_likelihood(thetas) + sd(thetas) * normal - 0.5 * sd(thetas) ** 2


DESIGN = Design(points=4000, replicated=0.5, chunk=1000)
SMALL = Fit(regression=Regression(width=10, depth=3, iterations=40))


@pytest.fixture(scope="module")
def fitted():
    with jax.enable_x64(True):
        values = DESIGN.over(BOX, 0)
        steps = []
        data = DESIGN.evaluate(values, BOX, estimate, jax.random.key(0), "design", Store(), steps.append)
        surrogate, history = SMALL(BOX, data, jax.random.key(1), {"model": "test"}, steps.append)
    return data, surrogate, history, steps


def test_the_design_fills_the_box_and_repeats_a_share_with_other_seeds(fitted):
    data, _, _, steps = fitted
    assert data.values.shape == (4000, 2) and (data.values >= BOX.lower).all() and (data.values <= BOX.upper).all()
    np.testing.assert_allclose(data.values.mean(axis=0), [0.5, 0.0], atol=0.01)
    twice = np.isfinite(data.second)
    assert twice.sum() == 2000 and (data.first[twice] != data.second[twice]).all()
    assert steps[0] == Step("design (likelihoods)", FIRST, 6000)
    assert FIRST < steps[1].done <= FIRST + DESIGN.chunk, "as many as fit between two saves, a chunk at most"


def test_the_correction_removes_the_bias_of_the_logarithm(fitted):
    _, surrogate, history, _ = fitted
    thetas = BOX.full(DESIGN.over(BOX, 9))
    table = errors(surrogate, thetas, true_log_likelihood(thetas), within=15.0)
    assert table.loc["corrected", "draws"] > 50
    assert table.loc["uncorrected", "mean"] < -0.25, "log L̂ is biased downwards"
    assert abs(table.loc["corrected", "mean"]) < 0.15 and table.loc["corrected", "rmse"] < 0.3
    assert history.shape[1] == 2


def test_the_variance_head_learns_how_noise_varies(fitted):
    _, surrogate, _, _ = fitted
    thetas = np.array([[0.2, 0.0, 1.0, 3.0], [0.6, 0.0, 1.0, 3.0]])
    with jax.enable_x64(True):
        found = np.asarray(jax.vmap(surrogate.variance)(jnp.asarray(thetas)))
    np.testing.assert_allclose(found, sd(thetas) ** 2, rtol=0.4)


def test_the_variance_is_never_above_what_repeated_estimates_show(fitted):
    """Its network's exponential made a corner without any the likeliest place of all."""
    data, surrogate, _, _ = fitted
    with jax.enable_x64(True):
        raised = dataclasses.replace(surrogate, variance_network=surrogate.variance_network.raised(20.0))
        thetas = jnp.asarray(BOX.full(DESIGN.over(BOX, 5)[:50]))
        found = np.asarray(jax.vmap(raised.variance)(thetas))
        usual = np.asarray(jax.vmap(surrogate.variance)(thetas))
    assert (found == surrogate.most_variance).all() and usual.max() <= surrogate.most_variance
    shown = 0.5 * (data.first - data.second)[np.isfinite(data.second)] ** 2
    assert surrogate.most_variance < shown.max()


def test_outside_its_box_it_refuses(fitted):
    surrogate = fitted[1]
    assert np.isfinite(surrogate.batch(np.array([[0.0, 2.0, 1.0, 3.0]]))).all()
    with pytest.raises(OutOfRangeError, match=r"'b' = 2\.5 lies outside the surrogate's box"):
        surrogate.batch(np.array([[0.5, 2.5, 1.0, 3.0]]))
    with pytest.raises(OutOfRangeError, match="holds 'd' fixed"):
        surrogate.batch(np.array([[0.5, 0.0, 1.0, 4.0]]))


def test_saved_and_loaded_it_says_the_same(fitted, tmp_path):
    surrogate = fitted[1]
    path = surrogate.save(tmp_path / "surrogate.npz")
    thetas = BOX.full(DESIGN.over(BOX, 3)[:20])
    np.testing.assert_array_equal(load_surrogate(path, SPACE).batch(thetas), surrogate.batch(thetas))
    other = ParameterSpace(**{name: SPACE[name] for name in ("a", "c", "d")}, b=Parameter(0.0, range=(-1.0, 2.0)))
    with pytest.raises(SolutionFileError, match="other ranges"):
        load_surrogate(path, other)
    with pytest.raises(SolutionFileError, match="other parameters"):
        load_surrogate(path, ParameterSpace(**{name: SPACE[name] for name in ("b", "a", "c", "d")}))


def test_a_design_resumes_where_it_was_killed(tmp_path):
    def run(store, report):
        with jax.enable_x64(True):
            values = DESIGN.over(BOX, 0)
            return DESIGN.evaluate(values, BOX, estimate, jax.random.key(0), "design", store, report)

    def kill(step):
        if step.done > 2000:
            raise KeyboardInterrupt

    store = Store(tmp_path, {"seed": 0})
    with pytest.raises(KeyboardInterrupt):
        run(store, kill)
    asked = []
    resumed = run(store, asked.append)
    assert asked[0].done == FIRST + 2000 + FIRST and asked[-1].done == 6000
    whole = run(Store(), asked.append)
    np.testing.assert_array_equal(resumed.first, whole.first)
    np.testing.assert_array_equal(resumed.second, whole.second)


def test_slow_likelihoods_are_saved_often(monkeypatch):
    monkeypatch.setattr("hanknn.inference.surrogate.design.BETWEEN_SAVES", 0.05)
    asked = []

    def slow(thetas, keys):
        time.sleep(0.005 * len(thetas))
        return estimate(thetas, keys)

    with jax.enable_x64(True):
        DESIGN.in_chunks(BOX.full(DESIGN.over(BOX, 0)[:80]), slow, jax.random.key(0), "slow", Store(), asked.append)
    assert asked[0].done == FIRST and len(asked) >= 5 and asked[-1].done == 80


def test_where_prior_and_data_disagree_true_units_are_those_of_the_posterior():
    """The likelihood rises to a corner that the prior excludes: the network is exact where the posterior is."""
    space = ParameterSpace(a=Parameter(0.2, (0.0, 1.0), TruncatedNormal(0.2, 0.02)))
    box = Box.over(space)
    with jax.enable_x64(True):
        design = Design(points=400, replicated=0.1)
        slope = lambda thetas, keys: 1000 * thetas[:, 0] + 0.01 * jax.vmap(jax.random.normal)(keys)
        evaluate = lambda thetas, keys: np.asarray(slope(thetas, keys))
        data = design.evaluate(design.over(box, 0), box, evaluate, jax.random.key(0), "design", Store(), lambda _: None)
        surrogate, _ = SMALL(box, data, jax.random.key(1), {}, lambda _: None)
    peak = 0.2 + 1000 * 0.02**2
    assert abs(surrogate.reference - 1000 * peak) < 10
    near = np.array([[peak - 0.03], [peak], [peak + 0.03]])
    np.testing.assert_allclose(surrogate.batch(near), 1000 * near[:, 0], atol=1)
    assert surrogate.gap(near, 1000 * near[:, 0]) < 1
    assert surrogate.gap(near, 1000 * near[:, 0] - 1e4) == np.inf, "nothing to judge by"


def test_a_tempered_posterior_is_wider_around_the_same_peak():
    space = ParameterSpace(a=Parameter(0.0, (-4.0, 4.0), TruncatedNormal(-1.0, 0.2)))
    target = Target(Box.over(space), lambda theta: -0.5 * ((theta[0] - 1) / 0.2) ** 2)
    with jax.enable_x64(True):
        zs = TemperedSMC(particles=2000, runs=1).run(target.tempered(0.25), jax.random.key(0))[0]
        found = np.asarray(jax.vmap(target.box.estimated)(jnp.asarray(zs)))[:, 0]
    assert abs(found.mean()) < 0.05 and abs(found.std() / (2 * 0.2 / np.sqrt(2)) - 1) < 0.08


def test_likelihoods_at_other_parameter_values_or_keys_are_refused(tmp_path):
    """A surrogate that proposes other points on another machine must not be fitted to what was found at these."""
    store, design = Store(tmp_path), Design(points=64)
    evaluate = lambda values, key: design.evaluate(values, BOX, estimate, key, "design", store, lambda step: None)
    with jax.enable_x64(True):
        values = design.over(BOX, 0)
        first = evaluate(values, jax.random.key(0))
        np.testing.assert_array_equal(evaluate(values * (1 + 1e-12), jax.random.key(0)).first, first.first)
        with pytest.raises(RunFolderError, match="other parameter values"):
            evaluate(values * (1 - 1e-3), jax.random.key(0))
        with pytest.raises(RunFolderError, match="key = "):
            evaluate(values, jax.random.key(1))


def test_likelihoods_that_are_nowhere_finite_are_refused():
    with jax.enable_x64(True):
        nothing = lambda thetas, keys: np.full(len(thetas), -np.inf)
        data = DESIGN.evaluate(DESIGN.over(BOX, 0), BOX, nothing, jax.random.key(0), "design", Store(), lambda s: None)
        with pytest.raises(SettingError, match="only 0 of 4000"):
            SMALL(BOX, data, jax.random.key(1), {}, lambda s: None)
    with pytest.raises(SettingError, match="Design points is 3"):
        Design(points=3)


@pytest.mark.slow
def test_an_ensemble_averages_members_that_differ(fitted, tmp_path):
    data = fitted[0]
    fit = Fit(regression=Regression(width=10, depth=3, iterations=25), members=3)
    with jax.enable_x64(True):
        surrogate, _ = fit(BOX, data, jax.random.key(1), {"model": "test"}, lambda s: None)
        theta = jnp.asarray([0.5, 0.1, 1.0, 3.0])
        alone = [float(network(surrogate.inputs(theta))[0]) for network in surrogate.means]
        together = float(surrogate.mean(theta)) / surrogate.exact_within
    assert len(set(alone)) == 3 and together == pytest.approx(np.mean(alone))
    loaded = load_surrogate(surrogate.save(tmp_path / "ensemble.npz"), SPACE)
    np.testing.assert_array_equal(loaded.batch(np.asarray(theta)), surrogate.batch(np.asarray(theta)))


def test_the_gap_leaves_the_estimates_own_noise_out(monkeypatch):
    """Estimates with noise of s.d. 2 around a surrogate that is off by a wave of s.d. 0.5."""
    rng = np.random.default_rng(0)
    values = rng.uniform(size=4000)
    monkeypatch.setattr(Surrogate, "uncorrected", lambda self, theta: 3 * theta[0])
    monkeypatch.setattr(Surrogate, "variance", lambda self, theta: 4.0 + 0 * theta[0])
    estimates = 3 * values + 2 * rng.standard_normal(4000) + np.sqrt(0.5) * np.sin(20 * np.pi * values)
    estimates[::100] = -np.inf
    with jax.enable_x64(True):
        network = silu_network(jax.random.key(0), [1, 1])
    box = Box.over(ParameterSpace(a=Parameter(0.5, range=(0.0, 1.0))))
    surrogate = Surrogate(box, Frame.whole(1), (network,), network, 1e3, 0.0, 50.0, {})
    assert abs(surrogate.gap(values[:, None], estimates) - 0.5) < 0.15
    assert surrogate.gap(values[:, None], 3 * values) == 0
