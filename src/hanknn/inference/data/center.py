"""What a model says of its observables without a solution: their values at the centre of its states."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from ...economy import Equations
from ...economy.model import Model
from ...machine.compiled import once
from ...machine.errors import ModelError
from ...machine.precision import in_float64
from .observed import observable


@in_float64
def central_values(model: Model, names: Sequence[str]) -> dict[str, float]:
    """The named observables where states stay at `state_center`, at the baseline parameters, in the model's units.

    Policies are its closed form, or those that go with `output_center`: about a steady state. Raises
    `UnknownNameError` for a name that is no observable, and `ModelError` where a value is not finite.
    """
    for name in names:
        observable(model, name)
    equations = Equations(model)

    def at_the_center(vector):
        theta = equations.parameters(vector)
        units = equations.units(theta)
        policy = equations.closed_form(units.state_center, theta)
        if policy is None:
            policy = equations.policies_from(units.state_center, units.output_center, theta)
        there = units.state_center, policy
        return equations.observe(there, there, theta, tuple(names))

    values = np.asarray(once(at_the_center)(jnp.asarray(model.parameters.baseline)))
    for name, value in zip(names, values, strict=True):
        if not np.isfinite(value):
            raise ModelError(
                f"'{name}' of model '{model.name}' is {value} at the centre of its states; give the model a "
                "policy_center near its steady state"
            )
    return dict(zip(names, map(float, values), strict=True))
