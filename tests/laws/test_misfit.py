"""An economy's misfit is the root mean square over the ergodic distribution, whatever the number of states."""

import jax
import jax.numpy as jnp
import pytest

import hanknn
from hanknn.economy import Economy, Equations
from hanknn.economy.expectations import GaussHermite
from hanknn.economy.misfit import misfit
from hanknn.economy.points import Point


class Moments(hanknn.Model):
    """At policies of zero, which err by them, residuals that are products of independent standard normal states."""

    name = "moments"
    parameters = hanknn.ParameterSpace(a=hanknn.Parameter(0.5, range=(0.2, 0.8), label="a", text="nothing"))
    shocks = {"e": hanknn.Variable("e", "shock", "s.d.")}

    def __init__(self, states):
        self.states = {f"z{i}": hanknn.Variable(f"z{i}", "state", "level") for i in range(states)}
        count = states if states == 1 else states + 1
        self.policies = {f"p{i}": hanknn.Variable(f"p{i}", "policy", "level") for i in range(count)}

    def transition(self, now, shock, theta):
        return {name: 0.9 * getattr(now, name) + 0.1 * shock.e for name in self.states}

    def expectands(self, now, next, theta):
        return {"p": next.p0}

    def residuals(self, now, expected, theta):
        each = [getattr(now, name) for name in self.states]
        products = each if len(each) == 1 else [*each, each[0] * each[-1]]
        pairs = zip(self.policies, products, strict=True)
        return {f"size {name}": getattr(now, name) + product for name, product in pairs}

    def state_scale(self, theta):
        return dict.fromkeys(self.states, 1.0)


@pytest.mark.parametrize("states", [1, 2, 4])
def test_the_sample_has_the_ergodic_second_moments(states):
    with jax.enable_x64(True):
        equations = Equations(Moments(states))
        zero = lambda state, theta: Point(dict.fromkeys(equations.policies, jnp.zeros_like(theta.a)), "policy")
        economy = Economy(equations, zero)
        at = lambda vector: misfit(economy, economy.parameters(vector), GaussHermite(3))
        found = jax.jit(at)(jnp.array([0.5]))
    # Every residual has a mean square of one; nine midpoints of one state know it to 7 %.
    assert float(found) == pytest.approx(1.0, abs=0.1)
