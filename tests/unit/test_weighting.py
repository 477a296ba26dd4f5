"""Equation weights: the ones asked for, else one. Policy units: the errors that residuals hide."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hanknn.economy import Economy, Equations
from hanknn.economy.expectations import Monomial
from hanknn.economy.points import Point, join, like, pack
from hanknn.economy.policy_errors import FLOOR
from hanknn.machine.errors import SettingError
from hanknn.models import RANK, LinearNK
from hanknn.training.weighting import EquationWeights, PolicyUnits


@pytest.mark.parametrize(
    ("weighting", "expected"), [(EquationWeights(), {}), (EquationWeights({"euler": 4.0}), {"euler": 2.0})]
)
def test_whose_weight_counts(weighting, expected):
    equations = Equations(LinearNK())
    theta = equations.parameters(jnp.asarray(LinearNK.parameters.baseline, jnp.float32))
    state = equations.units(theta).state_center
    found = weighting.matrix(Economy(equations, equations.closed_form), state, theta)
    assert found.shape == (2, 2)
    diagonal = dict(zip(equations.row_equations, np.diag(found).tolist(), strict=True))
    assert diagonal == pytest.approx({"euler": 1.0, "phillips_curve": 1.0, **expected})


@pytest.mark.parametrize(("weights", "euler"), [({}, 0.5), ({"euler": 4.0}, 4.0)])
def test_equations_that_are_arrays_may_count_otherwise(weights, euler):
    economy = SimpleNamespace(equations=SimpleNamespace(row_equations=("budget", "euler", "euler")))
    theta = Point({"a": jnp.zeros((), jnp.float32)}, "parameter")
    found = EquationWeights(weights, arrays=0.5).matrix(economy, None, theta)
    np.testing.assert_allclose(found, np.diag([1.0, euler**0.5, euler**0.5]), rtol=1e-6)


def test_a_weight_that_is_not_positive_is_refused():
    with pytest.raises(SettingError, match="arrays is 0"):
        EquationWeights(arrays=0.0)


def _to_now(economy, state, theta, step=1e-6):
    """Residuals' slopes in today's policies, tomorrow's as they are: by differences."""
    eq, policy = economy.equations, economy.policy(state, theta)
    nodes, weights = Monomial(3).nodes(jax.random.key(0), len(eq.shocks), theta.dtype)

    def residuals(vector):
        now = like(vector, policy)

        def at(shock):
            later = eq.transition(state, now, shock, theta)
            return eq.expectands(join(state, now), join(later, economy.policy(later, theta)), theta)

        expected = jax.tree.map(lambda value: weights @ value, jax.vmap(at)(nodes))
        return eq.residuals_given(state, now, expected, theta)

    here, moves = pack(policy), step * jnp.diag(eq.policy_unit)
    return jnp.stack([(residuals(here + m) - residuals(here - m)) / (2 * step) for m in moves], axis=1)


def test_where_a_bound_binds_policy_errors_are_taken_to_last_one_quarter():
    """The matrix is then the inverse of the slopes in today's policies alone; elsewhere it is another one."""
    with jax.enable_x64(True):
        equations = Equations(RANK())
        begin = lambda state, theta: equations.policies_at(equations.about(state, theta)[0], state, theta)
        economy = Economy(equations, begin)
        theta = equations.parameters(jnp.asarray(RANK.parameters.baseline))

        def product(normal):
            state = equations.ergodic_state(jnp.array([normal]), theta)
            slack = equations.slackness(state, begin(state, theta), theta)[0]
            slopes = _to_now(economy, state, theta)
            return slack, jnp.linalg.svd(slopes)[1], PolicyUnits().matrix(economy, state, theta) @ slopes

        (slack, _, calm), (tight, sizes, deep) = jax.tree.map(np.asarray, (product(0.0), product(-3.0)))
    assert tight < 0 < slack and sizes[-1] > FLOOR * sizes[0], "one of each, no slope at the floor"
    np.testing.assert_allclose(deep, np.eye(3), atol=1e-5)
    assert np.abs(calm - np.eye(3)).max() > 0.1
