"""One contract for every filter: hard data, same key same answer, finite or minus infinity, never NaN."""

import dataclasses
import re

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import hanknn
from hanknn import AR1, Variable
from hanknn.economy import Economy, Equations
from hanknn.inference.data import Observed, VarianceShare, simulate_data, us_observed
from hanknn.inference.likelihood import (
    Bootstrap,
    CollapseWarning,
    Grid,
    Guided,
    Kalman,
    Likelihood,
    OnSummaries,
    ScaleWarning,
    Tempered,
    Twisted,
    filter_states,
    forecast,
    log_likelihood,
    shock_decomposition,
)
from hanknn.inference.likelihood.kalman import departure_from_linearity
from hanknn.inference.likelihood.scale import warn_of_scale
from hanknn.inference.likelihood.space import Observation, panel
from hanknn.machine.errors import ModelError, OutOfRangeError, SettingError, ShapeError, UnknownNameError

FILTERS = {
    "kalman": Kalman(),
    "grid": Grid(nodes=61),
    "bootstrap": Bootstrap(60),
    "every period": Bootstrap(60, resample_below=1.0),
    "guided": Guided(60),
    "tempered": Tempered(60),
    "twisted": Twisted(60),
    "on summaries": OnSummaries(Twisted(60)),
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
    filter, equations = FILTERS[request.param], quick.equations
    seen = Observation(Economy(equations, equations.closed_form), ("zeta", "output_gap", "inflation"))
    lower, upper = quick.model.parameters.lower, quick.model.parameters.upper
    corners = np.where(np.random.default_rng(1).uniform(size=(12, len(lower))) < 0.5, lower, upper)
    base = quick.model.parameters.baseline
    frames = {name: (spoil(table()), NOISE) for name, spoil in HARD.items()} | {"tiny errors": (table(), 1e-8 * NOISE)}
    with jax.enable_x64(True):
        panels = [panel(Observed(frame, noise)) for frame, noise in frames.values()]
        panels += [panel(Observed(table(), NOISE))] * len(corners)
        stacked = jax.tree.map(lambda *a: jnp.stack(a), *panels)
        thetas = jnp.asarray(np.concatenate([np.tile(base, (len(frames), 1)), corners]))
        at = lambda data, theta: filter.log_likelihood(seen, data, equations.parameters(theta), jax.random.key(0))
        values = np.asarray(jax.jit(jax.vmap(at))(stacked, thetas))
        single = float(jax.jit(at)(panel(Observed(table(1), NOISE)), jnp.asarray(base)))
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
    likelihood = Likelihood(quick, Observed(table(), NOISE), Guided(40), quick.equations.closed_form)
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
        shock_decomposition(quick, data, {"rho": [0.85, 0.9]})
    with pytest.raises(SettingError, match="particles"):
        Bootstrap(particles=1)
    with pytest.raises(SettingError, match="resample_below"):
        Guided(resample_below=2.0)


def test_a_grid_refuses_what_it_cannot_hold(quick):
    class TwoShocks(type(quick.model)):
        shocks = {**type(quick.model).shocks, "other": type(quick.model).shocks["eps"]}

    equations = Equations(TwoShocks())
    with pytest.raises(ModelError, match="as many shocks"):
        Grid().require(Observation(Economy(equations, equations.closed_form), ("zeta",)))


def test_likelihoods_can_be_differentiated_where_samplers_need_it(quick):
    likelihood = Likelihood(quick, Observed(table(), NOISE), Kalman(), quick.equations.closed_form)
    with jax.enable_x64(True):
        theta = jnp.asarray(quick.model.parameters.baseline)
        slope = jax.jit(jax.grad(lambda t: likelihood.at(t, jax.random.key(0))))(theta)
        up, down = (float(likelihood.at(theta.at[6].add(d), jax.random.key(0))) for d in (1e-6, -1e-6))
    assert np.isfinite(slope).all()
    assert float(slope[6]) == pytest.approx((up - down) / 2e-6, rel=1e-4)


@pytest.mark.parametrize("filter", FILTERS.values(), ids=FILTERS)
def test_predictions_are_as_uncertain_where_a_value_is_missing(filter, quick):
    """What a period's value is changes nothing of how far it was foreseen: from the same data before."""
    rows = table()
    noise = np.diag([0.02, 0.05, 0.05]) ** 2
    # Particles that later data send somewhere tell what was foreseen by their weights, so up to chance.
    twisted = {Twisted(60): Twisted(2000), OnSummaries(Twisted(60)): OnSummaries(Twisted(2000))}
    filter, rel = twisted.get(filter, filter), 0.02 if filter in twisted else 1e-12
    found = [
        filter_states(quick, Observed(t, noise), filter=filter)
        for t in (rows, rows.where(np.indices(rows.shape)[0] != 7))
    ]
    for name in rows:
        seen, missing = (float(f[f"{name}_predicted_sd"][7]) for f in found)
        assert missing == pytest.approx(seen, rel=rel)
        assert missing > 0.02, "the error is in it"


def test_states_over_draws_are_as_uncertain_as_the_draws_are(quick):
    data, rows = Observed(table(), NOISE), np.tile(quick.model.parameters.baseline, (2, 1))
    rows[:, quick.model.parameters.names.index("rho")] = 0.8, 0.95
    both = filter_states(quick, data, rows, Kalman())
    assert both.equals(filter_states(quick, data, {"rho": [0.8, 0.95]}, Kalman()))
    each = [filter_states(quick, data, row, Kalman()) for row in rows]
    for name in ("zeta_smoothed", "inflation_filtered"):
        means, sds = (np.array([one[f"{name}{kind}"] for one in each]) for kind in ("", "_sd"))
        np.testing.assert_allclose(both[name], means.mean(axis=0))
        np.testing.assert_allclose(both[f"{name}_sd"] ** 2, (sds**2).mean(axis=0) + means.var(axis=0))
    np.testing.assert_allclose(both["log_likelihood"], np.mean([one["log_likelihood"] for one in each], axis=0))


@pytest.mark.parametrize("filter", [Bootstrap(3000), Guided(2000), Tempered(500), Twisted(60)], ids=repr)
def test_particles_tell_shocks_observables_and_whether_constraints_bind(filter):
    """Data that are seen almost without error say what the truth was; what they do not show is told, too."""
    rank = hanknn.load("rank")
    names = ["output_growth", "inflation_rate", "notional_rate"]
    made = simulate_data(rank, names, 40, measurement_error=VarianceShare(0.01), seed=4)
    tracked, truth = filter_states(rank, made.observed, filter=filter), made.truth
    binding = (truth["zlb"] < 0).to_numpy()
    assert binding.sum() == 9, "the sample has quarters of both kinds"
    told = tracked["zlb_binds_smoothed"].to_numpy()
    assert (abs(told - binding) < 0.5).mean() > 0.95 and "zero lower bound" in tracked["zlb_binds_smoothed"].long_name
    for name, near in (("eps", 0.2), ("interest_rate", 0.15), ("inflation_rate", 0.15)):
        miss = tracked[f"{name}_smoothed"].to_numpy()[1:-1] - truth[name].to_numpy()[1:-1]
        assert miss.std() < near * truth[name].to_numpy().std(), name


def test_labelled_answers_say_which_mean_was_taken_out(quick):
    index = pd.period_range("2000Q1", periods=12, freq="Q")
    data = Observed(table().set_axis(index), NOISE, means={"inflation": 0.5})
    tracked, ahead = filter_states(quick, data, filter=Kalman()), forecast(quick, data, filter=Kalman(), paths=50)
    parts = shock_decomposition(quick, data)
    for labelled in (tracked["inflation_data"], tracked["inflation_predicted"], ahead["inflation"], parts["inflation"]):
        assert labelled.attrs["demeaned_by"] == 0.5 and labelled.attrs["unit"] == "deviation"
    for labelled in (tracked["inflation_filtered"], tracked["zeta_data"], ahead["zeta"], parts["zeta"]):
        assert "demeaned_by" not in labelled.attrs
    assert str(ahead["period"].to_numpy()[0])[:10] == "2003-01-01"


def shocked(periods, at, value):
    rows = table(periods)
    rows.iloc[at] = value
    return rows


OUTLIER = shocked(40, 20, 0.3)


@pytest.mark.parametrize("ask", [filter_states, log_likelihood, lambda *a, **k: Likelihood(*a[:2], k["filter"])()])
def test_particles_that_collapse_are_reported_with_their_period(ask, quick):
    index = pd.period_range("2000Q1", periods=40, freq="Q")
    data = Observed(OUTLIER.set_axis(index), NOISE)
    with pytest.warns(CollapseWarning, match=r"collapse in period 2005Q1: .* more particles or the Twisted filter"):
        ask(quick, data, filter=Bootstrap(200))


def test_a_collapse_is_counted_over_parameter_values_and_not_looked_for_in_batches(quick):
    likelihood = Likelihood(quick, Observed(OUTLIER, NOISE), Bootstrap(200))
    with pytest.warns(CollapseWarning, match="period 20 .* at 3 of 3 parameter values"):
        values = likelihood({"rho": [0.85, 0.875, 0.9]})
    likelihood.batch(np.tile(quick.model.parameters.baseline, (3, 1)))
    assert values.shape == (3,) and np.isfinite(values).all()


def test_data_that_no_particle_can_have_produced_are_reported(quick):
    impossible = Observed(shocked(30, 4, 1e160), NOISE)
    with pytest.warns(CollapseWarning, match="period 4: 0.0 of them"), pytest.warns(ScaleWarning):
        assert log_likelihood(quick, impossible, filter=Guided(100)) == -np.inf


def test_plain_data_give_no_warning(quick):
    """Warnings are errors here."""
    data = simulate_data(quick, ["output_growth", "inflation_rate", "interest_rate"], 60, seed=4).observed
    assert np.isfinite(log_likelihood(quick, data, filter=Guided(200)))
    Likelihood(quick, us_observed(quick.model), Kalman())


def _us(model, change=lambda table: table, **means):
    data = us_observed(model)
    moved = data.table + pd.Series(means).reindex(data.table.columns).fillna(0.0)
    return Observed(change(moved), change(change(data.noise)))


def test_data_on_another_scale_than_the_model_s_are_reported(quick):
    """US inflation is not persistent, so that two per cent are far from nothing, whatever the model's own s.d. is."""
    model = quick.model
    for data, name, message in (
        (_us(model, inflation_rate=2.0), "inflation_rate", "mean of 2 in the data and .*demean=True"),
        (us_observed(model, demean=["output_growth", "interest_rate"]), "inflation_rate", "mean of 3.05 in the data"),
        (_us(model, lambda values: values / 100), "output_growth", "percent or share"),
        (Observed(100 * table(40), NOISE), "zeta", "percent or share"),
    ):
        with pytest.warns(ScaleWarning) as told:
            Likelihood(quick, data, Kalman(), quick.equations.closed_form)
        said = [str(w.message) for w in told]
        assert any(name in text and re.search(message, text) for text in said), said


class Mean(hanknn.Model):
    """One exogenous state, and a policy that is it: their mean is a parameter, and far larger than they move."""

    name = "mean"
    parameters = hanknn.ParameterSpace(
        mu=hanknn.Parameter(1.0, range=(0.0, 15.0)), sigma=hanknn.Parameter(0.1, range=(0.05, 0.2))
    )
    states = {"x": AR1(0.5, "sigma", "$x$", "state", mean="mu")}
    policies = {"y": Variable("$y$", "policy")}

    def expectands(self, now, next, theta):
        return {"ahead": next.x}

    def residuals(self, now, expected, theta):
        return {"same": now.y - now.x}

    def closed_form(self, state, theta):
        return {"y": state.x}


def test_data_that_the_model_has_at_other_parameters_are_on_its_scale():
    """Their mean is a hundred standard deviations away from the one at the baseline: warnings are errors here."""
    equations = Equations(Mean())
    economy = Economy(equations, equations.closed_form)
    values = pd.DataFrame({"x": 0.1 * np.random.default_rng(0).normal(size=120)})
    warn_of_scale(economy, Observed(values + 14.0, np.diag([1e-6])))
    with pytest.warns(ScaleWarning, match=r"has a mean of 30 in the data and 0\.\d+ to 1[45].* in the model, wherever"):
        warn_of_scale(economy, Observed(values + 30.0, np.diag([1e-6])))


class Follower(hanknn.Model):
    """A persistent state and its lag: a policy bends with the change of one quarter, which is never large."""

    name = "follower"
    parameters = hanknn.ParameterSpace(sigma=hanknn.Parameter(0.1, range=(0.05, 0.1)))
    states = {"x": AR1(0.999, "sigma", "$x$", "state"), "last": Variable("$x_{-1}$", "last state")}
    policies = {"y": Variable("$y$", "policy")}
    curvature = 0.05

    def transition(self, now, shock, theta):
        return {"last": now.x}

    def expectands(self, now, next, theta):
        return {"ahead": next.x}

    def residuals(self, now, expected, theta):
        return {"bent": now.y - self.closed_form(now, theta)["y"]}

    def closed_form(self, state, theta):
        return {"y": state.x + self.curvature * (state.x - state.last) ** 2}


def test_a_model_is_linear_where_the_economy_goes():
    """A lag three s.d. away from what it is the lag of does not happen: this one departs by a tenth of a per cent."""

    def seen(model):
        equations = Equations(model)
        return Observation(Economy(equations, equations.closed_form), ("y",))

    with jax.enable_x64(True):
        assert 0 < departure_from_linearity(seen(Follower()))[1] < 0.01
        with pytest.raises(ModelError, match=r"'y' departs from linearity .*--filter linear"):
            Kalman().require(seen(Follower().changed(curvature=5.0)))


def test_demeaned_data_of_a_model_in_levels_are_reported():
    solution = hanknn.load("rank")
    with pytest.warns(ScaleWarning, match="is demeaned in the data, but has a mean of .*give its level") as told:
        Likelihood(solution, us_observed(solution.model, demean=["inflation_rate", "interest_rate"]))
    assert sorted(str(w.message).split("'")[1] for w in told) == ["inflation_rate", "interest_rate"]
    Likelihood(solution, us_observed(solution.model))


@pytest.mark.parametrize("values", [{}, {"rho": 0.95, "sigma_shock": 0.1}, {"rho": 0.8, "sigma_shock": 0.02}], ids=str)
def test_simulated_data_are_never_on_another_scale(values, quick):
    """Any length, any parameters in the box: warnings are errors here."""
    names = ["output_growth", "inflation_rate", "interest_rate", "zeta"]
    made = simulate_data(quick, names, 1000, values).observed
    for periods in (4, 20, 40, 100, 250, 1000):
        for start in range(0, 1000, periods):
            warn_of_scale(quick.economy, Observed(made.table.iloc[start : start + periods], made.noise))


def test_array_states_change_no_likelihood_and_are_not_tracked(quick):
    class Households(type(quick.model)):
        states = {**type(quick.model).states, "distribution": Variable("m", "households", "share", (3,))}

        def transition(self, now, shock, theta):
            return {**super().transition(now, shock, theta), "distribution": now.distribution}

        def ergodic_state(self, normal, theta):
            return {"zeta": normal.zeta, "distribution": jnp.ones(3) / 3}

        def state_center(self, theta):
            return {"zeta": 0.0, "distribution": jnp.ones(3) / 3}

        def state_scale(self, theta):
            return {**super().state_scale(theta), "distribution": jnp.ones(3)}

        def inputs(self, state, theta):
            return {"zeta": state.zeta / self.state_scale(theta)["zeta"]}

    solution, data = dataclasses.replace(quick, model=Households()), Observed(table(), NOISE)
    thetas = np.tile(quick.model.parameters.baseline, (40, 1))
    for filter in (Guided(40), Bootstrap(2000), Tempered(100)):
        # A start among arrays is simulated: another draw of it.
        plain, households = (Likelihood(one, data, filter).batch(thetas) for one in (quick, solution))
        error = np.sqrt((plain.var() + households.var()) / len(thetas))
        assert abs(plain.mean() - households.mean()) < 4 * error + 0.05
    assert not [name for name in filter_states(solution, data, filter=Guided(40)).data_vars if "distribution" in name]
    assert forecast(solution, data, filter=Guided(40), paths=50)["zeta"].shape == (5, 12)
    for ask in (lambda: log_likelihood(solution, data, filter=Kalman()), lambda: shock_decomposition(solution, data)):
        with pytest.raises(ModelError, match="array state 'distribution'"):
            ask()
    assert simulate_data(solution, ["zeta", "inflation"], 8).observed.periods == 8
    with pytest.raises(UnknownNameError, match="observable 'distribution'"):
        Likelihood(quick, Observed(table().rename(columns={"zeta": "distribution"}), NOISE))
