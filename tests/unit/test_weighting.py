"""Equation weights: the ones asked for, else one."""

import jax.numpy as jnp
import numpy as np
import pytest

from hanknn.equilibrium import Equilibrium
from hanknn.models import LinearNK
from hanknn.training.problem import Problem
from hanknn.training.weighting import EquationWeights


@pytest.mark.parametrize(
    ("weighting", "expected"), [(EquationWeights(), {}), (EquationWeights({"euler": 4.0}), {"euler": 2.0})]
)
def test_whose_weight_counts(weighting, expected):
    problem = Problem(Equilibrium(LinearNK()), jnp.float32)
    found = weighting.matrix(problem, None, jnp.zeros(1, jnp.float32), None)
    assert found.shape == (2, 2)
    diagonal = dict(zip(problem.equilibrium.row_equations, np.diag(found).tolist(), strict=True))
    assert diagonal == pytest.approx({"euler": 1.0, "phillips_curve": 1.0, **expected})
