"""Economies with a household block, solved in a few iterations on small grids, against independent answers."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import ndtri

import hanknn
from hanknn.economy.households import AssetGrid, Saving
from hanknn.economy.points import join, replaced
from hanknn.machine.errors import ModelError, SettingError
from hanknn.models import Huggett, KrusellSmith
from hanknn.models.huggett import chances as endowment_chances, income as endowments
from hanknn.models.krusell_smith import chances, income
from hanknn.references import KrusellSmithReference
from hanknn.solution.simulation.by_wealth import group_shares


class SmallHuggett(Huggett):
    household = Saving(("unlucky", "lucky"), endowments, endowment_chances, AssetGrid(60, 16.0, 2.0), least="limit")
    modes = 8


class SmallKrusellSmith(KrusellSmith):
    household = Saving(("unemployed", "employed"), income, chances, AssetGrid(80, top=300.0, power=4.0))
    modes = 10


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def solved(model, iterations):
    """With few weights and points: a calibration has no parameters to see."""
    recipe = hanknn.recipes.distribution(iterations=iterations)
    network = replace(recipe.network, width=2, depth=1, curved_width=10)
    method = replace(recipe.methods[0], sample=replace(recipe.methods[0].sample, points=64))
    return hanknn.solve(model, replace(recipe, network=network, methods=(method,))).solution


@pytest.fixture(scope="module")
def huggett():
    return solved(SmallHuggett().only(), 5)


@pytest.fixture(scope="module")
def krusell_smith():
    return solved(SmallKrusellSmith().only(), 10)


def test_capital_follows_the_independent_reference(krusell_smith):
    reference = KrusellSmithReference(assets=240, histogram=480, periods=2000, tolerance=1e-6).solve()
    z = reference.times(800, seed=1)
    stays = np.where(z[:-1] == 0, 0.875, 0.125)
    news = ndtri(np.where(z[1:] == 0, stays / 2, (1 + stays) / 2))[:, None]
    economy, model = krusell_smith.economy, krusell_smith.model
    theta = economy.parameters(jnp.asarray(model.parameters.baseline))
    start = replaced(economy.center(theta).state, z=jnp.asarray(float(z[0])))
    capital = lambda last, now, shock: (
        jnp.sum(now.state.distribution * model.household.nodes(theta)[:, None]),
        now.state.z,
    )
    ours, times = (np.asarray(a) for a in jax.jit(lambda: economy.path(start, jnp.asarray(news), theta, capital))())
    np.testing.assert_array_equal(times, z[:-1])
    other = reference.simulate(z).capital[:-2]
    off = 100 * np.abs(ours / other - 1)[100:]
    assert off.mean() < 0.2
    assert off.max() < 0.3
    # Both move: the same mean alone would not do.
    assert np.corrcoef(ours[100:], other[100:])[0, 1] > 0.999


def test_euler_equations_hold_for_households_along_the_path(krusell_smith):
    report = hanknn.check(krusell_smith, draws=200)
    assert report.residuals.loc["euler", "log10_mean"] < -3.5
    assert report.residuals.loc["euler_remainder", "log10_mean"] < -3.3


def test_bonds_are_in_zero_net_supply_in_every_quarter(huggett):
    economy, model = huggett.economy, huggett.model
    theta = economy.parameters(jnp.asarray(model.parameters.baseline))
    shocks = jax.random.normal(jax.random.key(0), (300, 1))
    look = lambda last, now, shock: (
        jnp.sum(now.state.distribution * model.household.nodes(theta)[:, None]),
        now.policy.bond_price,
        now.state.z,
        model.totals(now.state, model.chosen(join(*now), theta)[1]).assets,
    )
    run = jax.jit(lambda: economy.path(economy.center(theta).state, shocks, theta, look))
    held, price, z, asked = (np.asarray(a) for a in run())
    assert np.abs(held).max() < 1e-9
    assert np.abs(asked[50:]).max() < 1e-3
    # Log utility of the aggregate: the bond price moves nearly as γ (1 − ρ) z.
    slope = np.polyfit(z[50:], np.log(price[50:]), 1)[0]
    np.testing.assert_allclose(slope, 1.5 * (1 - 0.95), rtol=0.1)


def test_responses_by_wealth_add_up(huggett):
    found = hanknn.by_wealth(huggett, percentiles=[0.0, 10.0, 50.0, 90.0, 100.0], periods=6)
    whole = hanknn.irf(huggett, periods=6)["consumption"] / 0.8826087
    np.testing.assert_allclose(found["contribution"].sum("group"), found["aggregate"], atol=1e-10)
    np.testing.assert_allclose(found["aggregate"], 100 * whole, rtol=2e-3)
    assert (found["mpc"].isel(group=0) > found["mpc"].isel(group=-1)).all()
    assert list(found["group"].values) == ["0-10", "10-50", "50-90", "90-100"]
    width = np.array([0.1, 0.4, 0.4, 0.1])
    np.testing.assert_allclose(width @ found["assets"].to_numpy(), 0, atol=1e-9)


def test_groups_divide_every_node():
    masses = jnp.array([0.2, 0.5, 0.0, 0.3])
    shares = np.asarray(group_shares(masses, jnp.array([0.0, 0.1, 0.6, 1.0])))
    np.testing.assert_allclose(shares @ np.asarray(masses), [0.1, 0.5, 0.4])
    np.testing.assert_allclose(shares.sum(axis=0)[[0, 1, 3]], 1)
    np.testing.assert_allclose(shares[0], [0.5, 0, 0, 0])


def test_percentiles_that_do_not_rise_and_models_without_households_are_told(huggett):
    with pytest.raises(SettingError, match="rise from 0 to 100"):
        hanknn.by_wealth(huggett, percentiles=[0.0, 50.0, 40.0, 100.0])
    with pytest.raises(ModelError, match="no household block"):
        hanknn.by_wealth("nk")


def test_a_law_of_summaries_is_refused_where_shocks_move_the_distribution(krusell_smith):
    with pytest.raises(ModelError, match="MarkovChain"):
        hanknn.summarise(krusell_smith)
