"""One contract for every filter: hard data, same key same answer, finite or minus infinity, never NaN."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from hanknn.data import Observed
from hanknn.equilibrium import Equilibrium
from hanknn.errors import ModelError, OutOfRangeError, SettingError, ShapeError, UnknownNameError
from hanknn.likelihood import Bootstrap, Grid, Guided, Kalman, Likelihood, Tempered, filter_states, log_likelihood
from hanknn.likelihood.space import StateSpace, panel

FILTERS = {
    "kalman": Kalman(),
    "grid": Grid(nodes=61),
    "bootstrap": Bootstrap(60),
    "every period": Bootstrap(60, resample_below=1.0),
    "guided": Guided(60),
    "tempered": Tempered(60),
}
NOISE = np.diag([1e-2, 4e-3, 1e-2]) ** 2


def table(periods=12, seed=0):
    values = np.random.default_rng(seed).standard_normal((periods, 3)) * [0.02, 0.006, 0.02]
    return pd.DataFrame(values, columns=["zeta", "output_gap", "inflation"])


HARD = {
    "plain": lambda t: t,
    "missing": lambda t: t.mask(np.indices(t.shape)[0] < 2).mask(np.indices(t.shape).sum(axis=0) == 6),
    "far out": lambda t: t.where(np.indices(t.shape)[0] != 4, 5.0),  # weights near exp(−10⁵)
    "beyond squares": lambda t: t.where(np.indices(t.shape)[0] != 4, 1e160),
}


@pytest.fixture(scope="module", params=FILTERS)
def found(request, quick):
    """Log-likelihoods of hard data by one filter, and at the corners of the box, compiled once."""
    filter, equilibrium = FILTERS[request.param], quick.equilibrium
    space = StateSpace(equilibrium, equilibrium.closed_form, ("zeta", "output_gap", "inflation"))
    lower, upper = quick.model.parameters.lower, quick.model.parameters.upper
    corners = np.where(np.random.default_rng(1).uniform(size=(12, len(lower))) < 0.5, lower, upper)
    base = quick.model.parameters.baseline
    frames = {name: (spoil(table()), NOISE) for name, spoil in HARD.items()} | {"tiny errors": (table(), 1e-8 * NOISE)}
    with jax.enable_x64(True):
        panels = [panel(Observed(frame, noise)) for frame, noise in frames.values()]
        panels += [panel(Observed(table(), NOISE))] * len(corners)
        stacked = jax.tree.map(lambda *a: jnp.stack(a), *panels)
        thetas = jnp.asarray(np.concatenate([np.tile(base, (len(frames), 1)), corners]))
        one = lambda data, theta: filter.log_likelihood(space, data, theta, jax.random.key(0))
        values = np.asarray(jax.jit(jax.vmap(one))(stacked, thetas))
        single = float(jax.jit(one)(panel(Observed(table(1), NOISE)), jnp.asarray(base)))
    return dict(zip(frames, values, strict=False)) | {"corners": values[len(frames) :], "one period": single}


def test_missing_values_are_skipped(found):
    assert np.isfinite(found["missing"])


def test_impossible_data_give_a_finite_answer_or_none_but_never_nan(found):
    assert found["far out"] < -1e4 and found["beyond squares"] < -1e4
    assert not np.isnan(found["tiny errors"])


def test_one_period_and_the_edges_of_the_box_are_fine(found):
    assert np.isfinite(found["one period"]) and np.isfinite(found["corners"]).all()


def test_the_same_key_gives_the_same_answer_whatever_the_batch(quick):
    thetas = np.tile(quick.model.parameters.baseline, (7, 1))
    likelihood = Likelihood(quick, Observed(table(), NOISE), Guided(40), quick.equilibrium.closed_form)
    whole = likelihood.batch(thetas, jax.random.key(4))
    parts = likelihood.batch(thetas, jax.random.key(4), size=3)
    np.testing.assert_allclose(whole, parts, rtol=1e-12)
    assert len(set(whole)) == 7, "every row has a seed of its own"
    assert not np.allclose(whole, likelihood.batch(thetas, jax.random.key(5)))


def test_named_values_and_wrong_questions(quick):
    data = Observed(table(), NOISE)
    single, many = (log_likelihood(quick, data, values, Kalman()) for values in ({"rho": 0.9}, {"rho": [0.85, 0.9]}))
    assert isinstance(single, float) and many.shape == (2,) and many[1] == pytest.approx(single)
    with pytest.raises(OutOfRangeError, match="rho"):
        log_likelihood(quick, data, {"rho": 0.99}, Kalman())
    with pytest.raises(UnknownNameError, match="observable 'output'"):
        log_likelihood(quick, Observed(table().rename(columns={"output_gap": "output"}), NOISE))
    with pytest.raises(ShapeError, match="one value"):
        filter_states(quick, data, {"rho": [0.85, 0.9]}, Kalman())
    with pytest.raises(SettingError, match="particles"):
        Bootstrap(particles=1)
    with pytest.raises(SettingError, match="resample_below"):
        Guided(resample_below=2.0)


def test_a_grid_refuses_what_it_cannot_hold(quick):
    class TwoShocks(type(quick.model)):
        shocks = {**type(quick.model).shocks, "other": type(quick.model).shocks["eps"]}

    equilibrium = Equilibrium(TwoShocks())
    with pytest.raises(ModelError, match="as many shocks"):
        Grid().require(StateSpace(equilibrium, equilibrium.closed_form, ("zeta",)))


def test_likelihoods_can_be_differentiated_where_samplers_need_it(quick):
    likelihood = Likelihood(quick, Observed(table(), NOISE), Kalman(), quick.equilibrium.closed_form)
    with jax.enable_x64(True):
        theta = jnp.asarray(quick.model.parameters.baseline)
        slope = jax.jit(jax.grad(lambda t: likelihood.at(t, jax.random.key(0))))(theta)
        up, down = (float(likelihood.at(theta.at[6].add(d), jax.random.key(0))) for d in (1e-6, -1e-6))
    assert np.isfinite(slope).all()
    assert float(slope[6]) == pytest.approx((up - down) / 2e-6, rel=1e-4)
