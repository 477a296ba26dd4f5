"""Checks and audits find errors of known size."""

import dataclasses
import json

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hanknn
from hanknn.economy.draws import SURE
from hanknn.economy.networks import PolicyNetwork, SmoothNetwork
from hanknn.machine.errors import ModelError, OutOfRangeError, SettingError, UnknownNameError
from hanknn.models import LinearNK


class Off(PolicyNetwork):
    """Known policies of the model below, off by a known factor."""

    factor: jax.Array

    def __call__(self, state, theta, center, scale):
        # The parameter reaches the network scaled to [−1, 1]; its range is [0.2, 0.8].
        rho = 0.5 + 0.3 * theta
        return self.factor * state / (1 - 0.9 * rho)


class Asset(hanknn.Model):
    """A price that discounts a dividend: p = z + 0.9 E p', hence p = z / (1 − 0.9 ρ)."""

    name = "asset"
    parameters = hanknn.ParameterSpace(rho=hanknn.Parameter(0.5, range=(0.2, 0.8)))
    states = {"z": hanknn.Variable("z", "dividend")}
    shocks = {"e": hanknn.Variable("e", "shock")}
    policies = {"p": hanknn.Variable("p", "price")}
    probe_states = ({"z": 1.0},)

    def transition(self, now, shock, theta):
        return {"z": theta.rho * now.z + shock.e}

    def expectands(self, now, next, theta):
        return {"p": next.p}

    def residuals(self, now, expected, theta):
        return {"pricing": now.p - now.z - 0.9 * expected.p}

    def state_scale(self, theta):
        return {"z": 1.0}

    def closed_form(self, state, theta):
        return {"p": state.z / (1 - 0.9 * theta.rho)}


class Strained(Asset):
    """The same price, residuals three times as large where an equilibrium is in doubt: above ρ = 0.5."""

    def strain(self, theta):
        return SURE * theta.rho / 0.5

    def closed_form(self, state, theta):
        return None

    def residuals(self, now, expected, theta):
        return {"pricing": jnp.where(theta.rho > 0.5, 3, 1) * super().residuals(now, expected, theta)["pricing"]}


class Curved(Asset):
    """The same price, its residual no longer affine in the expectation."""

    name = "curved"

    def residuals(self, now, expected, theta):
        return {"pricing": (now.p - now.z) ** 2 - (0.9 * expected.p) ** 2}


def _solution(factor, model=None):
    with jax.enable_x64(True):
        network = Off(jnp.asarray(factor, jnp.float64))
    return hanknn.Solution(model or Asset(), SmoothNetwork(), network, {})


def test_a_policy_one_percent_off_is_found_one_percent_off():
    report = hanknn.check(_solution(1.01), draws=4000)
    np.testing.assert_allclose(report.policy_errors.loc["p", "relative_l2"], 0.01, rtol=1e-9)
    np.testing.assert_allclose(report.policy_errors.loc["p", "implied"], 0.01, rtol=1e-6)
    np.testing.assert_allclose(report.probes["error_p"], 0.01, rtol=1e-9)
    # Its residual is 0.01 z for every ρ: mean square 1e-4, median 0.00674, 99 % 0.02576 of a normal z.
    row = report.residuals.loc["pricing"]
    np.testing.assert_allclose(row["mean_square"], 1e-4, rtol=0.1)
    np.testing.assert_allclose([row["median"], row["p99"]], [0.006745, 0.02576], rtol=0.07)
    assert row["max"] >= row["p99"] >= row["median"]
    assert row["bias"] < 5e-4, "an error as often up as down leaves its mean's standard error, 1.6e-4"


def test_what_does_not_average_out_is_bias():
    class Shifted(Asset):
        def residuals(self, now, expected, theta):
            return {"pricing": super().residuals(now, expected, theta)["pricing"] - 0.02}

    row = hanknn.check(_solution(1.01, Shifted()), draws=4000).residuals.loc["pricing"]
    np.testing.assert_allclose([row["bias"], row["mean_square"]], [0.02, 5e-4], rtol=0.05)


@pytest.mark.parametrize(
    ("factor", "words"), [(1.001, "Accurate"), (0.97, "Usable with care"), (1.2, "Not to be relied on")]
)
def test_the_verdict_follows_the_error(factor, words):
    assert hanknn.check(_solution(factor), draws=200).verdict.startswith(words)


def test_a_closed_form_of_other_equations_makes_nothing_accurate():
    class Edited(Asset):
        def residuals(self, now, expected, theta):
            return {"pricing": now.p - 1.3 * now.z - 0.9 * expected.p}

    report = hanknn.check(_solution(1.0, Edited()), draws=500)
    assert report.worst_policy_error < 1e-12
    # The right price is 1.3 times the closed form: an error of 0.3 of it.
    np.testing.assert_allclose(report.policy_errors.loc["p", "implied"], 0.3, rtol=1e-6)
    assert report.verdict.startswith("Not to be relied on") and "solves other equations" in report.verdict


def test_the_exact_policy_leaves_nothing():
    report = hanknn.check(_solution(1.0), draws=500)
    assert report.mean_square < 1e-28 and report.worst_policy_error < 1e-12


def test_regions_are_thirds_of_each_range_and_the_weakest_is_named():
    with jax.enable_x64(True):
        report = hanknn.check(_solution(1.01), draws=3000)
    assert list(report.regions.index) == [("rho", "lower"), ("rho", "middle"), ("rho", "upper")]
    np.testing.assert_allclose(report.regions["mean_square"].mean(), report.mean_square, rtol=0.02)
    assert "rho" in report.verdict


def test_a_box_of_one_point_has_no_regions_and_a_verdict():
    class Fixed(Asset):
        parameters = hanknn.ParameterSpace(rho=hanknn.Parameter(0.5))

    class Exact(PolicyNetwork):
        def __call__(self, state, theta, center, scale):
            return state / (1 - 0.9 * 0.5)

    report = hanknn.check(hanknn.Solution(Fixed(), SmoothNetwork(), Exact(), {}), draws=200)
    assert report.regions.empty and report.verdict.startswith("Accurate") and "third" not in report.verdict
    assert "thirds" not in str(report) and json.loads(report.to_json())["regions"] == []


def test_the_report_is_json():
    report = json.loads(hanknn.check(_solution(1.01), draws=200).to_json())
    assert report["residuals"]["pricing"]["mean_square"] > 0 and report["policy_errors"]["p"]["relative_l2"] > 0


def test_without_a_closed_form_the_verdict_says_what_it_cannot_know():
    class Unknown(Asset):
        def closed_form(self, state, theta):
            return None

    report = hanknn.check(_solution(1.01, Unknown()), draws=200)
    assert report.policy_errors is None and "necessary, not sufficient" in report.verdict


def test_a_check_at_one_point_measures_states_of_that_economy():
    report = hanknn.check(_solution(1.01), draws=4000, parameters={"rho": 0.75})
    assert list(report.regions.index) == [("rho", "upper")] and "at the parameters given" in str(report)
    # The residual is 0.01 z for every ρ; with z of s.d. one its mean square is 1e-4.
    np.testing.assert_allclose(report.mean_square, 1e-4, rtol=0.1)
    np.testing.assert_allclose(report.regions["mean_square"], report.mean_square)


def test_a_check_at_rows_has_an_economy_a_row():
    rho = np.linspace(*Asset.parameters["rho"].bounds, 300)
    report = hanknn.check(_solution(1.01), parameters={"rho": rho})
    assert report.draws == 300 and len(report.regions) == 3
    with pytest.raises(SettingError, match="300 entries and draws is 500"):
        hanknn.check(_solution(1.01), 500, parameters={"rho": rho})
    with pytest.raises(OutOfRangeError, match="rho"):
        hanknn.check(_solution(1.01), parameters={"rho": 2.0})
    with pytest.raises(UnknownNameError, match="rho"):
        hanknn.check(_solution(1.01), parameters={"roh": 0.5})


def test_a_check_on_too_few_draws_is_refused():
    with pytest.raises(SettingError):
        hanknn.check(_solution(1.0), draws=10)


def test_an_audit_agrees_with_the_known_mean_square():
    table = hanknn.audit(_solution(1.01), points=4000, draws=10)
    row = table.loc["pricing"]
    assert abs(row["unbiased"] - 1e-4) < 4 * row["standard_error"]
    assert row["standard_error"] < 1e-5


def test_an_audit_is_refused_where_no_pair_is_unbiased():
    with pytest.raises(ModelError, match="'pricing' is not affine"):
        hanknn.audit(_solution(1.01, Curved()), points=100)


def test_more_error_in_the_weights_is_more_error_in_the_report(quick):
    with jax.enable_x64(True):
        shifted = eqx.tree_at(lambda n: n.linear.layers[-1].weights, quick.network, replace_fn=lambda w: w * 1.05)
    worse = dataclasses.replace(quick, network=shifted)
    assert hanknn.check(worse, draws=500).mean_square > 10 * hanknn.check(quick, draws=500).mean_square
    assert isinstance(worse.model, LinearNK)


def test_residuals_are_told_apart_where_an_equilibrium_is_known_and_where_it_is_in_doubt():
    report = hanknn.check(_solution(1.01, Strained()), draws=4000)
    parts = report.existence.loc[(slice(None), "pricing"), :].droplevel("equation")
    assert list(parts.index) == ["known", "in doubt"] and parts["share"].sum() == pytest.approx(1)
    assert parts.loc["known", "share"] == pytest.approx(0.5, abs=0.03)
    whole = report.residuals.loc["pricing", "mean_square"]
    assert (parts["share"] * parts["mean_square"]).sum() == pytest.approx(whole)
    np.testing.assert_allclose(parts["mean_square"], [1e-4, 9e-4], rtol=0.15)
    assert "known to exist" in str(report) and "known to exist (50 % of what is solved)" in report.verdict
    assert len(json.loads(report.to_json())["existence"]) == 2
    beyond = hanknn.check(_solution(1.01, Strained()), 200, parameters={"rho": 0.7}).verdict
    assert "too large for an equilibrium that is known to exist" in beyond
    assert hanknn.check(_solution(1.01), draws=200).existence is None


def test_a_solution_tells_how_large_its_shocks_are():
    found = _solution(1.01, Strained()).strain({"rho": [0.25, 0.75]})
    np.testing.assert_allclose(found, [0.5 * SURE, 1.5 * SURE])
    assert _solution(1.01).strain() == 0.0
    with pytest.raises(UnknownNameError, match="did you mean 'rho'"):
        _solution(1.01, Strained()).strain({"roh": 0.3})
