"""What is said of a posterior in words is what its numbers say."""

from unittest.mock import Mock

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hanknn
from hanknn import Parameter, ParameterSpace
from hanknn.economy.priors import TruncatedNormal
from hanknn.front.figures import likelihood_panels, traces
from hanknn.inference.estimation.verdicts import chains_verdict, little_said, ridges, strained
from hanknn.inference.posterior import Box
from hanknn.inference.posterior.result import Posterior
from hanknn.inference.surrogate import Surrogate

SPACE = ParameterSpace(
    same=Parameter(0.5, range=(0.0, 1.0)),
    tighter=Parameter(0.5, range=(0.0, 1.0)),
    moved=Parameter(0.0, range=(-9.0, 9.0), prior=TruncatedNormal(0.0, 1.0)),
    wider=Parameter(0.0, range=(-9.0, 9.0), prior=TruncatedNormal(0.0, 1.0)),
    bounded=Parameter(0.1, range=(0.0, 9.0), prior=TruncatedNormal(0.0, 1.0)),
)
BOX = Box.over(SPACE)
RNG = np.random.default_rng(0)


def draws(shape=(4, 500)):
    """One parameter as its prior, one at half its spread, one elsewhere, one at twice its spread, one cut at zero."""
    columns = (
        RNG.uniform(size=shape),
        0.25 + 0.5 * RNG.uniform(size=shape),
        1.0 + RNG.normal(size=shape),
        2.0 * RNG.normal(size=shape),
        np.abs(RNG.normal(size=shape)),
    )
    return np.stack(columns, axis=-1)


def test_contraction_is_the_share_of_the_priors_variance_that_the_data_take_away():
    found = Posterior(BOX, draws((4, 4000))).contraction()
    np.testing.assert_allclose(found, [0.0, 0.75, 0.0, -3.0, 0.0], atol=0.12)
    assert list(Posterior(BOX, draws()).table().columns[-3:]) == ["contraction", "R-hat", "ESS"]


def test_what_the_data_do_not_inform_is_named():
    assert (
        little_said(Posterior(BOX, draws())) == " The data say little about same, bounded (posterior like the prior)."
    )
    some = Box.over(SPACE, ("tighter", "moved", "wider"))
    assert little_said(Posterior(some, draws()[..., 1:4])) == ""


def test_ridges_are_named_and_only_they():
    values = draws()
    assert ridges(Posterior(BOX, values)) == ""
    values[..., 2] = 3.0 - values[..., 0] + 0.02 * RNG.normal(size=values.shape[:2])
    told = ridges(Posterior(BOX, values))
    assert "hardly tell apart same and moved (correlation -0.99" in told and told.count("correlation") == 1
    # Weights that keep no more than a spot leave no ridge.
    spot = np.exp(-0.5 * ((values[..., 0] - 0.5) / 0.005) ** 2)
    assert ridges(Posterior(BOX, values, weights=spot / spot.sum())) == ""


def test_noisy_weights_do_not_pass_for_information():
    rng = np.random.default_rng(5)
    silent = 0
    for _ in range(40):
        weights = np.exp(rng.normal(size=(4, 500)))
        posterior = Posterior(BOX, draws(), weights=weights / weights.sum())
        silent += "same" not in little_said(posterior)
    assert silent <= 2, "some seven hundred effective draws"


def test_the_prior_is_that_of_the_support():
    half = Box.over(SPACE, ("same",), support=lambda theta: theta[0] < 0.5)
    posterior = Posterior(half, 0.5 * RNG.uniform(size=(4, 500, 1)))
    np.testing.assert_allclose(posterior.prior_mean_sd, [[0.25], [0.5 / np.sqrt(12)]], rtol=0.05)
    assert "same" in little_said(posterior) and posterior.to_arviz()["prior"]["same"].max() < 0.5


@pytest.mark.parametrize(
    "values, told",
    [
        (draws(), "The chains agree"),
        (draws((1, 2000)), "One chain has no other to agree with"),
        (np.repeat(draws((4, 1)), 500, axis=1), "do NOT yet agree"),
        (draws((4, 3)), "do NOT yet agree"),
        (draws() + 3 * (np.arange(4) == 2)[:, None, None], "do NOT yet agree"),
    ],
    ids=["four", "one", "stuck", "short", "apart"],
)
def test_chains_agree_only_where_that_can_be_told(values, told):
    assert told in chains_verdict(Posterior(BOX, values))


def test_what_lies_beyond_a_known_equilibrium_is_told():
    """`hank` of two parameters, its posterior on either side of a strain of one; `nk` knows no strain."""
    hank, nk = hanknn.load("hank"), hanknn.load("nk")
    box = Box.over(hank.model.parameters, ("sigma_s", "sigma_zeta"))
    calm, wild = np.tile([0.05, 0.0105], (3, 50, 1)), np.tile([0.05, 0.0195], (1, 50, 1))
    calm_strain, wild_strain = (hank.strains(box.full(p[0])).max() for p in (calm, wild))
    assert calm_strain < 0.97 and wild_strain > 1.2
    told = strained(hank, Posterior(box, np.concatenate([calm, wild])))
    assert "25 % of the posterior" in told and "of the prior lies there and counts for nothing" in told
    assert strained(nk, Posterior(Box.over(nk.model.parameters), np.full((2, 50, 8), 0.5))) == ""
    with jax.enable_x64(True):
        beyond = calm * [1, 1.05 / calm_strain]  # in proportion to the preference shock
        inside = [bool(hank.solved_function(jnp.asarray(box.full(p[0, 0])))) for p in (calm, beyond, wild)]
    assert inside == [True, False, False]


def test_figures_show_where_the_posterior_is():
    """A speck in its range, which is 0 to 1, and one that is cut there."""
    values = draws()
    values[..., 0], values[..., 1] = 0.3 + 0.001 * RNG.normal(size=(4, 500)), 0.01 * RNG.uniform(size=(4, 500))
    axes = traces(Posterior(BOX, values)).axes
    low, high = axes[0].get_ylim()
    assert 0.29 < low < values[..., 0].min() + 1e-3 and values[..., 0].max() - 1e-3 < high < 0.31
    assert axes[1].get_ylim() == pytest.approx((0.0, 0.0125), rel=0.02)
    bowl = lambda thetas, key=None: -np.sum(thetas**2, axis=1)
    surrogate, likelihood = (Mock(spec=kind, batch=bowl, box=BOX) for kind in (Surrogate, hanknn.Likelihood))
    figure = likelihood_panels(surrogate, likelihood, dict.fromkeys(BOX.names, 0.0), posterior=Posterior(BOX, values))
    low, high = figure.axes[0].get_xlim()
    assert low <= 0.0 and 0.3 < high < 0.4, "the value at which others are held is shown, too"
    assert not any(axis.get_legend() for axis in figure.axes) and figure.legends
