"""Every shipped model through one set of laws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hanknn.equilibrium import Equilibrium

import hanknn
from hanknn.expectations import GaussHermite
from hanknn.models import SHIPPED
from hanknn.training.sampling import ergodic_sample

pytestmark = pytest.mark.parametrize("model", [m() for m in SHIPPED], ids=[m.name for m in SHIPPED])


def test_parameters_and_variables_are_labelled(model):
    for name in model.parameters:
        assert model.parameters[name].label and model.parameters[name].text
    for variable in (*model.states.values(), *model.shocks.values(), *model.policies.values()):
        assert variable.label and variable.text and variable.unit


def test_the_closed_form_solves_the_equations(model):
    with jax.enable_x64(True):
        if type(model).closed_form is hanknn.Model.closed_form:
            pytest.skip("no closed form")
        equilibrium = Equilibrium(model)
        thetas, states = ergodic_sample(equilibrium, jax.random.key(0), 500, jnp.float64)

        @jax.jit
        def residuals(factors):
            policy = lambda s, t: factors * equilibrium.closed_form(s, t)
            one = lambda s, t: equilibrium.residuals(policy, s, t, GaussHermite(5), jax.random.key(0))
            return jax.vmap(one)(states, thetas)

        count = len(equilibrium.policies)
        assert np.abs(residuals(jnp.ones(count))).max() < 1e-14
        # Unequal factors: an equation without a constant cannot tell a common one.
        assert (np.abs(residuals(jnp.linspace(1.01, 1.02, count))).max(axis=0) > 1e-5).all()


def test_ergodic_draws_stay_ergodic(model):
    """Simulated 40 quarters on, under the shipped policy, the draws spread as they did."""
    if model.simulated:
        pytest.skip("the ergodic distribution is known by simulation only")
    with jax.enable_x64(True):
        solution = hanknn.load(model.name)
        equilibrium = solution.equilibrium
        thetas, states = ergodic_sample(equilibrium, jax.random.key(0), 20_000, jnp.float64)
        shocks = jax.random.normal(jax.random.key(1), (40, len(thetas), len(equilibrium.shocks)))

        def step(s, e):
            move = lambda s, e, t: equilibrium.transition(s, solution.policy_function(s, t), e, t)
            return jax.vmap(move)(s, e, thetas), None

        later = jax.jit(lambda s: jax.lax.scan(step, s, shocks)[0])(states)
        units = jax.jit(jax.vmap(equilibrium.units))(thetas)
        spread = lambda s: np.asarray((s - units["state_center"]) / units["state_scale"]).std(axis=0)
        np.testing.assert_allclose(spread(later), spread(states), rtol=0.03)


def test_a_shipped_solution_answers_and_is_small(model):
    with jax.enable_x64(True):
        solution = hanknn.load(model.name)
        theta = jnp.asarray(model.parameters.baseline)
        center = jax.jit(lambda t: solution.equilibrium.units(t)["state_center"])(theta)
        assert np.isfinite(jax.jit(solution.policy_function)(center, theta)).all()
    from pathlib import Path

    size = (Path(hanknn.__file__).parent / "weights" / f"{model.name}.npz").stat().st_size
    assert size < (2_000_000 if model.simulated else 200_000)
