"""Equation weights: the ones asked for, else one."""

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from hanknn.economy import Economy, Equations
from hanknn.economy.points import Point
from hanknn.machine.errors import SettingError
from hanknn.models import LinearNK
from hanknn.training.weighting import EquationWeights


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
