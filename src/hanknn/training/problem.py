"""What a training method is asked to solve."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ..equilibrium import Equilibrium
from ..expectations import Expectation
from ..networks import PolicyNetwork, evaluate


class Problem(NamedTuple):
    """Equilibrium conditions and the number type in which they are solved."""

    equilibrium: Equilibrium
    dtype: np.dtype | type

    def relaxed(self, share: Float[Array, ""]) -> "Problem":
        """The same with the model's constraints relaxed by `share`."""
        return Problem(self.equilibrium.relaxed(share), self.dtype)

    def residuals(
        self,
        network: PolicyNetwork,
        state: Float[Array, " states"],
        theta: Float[Array, " parameters"],
        expectation: Expectation,
        key: PRNGKeyArray,
    ) -> Float[Array, " rows"]:
        """Residuals of the network at one point."""
        policy = lambda s, t: evaluate(network, self.equilibrium, s, t)
        return self.equilibrium.residuals(policy, state, theta, expectation, key)

    def equation_mean_squares(
        self,
        network: PolicyNetwork,
        states: Float[Array, "points states"],
        thetas: Float[Array, "points parameters"],
        expectation: Expectation,
    ) -> Float[Array, " equations"]:
        """Mean squared residual of each equation over a sample, under a deterministic expectation."""
        key = jax.random.key(0)
        rows = jax.vmap(lambda s, t: self.residuals(network, s, t, expectation, key))(states, thetas)
        return self.equilibrium.by_equation(jnp.mean(rows**2, axis=0))
