"""A law of motion for summaries: learned, kept in files, filtered with, refused where it cannot be."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import hanknn
from hanknn import Guided, Likelihood, OnSummaries, Twisted, Variable, filter_states
from hanknn.economy import Equations
from hanknn.economy.definition import definition
from hanknn.economy.networks import SmoothNetwork
from hanknn.inference.data import Observed
from hanknn.machine.errors import ModelError
from hanknn.models import LinearNK
from hanknn.training import summary

TILT = jnp.array([1.0, 0.0, -1.0])


class Households(LinearNK):
    """`nk` with three groups of households, whose shares move with the shock."""

    states = {**LinearNK.states, "shares": Variable("m", "groups", "share", (3,))}
    observables = {**LinearNK.observables, "poor": Variable("p", "share of the first group", "share")}

    def transition(self, now, shock, theta):
        moved = 0.8 * (now.shares - 1 / 3) + 0.05 * TILT * jnp.tanh(20 * now.zeta)
        return {**super().transition(now, shock, theta), "shares": 1 / 3 + moved}

    def ergodic_state(self, normal, theta):
        return {**super().ergodic_state(normal, theta), "shares": jnp.full(3, 1 / 3)}

    def state_center(self, theta):
        return {"zeta": 0.0, "shares": jnp.full(3, 1 / 3)}

    def state_scale(self, theta):
        return {**super().state_scale(theta), "shares": jnp.ones(3)}

    def inputs(self, state, theta):
        return {"zeta": state.zeta / self.state_scale(theta)["zeta"], "tilt": 10 * (TILT @ state.shares)}

    def observe(self, now, last, theta):
        return {**super().observe(now, last, theta), "poor": now.shares[0]}


class Entangled(Households):
    def transition(self, now, shock, theta):
        moved = super().transition(now, shock, theta)
        return {**moved, "zeta": moved["zeta"] + 0.01 * (now.shares[0] - 1 / 3)}


def _solution(model):
    """Any policies do: nothing here is solved."""
    with jax.enable_x64(True):
        equations = Equations(model)
        architecture = SmoothNetwork(width=4, depth=2, curved_width=4, curved_depth=1)
        counts = len(equations.inputs_seen), len(model.parameters.free), equations.output_size
        network = architecture.build(*counts, jax.random.key(0), jnp.float64)
        header = {"model": model.name, "definition": definition(equations), "version": "0"}
    return hanknn.Solution(model, architecture, network, header)


@pytest.fixture(scope="module")
def plain():
    return _solution(Households())


@pytest.fixture(scope="module")
def summarised(plain):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summary, "ECONOMIES", 200)
        patch.setattr(summary, "STEPS", 3000)
        return hanknn.summarise(plain)


@pytest.fixture(scope="module")
def data():
    values = np.random.default_rng(0).standard_normal((20, 3)) * [0.02, 0.006, 0.02]
    return Observed(pd.DataFrame(values, columns=["zeta", "output_gap", "inflation"]), np.diag([1e-2, 4e-3, 1e-2]) ** 2)


def test_a_law_knows_what_sees_the_arrays_and_says_how_exact_it_is(summarised):
    assert summarised.law.names == ("tilt",) and "poor" not in summarised.law.shown
    assert set(summarised.law.shown) == set(LinearNK.observables)
    assert 0 < summarised.header["law_errors"]["tilt"] < 0.02


def test_a_summarised_economy_moves_as_the_whole_one(summarised):
    """Sixty quarters left alone, from the same start under the same shocks."""
    with jax.enable_x64(True):
        whole, few = summarised.economy, summarised.economy.summarised
        theta = whole.parameters(jnp.asarray(summarised.model.parameters.baseline))
        shocks = jax.random.normal(jax.random.key(1), (60, 1))

        def seen(economy):
            show = lambda last, now, hit: economy.equations.inputs(now.state, theta)
            return np.asarray(economy.path(economy.center(theta).state, shocks, theta, show))

        one, other = seen(whole), seen(few)
    np.testing.assert_allclose(other[:, 0], one[:, 0], atol=1e-12)
    assert np.sqrt(np.mean((other - one)[:, 1] ** 2)) < 0.05 * one[:, 1].std()


def test_filters_on_summaries_and_on_arrays_agree(summarised, data):
    thetas = np.tile(summarised.model.parameters.baseline, (40, 1))
    found = {
        filter: Likelihood(summarised, data, filter).batch(thetas)
        for filter in (Guided(200), OnSummaries(Guided(200)), Twisted(100), OnSummaries(Twisted(100)))
    }
    middle = found[Guided(200)]
    for filter, values in found.items():
        error = np.sqrt((values.var() + middle.var()) / len(thetas))
        assert abs(values.mean() - middle.mean()) < 4 * error + 0.05, filter
    assert found[Twisted(100)].std() < 0.2


def test_what_filters_tell_carries_its_own_name_on_summaries_too(summarised, data):
    """Of the whole distribution observables are told, of summaries the summaries; what both tell is the same."""
    whole = filter_states(summarised, data, filter=Twisted(400))
    few = filter_states(summarised, data, filter=OnSummaries(Twisted(400)))
    assert "poor_smoothed" in whole and "tilt_smoothed" not in whole
    assert "tilt_smoothed" in few and "poor_smoothed" not in few
    for name in ("zeta", "inflation", "output_growth", "eps"):
        one, other = whole[f"{name}_smoothed"].to_numpy(), few[f"{name}_smoothed"].to_numpy()
        assert np.abs(one - other).max() < 0.2 * one.std(), name


def test_a_law_travels_with_its_solution(summarised, tmp_path):
    for again in (
        hanknn.load(summarised.save(tmp_path / "one.npz"), Households()),
        pickle.loads(pickle.dumps(summarised)),
    ):
        for one, other in zip(jax.tree.leaves(again.law), jax.tree.leaves(summarised.law), strict=True):
            np.testing.assert_array_equal(one, other)
        assert again.law.names == ("tilt",) and again.header["law_errors"] == summarised.header["law_errors"]


def test_what_cannot_be_summarised_is_refused(plain, summarised, data):
    with pytest.raises(ModelError, match=r"hanknn.summarise\(solution\)"):
        Likelihood(plain, data, Twisted(100))
    with pytest.raises(ModelError, match="no state that is an array"):
        hanknn.summarise("nk")
    with pytest.raises(ModelError, match="'zeta' moves with the 'shares'"):
        hanknn.summarise(_solution(Entangled()))
    poor = Observed(data.table[["zeta"]].rename(columns={"zeta": "poor"}), np.eye(1))
    with pytest.raises(ModelError, match="'poor' is seen in 'shares'"):
        Likelihood(summarised, poor, Twisted(100))
