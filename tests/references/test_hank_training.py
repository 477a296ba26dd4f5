"""`hank` trained for some minutes without the bound and with small shocks: stable, and close to the linear solution."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hanknn
from hanknn.models import HANK
from hanknn.references import PerfectForesight
from hanknn.solution.simulation.paths import shown_path
from hanknn.training.recipes import households

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def small():
    """A tenth of the shocks, no bound: what the linear solution is for."""
    return hanknn.solve(HANK(relaxation=1.0, shock_share=0.1), households(40)).solution


def test_without_shocks_the_economy_stays_near_its_steady_state(small):
    """An explosive path can solve every equation; this one is told by where it leads."""
    with jax.enable_x64(True):
        economy, equations = small.economy, small.equations
        thetas = jnp.asarray(np.vstack([small.model.parameters.baseline, small.model.parameters.sample(3, seed=2)]))
        still = jnp.zeros((120, len(equations.shocks)))

        def calm(vector):
            theta = economy.parameters(vector)
            return shown_path(economy, equations.units(theta).state_center, still, theta)["observables"]

        shown = np.asarray(jax.jit(jax.vmap(calm))(thetas))
        names = list(small.model.observables)
        for name, most in (("output", 0.02), ("inflation_rate", 0.02), ("gini", 0.005)):
            values = shown[:, :, names.index(name)]
            assert np.abs(values - values[:, :1]).max() < most, name


def test_responses_are_the_linear_ones(small):
    """A preference shock of 0.1 s.d. at the true values: within 3 % of peak after this short training."""
    found = hanknn.irf(small, "eps_zeta", 1.0, 20, extrapolate=True)
    linear = PerfectForesight().at({}).linear("zeta", 0.1, 20)
    for ours, theirs in (("output", "output"), ("inflation_rate", "inflation"), ("interest_rate", "interest_rate")):
        exact = linear[theirs].to_numpy()
        assert np.abs(found[ours].to_numpy() - exact).max() < 0.03 * np.abs(exact).max(), ours
