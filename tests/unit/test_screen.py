"""Weights of economies by their misfit: what is far worse than most counts for little or nothing."""

import jax.numpy as jnp
import numpy as np
import pytest

from hanknn.machine.errors import SettingError
from hanknn.training.sample.screen import Screen, remembered

MISFITS = jnp.array([1.0, 1.0, 1.0, 2.0, 4.0, 40.0, jnp.nan])


@pytest.mark.parametrize("sharpness", [2.0, 4.0])
def test_the_scale_is_the_medians_multiple_and_half_the_root_is_lost_there(sharpness):
    weights = np.asarray(Screen(floor=0.1, ratio=4.0, sharpness=sharpness).weights(MISFITS))
    # The median of those known lies between the third and the fourth: 1.5.
    np.testing.assert_allclose(weights[4], (1 / (1 + (4 / 6) ** sharpness)) ** 2, rtol=1e-5)
    assert (np.diff(weights) <= 0).all() and weights[-1] == 0


def test_sharper_keeps_the_good_and_drops_the_bad():
    soft, sharp = (np.asarray(Screen(floor=0.1, ratio=4.0, sharpness=n).weights(MISFITS)) for n in (2.0, 4.0))
    assert sharp[3] > soft[3] and sharp[5] < 0.05 * soft[5]


def test_the_floor_keeps_what_is_solved_well_enough():
    assert np.asarray(Screen(floor=100.0).weights(MISFITS))[:5].min() > 0.99


def test_a_deep_recession_keeps_its_weight_and_an_economy_far_off_loses_it():
    """Four iterations with a hundred times the misfit, or all of them."""
    visits = np.full((60, 8), 1e-4)
    visits[50:54, 0] = visits[:, 1] = 1e-2
    kept = jnp.zeros(8)
    lowest = np.ones(8)
    for i, now in enumerate(visits):
        kept = remembered(kept, jnp.asarray(now), jnp.full(8, i == 0))
        lowest = np.minimum(lowest, np.asarray(Screen(floor=1e-9, ratio=25.0, sharpness=4.0).weights(kept)))
    assert lowest[0] > 0.9 and lowest[1] < 0.01 and lowest[2] > 0.99


@pytest.mark.parametrize("settings", [{"floor": 0.0}, {"ratio": -1.0}, {"sharpness": 0.0}])
def test_settings_must_be_positive(settings):
    with pytest.raises(SettingError, match="must be positive"):
        Screen(**settings)
