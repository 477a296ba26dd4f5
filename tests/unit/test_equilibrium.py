"""What a model may return, and what is refused before anything runs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hanknn import Model, Parameter, ParameterSpace, Point, Variable
from hanknn.equilibrium import Equilibrium
from hanknn.errors import ModelError, UnknownNameError
from hanknn.points import pack

V = Variable("v", "variable")


class Sound(Model):
    """A model that fits the protocol; the tests break it in one place each."""

    name = "sound"
    parameters = ParameterSpace(rho=Parameter(0.5, range=(0.1, 0.9)))
    states = {"z": V}
    shocks = {"e": V}
    policies = {"c": V}

    def transition(self, now, shock, theta):
        return {"z": theta.rho * now.z + shock.e}

    def expectands(self, now, next, theta):
        return {"c": next.c}

    def residuals(self, now, expected, theta):
        return {"euler": now.c - expected.c - now.z}


def broken(**changes):
    return type("Broken", (Sound,), changes)()


def test_a_sound_model_is_accepted():
    assert Equilibrium(Sound()).equations == ("euler",)


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (broken(residuals=lambda s, now, expected, theta: {"euler": now.cc}), UnknownNameError, "did you mean 'c'"),
        (broken(residuals=lambda s, now, expected, theta: {"euler": theta.roh}), UnknownNameError, "'rho'"),
        (broken(residuals=lambda s, now, expected, theta: {"euler": expected.z}), UnknownNameError, "expected value"),
        (broken(residuals=lambda s, now, expected, theta: {}), ModelError, "no equations"),
        (broken(residuals=lambda s, now, expected, theta: {"e": jnp.ones(3) * now.c}), ModelError, r"shape \(3,\)"),
        (broken(transition=lambda s, now, shock, theta: {}), ModelError, "no 'z'"),
        (broken(transition=lambda s, now, shock, theta: {"z": 0.0, "y": 0.0}), UnknownNameError, "'y'"),
        (broken(policies={"z": V}), ModelError, "both a state and a policy"),
        (broken(state_scale=lambda s, theta: {"zz": 1.0}), UnknownNameError, "'zz'"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_with_the_cause(model, error, message):
    with pytest.raises(error, match=message):
        Equilibrium(model)


def test_a_point_is_read_only():
    with pytest.raises(ModelError, match="read-only"):
        Point({"a": 1.0}).a = 2.0


def test_pack_orders_by_name_and_refuses_axes():
    np.testing.assert_array_equal(pack({"b": 2.0, "a": 1.0}, ("a", "b"), "here", jnp.float32), [1.0, 2.0])
    with pytest.raises(ModelError, match=r"'a' in here has shape \(1, 3\)"):
        pack({"a": jnp.ones((1, 3))}, ("a",), "here", jnp.float32)


def _exact(theta, zeta):
    """Equations (23)-(24), and the residuals (20)-(21) below, written out apart from the library."""
    beta, sigma, eta, phi, phi_pi, phi_y, rho, _ = theta
    kappa = (1 - phi) * (1 - phi * beta) * (sigma + eta) / phi
    d = (sigma * (1 - rho) + phi_y) * (1 - beta * rho) + kappa * (phi_pi - rho)
    return np.array([(1 - beta * rho) * zeta / d, kappa * zeta / d]), kappa


def test_residuals_of_nk_equal_the_written_out_equations(equilibrium):
    with jax.enable_x64(True):
        theta = np.array([0.96, 1.5, 0.7, 0.6, 1.4, 0.1, 0.9, 0.03])
        beta, sigma, _, _, phi_pi, phi_y, _, _ = theta
        (x, pi), kappa = _exact(theta, 0.02)
        x, pi = 1.3 * x, 0.8 * pi
        ex, epi = 0.004, -0.002
        given = [jnp.asarray(a) for a in ([0.02], [x, pi], [ex, epi], theta)]
        euler = x - ex + (phi_pi * pi + phi_y * x - epi - 0.02) / sigma
        np.testing.assert_allclose(
            equilibrium.residuals_given(*given), [euler, pi - kappa * x - beta * epi], rtol=1e-13
        )


def test_a_row_of_states_against_a_vector_of_policies_is_refused(equilibrium):
    """The mix-up that sank the Julia port: (1, n) states and (n,) policies must not broadcast."""
    n = 4
    states, policies = jnp.ones((1, n)), jnp.ones(n)
    with pytest.raises(Exception, match="state"):
        equilibrium.residuals_given(states, policies, jnp.ones(2), jnp.asarray(equilibrium.model.parameters.baseline))
    with pytest.raises(ValueError, match="rank_promotion"):
        policies - (policies - states)
