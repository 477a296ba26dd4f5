"""What a model may return, and what is refused before anything runs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hanknn import Model, Parameter, ParameterSpace, Point, Variable
from hanknn.economy import Equations
from hanknn.economy.expectations import GaussHermite
from hanknn.economy.points import checked, like, pack, unpack
from hanknn.economy.split import SplitGaussHermite
from hanknn.machine.errors import ModelError, UnknownNameError
from hanknn.models import LinearNK

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
    assert Equations(Sound()).equation_names == ("euler",)


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
        Equations(model)


def test_a_point_is_read_only():
    with pytest.raises(ModelError, match="read-only"):
        Point({"a": 1.0}).a = 2.0


def test_values_are_ordered_by_name_and_axes_are_refused():
    point = checked({"b": 2.0, "a": 1.0}, ("a", "b"), "here", jnp.float32)
    np.testing.assert_array_equal(pack(point), [1.0, 2.0])
    with pytest.raises(ModelError, match=r"'a' in here has shape \(1, 3\)"):
        checked({"a": jnp.ones((1, 3))}, ("a",), "here", jnp.float32)


class Spread(Model):
    """A model with arrays: a state that holds two places, one policy for each, and a steady state in `derived`."""

    name = "spread"
    parameters = ParameterSpace(rho=Parameter(0.5, range=(0.1, 0.9)))
    states = {"z": V, "places": Variable("v", "places", shape=(2, 3))}
    shocks = {"e": V}
    policies = {"mean": V, "each": Variable("v", "each", shape=(2, 3))}

    def derived(self, theta):
        return {"center": jnp.full((2, 3), 2 * theta.rho)}

    def transition(self, now, shock, theta):
        return {"z": theta.rho * now.z + shock.e, "places": theta.rho * now.places}

    def expectands(self, now, next, theta):
        return {"each": next.each}

    def residuals(self, now, expected, theta):
        return {"mean": now.mean - jnp.mean(now.each), "each": now.each - expected.each + theta.center - now.z}

    def state_center(self, theta):
        return {"z": 0.0, "places": theta.center}

    def inputs(self, state, theta):
        return {"z": state.z, "total": jnp.sum(state.places - theta.center)}


def test_arrays_have_their_places_in_vectors():
    with jax.enable_x64(True):
        equations = Equations(Spread())
        assert equations.model.arrays == ("places",)
        assert equations.scalar_states == ("z",) and equations.scalar_policies == ("mean",)
        assert equations.row_equations == ("mean", *["each"] * 6)
        theta = equations.parameters(jnp.asarray([0.25]))
        np.testing.assert_array_equal(equations.vector(theta), [0.25])
        state = equations.ergodic_state(jnp.asarray([1.5]), theta)
        np.testing.assert_array_equal(pack(state), [1.5, *[0.5] * 6])
        np.testing.assert_array_equal(equations.inputs(like(pack(state).at[2].add(1.0), state), theta), [1.5, 1.0])
        policy = equations.policies_from(state, equations.outputs_from(jnp.arange(7.0)), theta)
        assert (pack(state).size, pack(policy).size, equations.output_size) == (7, 7, 7)
        assert policy.mean == 0 and (policy.each == jnp.arange(1.0, 7.0).reshape(2, 3)).all()
        moved = equations.transition(state, policy, jnp.asarray([0.1]), theta)
        np.testing.assert_allclose(pack(moved), [0.475, *[0.125] * 6])
        expected = Point({"each": jnp.zeros((2, 3))}, "expected value")
        rows = equations.residuals_given(state, policy, expected, theta)
        np.testing.assert_allclose(rows, [0 - 3.5, *(np.arange(1, 7.0) + 0.5 - 1.5)])
        squares = equations.by_equation(rows**2)
        np.testing.assert_allclose(squares, [3.5**2, np.mean(np.arange(6.0) ** 2)])


def test_an_array_of_another_shape_than_declared_is_refused():
    transposed = type("Transposed", (Spread,), {"transition": lambda s, now, e, t: {"z": 0.0, "places": now.places.T}})
    with pytest.raises(ModelError, match=r"'places' in Transposed.transition has shape \(3, 2\)"):
        Equations(transposed())


class Settled(Spread):
    """The same, what the places carry over computed ahead of the shocks."""

    counted = 0
    constraints = {"floor": V}

    def slackness(self, now, theta):
        return {"floor": now.z}

    def ahead(self, now, theta):
        Settled.counted += 1
        return {"carried": theta.rho * now.places}

    def transition(self, now, shock, theta):
        return {"z": theta.rho * now.z + shock.e, "places": now.carried}


def test_what_is_settled_before_the_shocks_is_computed_once():
    with jax.enable_x64(True):
        plain, settled = Equations(Spread()), Equations(Settled())
        theta, key = plain.parameters(jnp.asarray([0.25])), jax.random.key(0)
        state = plain.ergodic_state(jnp.asarray([1.5]), theta)
        policy = lambda state, theta: Point({"mean": state.z, "each": 2 * state.places}, "policy")
        # Linear: where the rule is split does not matter to the mean.
        rows = plain.residuals(policy, state, theta, GaussHermite(3), key)
        Settled.counted = 0
        np.testing.assert_allclose(settled.residuals(policy, state, theta, SplitGaussHermite(3), key), rows, atol=1e-9)
        assert Settled.counted == 1
        shock = jnp.asarray([0.1])
        moved = [pack(e.transition(state, policy(state, theta), shock, theta)) for e in (plain, settled)]
        np.testing.assert_array_equal(*moved)


def test_what_is_settled_needs_names_of_its_own():
    taken = type("Taken", (Settled,), {"ahead": lambda self, now, theta: {"each": now.each}})
    with pytest.raises(ModelError, match=r"'each' in Taken\.ahead is a state or a policy already"):
        Equations(taken())


def _exact(theta, zeta):
    """Equations (23)-(24), and the residuals (20)-(21) below, written out apart from the library."""
    beta, sigma, eta, phi, phi_pi, phi_y, rho, _ = theta
    kappa = (1 - phi) * (1 - phi * beta) * (sigma + eta) / phi
    d = (sigma * (1 - rho) + phi_y) * (1 - beta * rho) + kappa * (phi_pi - rho)
    return np.array([(1 - beta * rho) * zeta / d, kappa * zeta / d]), kappa


def test_residuals_of_nk_equal_the_written_out_equations(equations):
    with jax.enable_x64(True):
        vector = np.array([0.96, 1.5, 0.7, 0.6, 1.4, 0.1, 0.9, 0.03])
        beta, sigma, _, _, phi_pi, phi_y, _, _ = vector
        (x, pi), kappa = _exact(vector, 0.02)
        x, pi = 1.3 * x, 0.8 * pi
        ex, epi = 0.004, -0.002
        state, now, expected = (
            unpack(names, jnp.asarray(values))
            for names, values in ((("zeta",), [0.02]), (equations.policies, [x, pi]), (equations.policies, [ex, epi]))
        )
        euler = x - ex + (phi_pi * pi + phi_y * x - epi - 0.02) / sigma
        np.testing.assert_allclose(
            equations.residuals_given(state, now, expected, equations.parameters(jnp.asarray(vector))),
            [euler, pi - kappa * x - beta * epi],
            rtol=1e-13,
        )


def test_a_row_of_states_against_a_vector_of_policies_is_refused(equations):
    """The mix-up that sank the Julia port: (1, n) states and (n,) policies must not broadcast."""
    n = 4
    states, policies = jnp.ones((1, n)), jnp.ones(n)
    with pytest.raises(Exception, match=r"vector|shape"):
        unpack(equations.states, states, "state")
    theta = equations.parameters(jnp.asarray(equations.model.parameters.baseline))
    state, policy = Point({"zeta": states}), Point(dict.fromkeys(equations.policies, policies))
    expected = Point(dict.fromkeys(equations.policies, jnp.ones(())))
    with jax.numpy_rank_promotion("allow"), pytest.raises(ModelError, match=r"'euler' in .* has shape \(1, 4\)"):
        equations.residuals_given(state, policy, expected, theta)  # also where JAX lets it pass
    with pytest.raises(ValueError, match="rank_promotion"):
        policies - (policies - states)


@pytest.mark.parametrize("name", ["dtype", "rows"])
def test_a_variable_that_a_point_would_hide_is_refused(name):
    class Hidden(LinearNK):
        policies = {**LinearNK.policies, name: LinearNK.policies["inflation"]}

    with pytest.raises(ModelError, match=f"'{name}' of model 'nk'"):
        Equations(Hidden())
