"""Equation weights: the ones asked for, then the model's own unless they are left out, then one."""

import jax.numpy as jnp
import numpy as np
import pytest

from hanknn.equilibrium import Equilibrium
from hanknn.models import LinearNK
from hanknn.training.problem import Problem
from hanknn.training.weighting import EquationWeights


class Weighed(LinearNK):
    equation_weights = {"phillips_curve": 9.0}


@pytest.mark.parametrize(
    ("weighting", "expected"),
    [
        (EquationWeights(), {"phillips_curve": 3.0}),
        (EquationWeights({"euler": 4.0}), {"phillips_curve": 3.0, "euler": 2.0}),
        (EquationWeights({"phillips_curve": 0.25}), {"phillips_curve": 0.5}),
        (EquationWeights(own=False), {}),
        (EquationWeights({"euler": 4.0}, own=False), {"euler": 2.0}),
    ],
)
def test_whose_weight_counts(weighting, expected):
    problem = Problem(Equilibrium(Weighed()), jnp.float32)
    found = weighting.matrix(problem, None, jnp.zeros(1, jnp.float32), None)
    assert found.shape == (2, 2)
    diagonal = dict(zip(problem.equilibrium.row_equations, np.diag(found).tolist(), strict=True))
    assert diagonal == pytest.approx({"euler": 1.0, "phillips_curve": 1.0, **expected})
