"""Every shipped model through one set of laws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hanknn
from hanknn.economy import Economy, Equations
from hanknn.economy.draws import ergodic_sample
from hanknn.economy.expectations import GaussHermite
from hanknn.economy.points import like, pack
from hanknn.models import SHIPPED
from hanknn.solution.loading import SOLVED

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
        equations = Equations(model)
        drawn = ergodic_sample(equations, jax.random.key(0), 500, jnp.float64)

        @jax.jit
        def residuals(factors):
            def policy(state, theta):
                exact = equations.closed_form(state, theta)
                return like(factors * pack(exact), exact)

            economy = Economy(equations, policy)
            one = lambda v, s: economy.residuals(s, economy.parameters(v), GaussHermite(5), jax.random.key(0))
            return jax.vmap(one)(*drawn[:2])

        count = len(equations.policies)
        assert np.abs(residuals(jnp.ones(count))).max() < 1e-14
        # Unequal factors: an equation without a constant cannot tell a common one.
        assert (np.abs(residuals(jnp.linspace(1.01, 1.02, count))).max(axis=0) > 1e-5).all()


def test_ergodic_draws_stay_ergodic(model):
    """Simulated 40 quarters on, under the shipped policy or else the linear one, the draws spread as they did."""
    if model.arrays:
        pytest.skip("the ergodic distribution is known by simulation only")
    with jax.enable_x64(True):
        equations = Equations(model)
        shipped = model.name in SOLVED
        economy = hanknn.load(model.name).economy if shipped else Economy(equations, equations.linear_policy)
        thetas = jnp.asarray(model.parameters.sample(200, seed=1))
        first, second = jax.random.split(jax.random.key(0))
        normals = jax.random.normal(first, (200, 100, len(equations.scalar_states)))
        shocks = jax.random.normal(second, (200, 100, 40, len(equations.shocks)))

        def scaled(vector, normals, shocks):
            """States before and after, in the model's own scale."""
            theta = economy.parameters(vector)
            units = equations.units(theta)
            center, scale = pack(units.state_center), pack(units.state_scale)
            start = jax.vmap(lambda normal: equations.ergodic_state(normal, theta))(normals)
            later = jax.vmap(lambda state, path: economy.after(state, path, theta))(start, shocks)
            return [(jax.vmap(pack)(s) - center[None, :]) / scale[None, :] for s in (start, later)]

        before, after = jax.jit(jax.vmap(scaled))(thetas, normals, shocks)
        np.testing.assert_allclose(np.std(after, axis=(0, 1)), np.std(before, axis=(0, 1)), rtol=0.03)


def test_a_shipped_solution_answers_and_is_small(model):
    if model.name not in SOLVED:
        pytest.skip("it ships without a solution")
    with jax.enable_x64(True):
        economy = hanknn.load(model.name).economy
        center = jax.jit(lambda vector: economy.center(economy.parameters(vector)))
        assert np.isfinite(pack(center(jnp.asarray(model.parameters.baseline)).policy)).all()
    from pathlib import Path

    size = (Path(hanknn.__file__).parent / "models" / "weights" / f"{model.name}.npz").stat().st_size
    assert size < (2_000_000 if model.arrays else 200_000)
