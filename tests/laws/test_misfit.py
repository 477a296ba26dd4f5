"""An economy's misfit is the root mean square over the ergodic distribution, whatever the number of states."""

import jax
import jax.numpy as jnp
import pytest
from hanknn.equilibrium import Equilibrium
from hanknn.training.misfit import misfit
from hanknn.training.problem import Problem

import hanknn
from hanknn.expectations import GaussHermite
from hanknn.networks import SmoothNetwork
from hanknn.training.weighting import EquationWeights


class Moments(hanknn.Model):
    """Residuals that are products of independent standard normal states, whatever the policies."""

    name = "moments"
    parameters = hanknn.ParameterSpace(a=hanknn.Parameter(0.5, range=(0.2, 0.8), label="a", text="nothing"))
    shocks = {"e": hanknn.Variable("e", "shock", "s.d.")}

    def __init__(self, states):
        self.states = {f"z{i}": hanknn.Variable(f"z{i}", "state", "level") for i in range(states)}
        self.policies = {f"p{i}": hanknn.Variable(f"p{i}", "policy", "level") for i in range(states)}

    def transition(self, now, shock, theta):
        return {name: 0.9 * getattr(now, name) + 0.1 * shock.e for name in self.states}

    def expectands(self, now, next, theta):
        return {"p": next.p0}

    def residuals(self, now, expected, theta):
        last = getattr(now, f"z{len(self.states) - 1}")
        each = {f"size {name}": getattr(now, name) for name in self.states}
        return each if len(self.states) == 1 else {**each, "product": now.z0 * last}

    def state_scale(self, theta):
        return dict.fromkeys(self.states, 1.0)


@pytest.mark.parametrize("states", [1, 2, 4])
def test_the_sample_has_the_ergodic_second_moments(states):
    with jax.enable_x64(True):
        equilibrium = Equilibrium(Moments(states))
        network = SmoothNetwork(4, 1, 4, 1).build(states, 1, states, jax.random.key(0), jnp.float64)
        problem, rule = Problem(equilibrium, jnp.float64), GaussHermite(3)
        found = jax.jit(lambda theta: misfit(problem, network, theta, EquationWeights(), rule))(jnp.array([0.5]))
    # Every residual has a mean square of one; nine midpoints of one state know it to 7 %.
    assert float(found) == pytest.approx(1.0, abs=0.1)
