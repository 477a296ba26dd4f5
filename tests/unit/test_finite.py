"""Finitely many households: their histogram is the state, assets add up to the debt, luck averages out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hanknn
from hanknn.economy import Equations
from hanknn.economy.networks import SmoothNetwork
from hanknn.machine.errors import SettingError
from hanknn.models import HANK
from hanknn.solution import Solution

pytestmark = pytest.mark.filterwarnings("ignore::hanknn.ExtrapolationWarning")  # steady-state policies solve little


@pytest.fixture(scope="module")
def resting():
    """Policies of the steady state everywhere: what is left is households' own luck."""
    architecture = SmoothNetwork(2, 1, curved_width=2, curved_depth=1, begin=0.0)
    with jax.enable_x64(True):
        model = HANK(shock_share=0.0)
        known = Equations(model)
        counts = len(known.inputs_seen), len(model.parameters.free), known.output_size
        network = architecture.build(*counts, jax.random.key(0), jnp.float64)
    return Solution(model, architecture, network, {})


@pytest.mark.slow
def test_luck_averages_out_as_households_grow_in_number(resting):
    few, many = (
        hanknn.simulate_finite(resting, households, 60, seed=1, extrapolate=True) for households in (400, 6_400)
    )
    assert list(few) == [*resting.model.observables, "luck"] and len(few) == 60
    steady = hanknn.references.SteadyState().solve(0.05, -0.5).share_with_debt
    off = [np.abs(100 * steady - table["in_debt"]).mean() for table in (few, many)]
    assert off[1] < 0.5 * off[0] and off[1] < 1.5
    assert few["luck"].std() > 2 * many["luck"].std()


@pytest.mark.slow
def test_the_variance_of_luck_is_that_of_independent_draws(resting):
    """Innovations are independent over households and quarters: their variances, at steady-state choices, add up."""
    households, quarters = 500, 4_000
    found = hanknn.simulate_finite(resting, households, quarters, extrapolate=True)
    known = hanknn.references.PerfectForesight().at().luck_deviation(households)
    for name, column in (("output", "luck"), ("inflation", "inflation_rate")):
        # Autocorrelated as productivity is (0.9): 4,000 quarters are some 200 independent ones.
        np.testing.assert_allclose(found[column].std(), known[name], rtol=0.15)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_path(resting):
    again = [hanknn.simulate_finite(resting, 50, 3, seed=2, extrapolate=True) for _ in range(2)]
    assert again[0].equals(again[1])


def test_nonsense_is_refused(resting):
    with pytest.raises(SettingError, match="at least 1 of both"):
        hanknn.simulate_finite(resting, 0)
    with pytest.raises(SettingError, match="for 'hank'"):
        hanknn.simulate_finite(hanknn.load("nk"))
