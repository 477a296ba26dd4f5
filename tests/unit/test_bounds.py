"""Occasionally binding constraints as pairs of expressions: regimes, where they meet, what they do to each other."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

import hanknn
from hanknn import AR1, Parameter, ParameterSpace, Variable
from hanknn.economy import Economy, Equations
from hanknn.economy.bounds import LEAST_DETERMINANT, AtBounds, Pair, forces, held, said, said_by_linear, said_size
from hanknn.economy.networks import SmoothNetwork, network_policy
from hanknn.economy.points import pack
from hanknn.economy.split import SplitGaussHermite
from hanknn.machine.errors import ModelError, UnknownNameError


def named(*names):
    return {name: Variable(name, name) for name in names}


class TwoFloors(hanknn.Model):
    """x = a + κ y and y = b + κ x, but neither falls below its floor; the multiplier lifts what the floor holds."""

    name = "two_floors"
    parameters = ParameterSpace(kappa=Parameter(0.4, (-0.6, 0.6)), low=Parameter(-1.0, (-2.0, -0.5)))
    states = {"a": AR1(0.5, 1.0, "a", "a"), "b": AR1(0.5, 1.0, "b", "b")}
    policies = named("x", "y", "lift_x", "lift_y")
    constraints = named("floor_x", "floor_y")

    def expectands(self, now, next, theta):
        return {}

    def residuals(self, now, expected, theta):
        return {
            "x": now.x - now.a - theta.kappa * now.y - now.lift_x,
            "y": now.y - now.b - theta.kappa * now.x - now.lift_y,
        }

    def bounds(self, now, theta):
        return {"floor_x": (now.x - theta.low, now.lift_x), "floor_y": (now.y - theta.low, now.lift_y)}


def exact(a, b, kappa, low):
    """By trying which of the floors hold."""
    for holds in itertools.product((False, True), repeat=2):
        rows = [[1, -kappa, -1, 0], [-kappa, 1, 0, -1]]
        right = [a, b]
        for i, binds in enumerate(holds):
            rows.append([0, 0, 0, 0])
            rows[-1][i if binds else 2 + i] = 1
            right.append(low if binds else 0)
        x, y, u, v = np.linalg.solve(rows, right)
        if min(x - low, y - low, u, v) >= -1e-12:
            return [x, y, u, v]
    raise AssertionError("no solution")


def untrained(model):
    """A network that has learned nothing yet, and the model's equations."""
    equations = Equations(model)
    counts = len(equations.inputs_seen), len(model.parameters.free), equations.output_size
    network = SmoothNetwork(4, 1, 4, 1).build(*counts, jax.random.key(0), jnp.float64).silent()
    return equations, network_policy(network, equations)


def test_where_all_is_linear_but_two_floors_the_first_guess_is_exact():
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        equations, policy = untrained(TwoFloors())
        theta = jax.jit(jax.vmap(equations.parameters))(jnp.asarray(rng.uniform([-0.6, -2], [0.6, -0.5], (200, 2))))
        states = jax.vmap(equations.ergodic_state)(jnp.asarray(2 * rng.normal(size=(200, 2))), theta)
        found = jax.jit(jax.vmap(lambda s, t: pack(policy(s, t))))(states, theta)
        slack = jax.vmap(lambda s, t: equations.slackness(s, policy(s, t), t))(states, theta)
    rows = zip(states.a, states.b, theta.kappa, theta.low, strict=True)
    known = np.array([exact(*map(float, row)) for row in rows])
    np.testing.assert_allclose(found, known, atol=1e-12)
    binds = known[:, 2:] > 1e-9
    assert ((np.asarray(slack) < -1e-9) == binds).all()
    assert {tuple(row) for row in binds} == set(itertools.product((False, True), repeat=2)), "all regimes are seen"


def test_relaxed_floors_give_way_until_there_are_none():
    with jax.enable_x64(True):
        equations = Equations(TwoFloors())
        theta = equations.parameters(jnp.array([0.0, -1.0]))
        state = equations.ergodic_state(jnp.array([-2.0, 2.0]), theta)
        wanted, low = float(state.a), -1.0
        assert wanted < low
        for share in (0.0, 0.3, 1.0):
            softer = equations.relaxed(share)
            center, _ = softer.about(state, theta)
            found = softer.policies_at(center, state, theta)
            np.testing.assert_allclose(found.x, low + share * (wanted - low), atol=1e-12)
            rows = softer.residuals_given(state, found, hanknn.Point({}), theta)
            np.testing.assert_allclose(rows, 0, atol=1e-12)


@pytest.mark.parametrize("cross", [[[1, 0.5], [-0.8, 1]], [[1, -0.9], [-0.9, 1]], [[1, 0.9], [0.9, 1]]])
def test_forces_solve_the_complementarity_problem(cross):
    cross, short = np.array(cross), np.random.default_rng(0).normal(size=(500, 2))
    with jax.enable_x64(True):
        n = np.asarray(jax.vmap(lambda s: forces(s, jnp.asarray(cross)))(jnp.asarray(short)))
    left = short + n @ cross.T
    assert 1 - cross[0, 1] * cross[1, 0] > LEAST_DETERMINANT
    assert n.min() >= 0 and left.min() > -1e-12
    np.testing.assert_allclose(n * left, 0, atol=1e-12)


def test_whatever_a_network_says_pairs_hold_and_regimes_meet():
    """A rule for a rate: at least zero, elsewhere twice the first policy; the turn is random."""
    pairs = lambda at: Pair(at[2:3], at[2:3] - 2 * at[0:1] + at[1:2] - 0.01)
    rng = np.random.default_rng(1)
    with jax.enable_x64(True):
        gain, spread = jnp.ones(1), jnp.array([1.0, 0.1, 2.0])
        free, turn = rng.normal(size=3), rng.normal(size=3)

        def at(level):
            vector = jnp.concatenate([jnp.asarray(free).at[1].add(level), jnp.asarray(turn)])
            return held(pairs, said(vector, 3, 1), gain, 0.0, spread)

        found = np.asarray(jax.jit(jax.vmap(at))(jnp.linspace(-5, 5, 2001)))
    rule = 2 * found[:, 0] - found[:, 1] + 0.01
    binds = found[:, 2] < 1e-12
    assert 0 < binds.mean() < 1
    np.testing.assert_allclose(found[~binds, 2], rule[~binds], atol=1e-12)
    np.testing.assert_allclose(found[binds, 2], 0, atol=1e-12)
    assert np.abs(np.diff(found, axis=0)).max() < 0.05, "no jump"


def test_what_a_network_says_has_the_size_that_it_is_built_with():
    turn, cross = jnp.arange(6.0).reshape(3, 2), jnp.array([[1, 5.0], [7, 1]])
    at = AtBounds(jnp.ones(2), jnp.ones((2, 1)), jnp.ones(2), jnp.ones(2), turn, cross, jnp.ones(2, bool))
    center, scale = said_by_linear(jnp.zeros(3), jnp.ones(3), at)
    assert len(center) == len(scale) == said_size(3, 2) == 11
    what = said(center, 3, 2)
    np.testing.assert_array_equal(what.turn, at.turn)
    np.testing.assert_array_equal(what.cross, at.cross)


class Mistaken(TwoFloors):
    pass


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"bounds": lambda self, now, theta: {"floor_x": now.x}}, "no pair"),
        ({"bounds": lambda self, now, theta: {"floor_x": (now.x, now.lift_x)}}, "returns no 'floor_y'"),
        ({"slackness": lambda self, now, theta: {}}, "from which slackness follows"),
        ({"constraints": {}}, "names 0 constraints"),
        ({"constraints": named("x", "y", "z")}, "names 3 constraints"),
        ({"outputs": named("x")}, "outputs are the policies"),
        ({"state_scale": lambda self, theta: {"a": 1.0, "b": 1.0}}, "needs its linear solution"),
        ({"constraints": named("x", "floor_y")}, "residual 'x'"),
    ],
)
def test_mistakes_are_named(changes, words):
    if words == "residual 'x'":
        pair = lambda self, now, theta: {"x": (now.x + 1, now.lift_x), "floor_y": (now.y + 1, now.lift_y)}
        changes = {**changes, "bounds": pair}
    with pytest.raises(ModelError, match=words):
        Equations(type("Wrong", (TwoFloors,), changes)())


def test_a_misspelt_constraint_is_named():
    wrong = {"bounds": lambda self, now, theta: {"flor_x": (now.x, now.lift_x), "floor_y": (now.y, now.lift_y)}}
    with pytest.raises(UnknownNameError, match="did you mean 'floor_x'"):
        Equations(type("Wrong", (TwoFloors,), wrong)())


def test_a_bound_that_binds_where_nothing_happens_has_no_linear_solution():
    with jax.enable_x64(True):
        equations = Equations(TwoFloors())
        assert bool(equations.determinate(equations.parameters(jnp.array([0.0, -1.0]))))
        assert not bool(equations.determinate(equations.parameters(jnp.array([0.0, 0.5]))))


def test_what_cannot_be_solved_is_refused_before_training():
    class Above(TwoFloors):
        parameters = ParameterSpace(kappa=Parameter(0.4, (-0.6, 0.6)), low=Parameter(0.3, (0.1, 0.5)))

    class Pressing(TwoFloors):
        def bounds(self, now, theta):
            pairs = super().bounds(now, theta)
            return {**pairs, "floor_y": (now.y - theta.low, -now.lift_y)}

    for wrong, which in ((Above, "floor_x"), (Pressing, "floor_y")):
        with pytest.raises(ModelError, match=f"constraint '{which}' of model 'two_floors' binds in the steady state"):
            hanknn.solve(wrong(), hanknn.recipes.quick())


@pytest.mark.parametrize("places", [(0.3, -1.2), (2.0, 1.1)])
def test_two_kinks_of_one_shock_are_averaged(places):
    with jax.enable_x64(True):
        slackness = lambda e: e - jnp.asarray(places)
        nodes, weights = jax.jit(lambda: SplitGaussHermite(5).nodes(jax.random.key(0), 1, jnp.float64, slackness))()
        x, w = np.asarray(nodes)[:, 0], np.asarray(weights)
    for place in places:
        above = norm.pdf(place) - place * norm.sf(place)
        np.testing.assert_allclose(w @ np.maximum(x - place, 0), above, atol=1e-7)
    np.testing.assert_allclose([w.sum(), w @ x**2, w @ x**4], [1, 1, 3], atol=1e-6)


def test_two_kinks_across_three_shocks_are_averaged():
    first, second = np.array([1.0, 0.5, 0.0]), np.array([0.4, -0.2, 1.0])
    with jax.enable_x64(True):
        slackness = lambda e: jnp.stack([e @ jnp.asarray(first) + 0.5, e @ jnp.asarray(second) - 0.4])
        rule = SplitGaussHermite(5, searches=4)
        nodes, weights = jax.jit(lambda: rule.nodes(jax.random.key(0), 3, jnp.float64, slackness))()
        nodes, w = np.asarray(nodes), np.asarray(weights)
    for direction, place in ((first, 0.5), (second, -0.4)):
        length = np.linalg.norm(direction)
        known = place * norm.cdf(place / length) + length * norm.pdf(place / length)
        np.testing.assert_allclose(w @ np.maximum(nodes @ direction + place, 0), known, atol=2e-4)
    np.testing.assert_allclose(w @ nodes, 0, atol=1e-9)
    np.testing.assert_allclose(nodes.T @ (w[:, None] * nodes), np.eye(3), atol=1e-8)
    draws = np.random.default_rng(0).normal(size=(2_000_000, 3))
    both = lambda e: np.maximum(e @ first + 0.5, 0) * np.maximum(e @ second - 0.4, 0)
    assert abs(w @ both(nodes) - both(draws).mean()) < 5e-3


def test_a_forward_looking_economy_with_a_floor_is_solved_by_both_regimes():
    """Residuals of the untrained network are those of a floor that holds for one period: small, not zero."""
    with jax.enable_x64(True):
        equations, policy = untrained(hanknn.models.RANK())
        theta = equations.parameters(jnp.asarray(equations.model.parameters.baseline))
        economy = Economy(equations, policy)
        rows = lambda z: economy.residuals(
            equations.ergodic_state(jnp.array([z]), theta), theta, equations.judging_rule, jax.random.key(0)
        )
        calm, deep = rows(0.0), rows(-3.0)
    assert np.abs(calm).max() < 1e-3 < np.abs(deep).max() < 0.05
    assert abs(float(deep[2])) < 1e-15
