"""The linear company of a model: steady state, first-order solution, ergodic covariance, determinacy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

import hanknn
from hanknn import AR1, Parameter, ParameterSpace, Variable
from hanknn.economy import Equations
from hanknn.economy.linear.saddle import System, saddle
from hanknn.economy.linear.stationary import radius, stationary
from hanknn.economy.linear.systems import root, solved
from hanknn.economy.points import pack
from hanknn.economy.steady_state import steady_state
from hanknn.machine.errors import ModelError, NotSolvedError
from hanknn.models import RANK
from hanknn.training.gauss_newton import GaussNewton
from hanknn.training.sample import Fixed


class Growth(hanknn.Model):
    """A real-business-cycle model; its steady state is known in closed form, and not told."""

    name = "growth"
    parameters = ParameterSpace(
        alpha=Parameter(0.33, (0.28, 0.4)),
        beta=Parameter(0.99, (0.98, 0.995)),
        delta=Parameter(0.025, (0.015, 0.035)),
        gamma=Parameter(1.5, (1.0, 3.0)),
        rho=Parameter(0.95, (0.85, 0.98)),
        sigma=Parameter(0.007, (0.003, 0.015)),
    )
    states = {"capital": Variable("k", "capital", positive=True), "z": AR1("rho", "sigma", "z", "productivity")}
    policies = {"consumption": Variable("c", "consumption", positive=True)}

    def transition(self, now, shock, theta):
        return {"capital": (1 - theta.delta) * now.capital + output(now, theta) - now.consumption}

    def expectands(self, now, next, theta):
        gross = 1 - theta.delta + theta.alpha * output(next, theta) / next.capital
        return {"return": (next.consumption / now.consumption) ** -theta.gamma * gross}

    def residuals(self, now, expected, theta):
        return {"euler": 1 - theta.beta * getattr(expected, "return")}


def output(now, theta):
    return jnp.exp(now.z) * now.capital**theta.alpha


class Rule(hanknn.Model):
    """A New Keynesian model whose policy rule may leave it indeterminate; the rule responds to the steady state."""

    name = "rule"
    parameters = ParameterSpace(
        phi=Parameter(1.5, (0.8, 2.0)), kappa=Parameter(0.1, (0.05, 0.2)), target=Parameter(0.005, (0.0, 0.01))
    )
    states = {"demand": AR1(0.5, 0.01, "d", "demand")}
    policies = {"gap": Variable("x", "output gap"), "inflation": Variable("p", "inflation")}

    def expectands(self, now, next, theta):
        return {"gap": next.gap, "inflation": next.inflation}

    def residuals(self, now, expected, theta):
        rate = theta.target + theta.phi * (now.inflation - theta.steady.inflation)
        return {
            "euler": now.gap - expected.gap + rate - expected.inflation - now.demand,
            "phillips_curve": now.inflation
            - theta.target
            - 0.99 * (expected.inflation - theta.target)
            - theta.kappa * now.gap,
        }


def _thetas(equations, count, seed=0):
    space = equations.model.parameters
    return jnp.asarray(np.random.default_rng(seed).uniform(space.lower, space.upper, (count, len(space))))


def _qz(system):
    """Slopes of the jumps, and how many eigenvalues lie inside the unit circle."""
    n, m = system.b.shape
    left = np.block([[np.eye(n), np.zeros((n, m))], [np.zeros((m, n)), system.n]])
    right = np.block([[system.a, system.b], [-system.p, -system.q]])
    *_, alpha, beta, _, z = scipy.linalg.ordqz(right, left, sort="iuc")
    return z[n:, :n] @ np.linalg.inv(z[:n, :n]), int((np.abs(alpha) < np.abs(beta)).sum())


@pytest.mark.parametrize(("n", "m"), [(1, 2), (4, 3), (12, 8)])
def test_the_saddle_path_and_determinacy_are_those_of_qz(n, m):
    rng = np.random.default_rng(n)
    draw = lambda rows, columns, size: size * rng.normal(size=(200, rows, columns))
    jumps = draw(m, m, 0.1 / m) + np.eye(m) * rng.uniform(0.5, 1.1, (200, 1, m))
    systems = System(
        draw(n, n, 0.5 / n**0.5), draw(n, m, 0.3 / m**0.5), draw(m, n, 1.0), draw(m, m, 0.1) - np.eye(m), jumps
    )
    with jax.enable_x64(True):
        run = jax.jit(jax.vmap(lambda system: (saddle(system), saddle(system).determinate)))
        found, determinate = run(jax.tree.map(jnp.asarray, systems))
    counts = []
    for i in range(200):
        slopes, inside = _qz(jax.tree.map(lambda a: a[i], systems))  # noqa: B023
        counts.append(inside == n)
        if inside == n:
            np.testing.assert_allclose(found.slopes[i], slopes, atol=1e-8 * np.abs(slopes).max())
    np.testing.assert_array_equal(determinate, counts)
    assert 20 < sum(counts) < 180


def test_small_systems_covariances_and_radii_are_those_of_lapack():
    rng = np.random.default_rng(0)
    a, b, factor = rng.normal(size=(9, 9)), rng.normal(size=(9, 4)), rng.normal(size=(5, 3))
    with jax.enable_x64(True):
        np.testing.assert_allclose(solved(jnp.asarray(a), jnp.asarray(b)), np.linalg.solve(a, b), atol=1e-11)
        assert not np.isfinite(solved(jnp.ones((2, 2)), jnp.ones((2, 1)))).all()
        move = 0.95 * a / np.abs(np.linalg.eigvals(a)).max()
        exact = scipy.linalg.solve_discrete_lyapunov(move, b @ b.T)
        np.testing.assert_allclose(stationary(jnp.asarray(move), jnp.asarray(b @ b.T)), exact, rtol=1e-8)
        assert float(radius(jnp.asarray(move))) == pytest.approx(0.95, abs=1e-10)
        lower = np.asarray(root(jnp.asarray(factor @ factor.T)))  # of rank three
        np.testing.assert_allclose(lower @ lower.T, factor @ factor.T, atol=1e-12)
        assert not np.triu(lower, 1).any()


def test_the_steady_state_is_found_at_every_parameter_value():
    with jax.enable_x64(True):
        equations = Equations(Growth())
        thetas = _thetas(equations, 50)
        found = jax.jit(jax.vmap(equations.parameters))(thetas)
    alpha, beta, delta = np.asarray(thetas)[:, :3].T
    capital = (alpha / (1 / beta - 1 + delta)) ** (1 / (1 - alpha))
    np.testing.assert_allclose(found.steady.capital, capital, rtol=1e-10)
    np.testing.assert_allclose(found.steady.consumption, capital**alpha - delta * capital, rtol=1e-10)
    assert found.linear.determinate.all()
    # The ergodic standard deviations that everything is scaled by.
    for i in range(5):
        linear = jax.tree.map(lambda a: np.asarray(a[i]), found.linear)  # noqa: B023
        exact = scipy.linalg.solve_discrete_lyapunov(linear.move, linear.hit @ linear.hit.T)
        np.testing.assert_allclose(linear.root @ linear.root.T, exact, rtol=1e-6)
        assert float(linear.state_scale.capital) == pytest.approx(capital[i] * exact[0, 0] ** 0.5)


def test_the_search_for_a_steady_state_ends_where_rounding_moves_it():
    """Conditions so nearly dependent that steps stay far above rounding: the last of them are in vain."""
    with jax.enable_x64(True):
        matrix, truth = jnp.asarray(scipy.linalg.hilbert(6)), jnp.linspace(0.5, 1.5, 6)
        conditions = lambda x: matrix @ jnp.exp(x) - matrix @ jnp.exp(truth)
        looked_at = []

        def still(x):
            jax.debug.callback(looked_at.append, x[0])
            return conditions(x)

        found = jax.jit(lambda x: steady_state(conditions, still, x))(truth + 0.1)
        jax.effects_barrier()
        assert found.known and 3 < len(looked_at) < 10
        np.testing.assert_allclose(found.values, truth, rtol=1e-7)


def test_derivatives_in_parameters_are_those_of_differences():
    with jax.enable_x64(True):
        equations = Equations(Growth())
        told = jax.jit(
            lambda v: jnp.append(pack(equations.parameters(v).steady), equations.parameters(v).linear.slopes)
        )
        at = jnp.asarray(equations.model.parameters.baseline)
        forwards, backwards = jax.jacfwd(told)(at), jax.jacrev(told)(at)
        moved = [(told(at.at[i].add(1e-6)) - told(at.at[i].add(-1e-6))) / 2e-6 for i in range(len(at))]
    np.testing.assert_allclose(forwards, np.stack(moved, axis=1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(backwards, forwards, rtol=1e-9, atol=1e-9)


def test_determinacy_over_the_box_follows_the_taylor_principle():
    with jax.enable_x64(True):
        equations = Equations(Rule())
        thetas = _thetas(equations, 400)
        found = jax.jit(jax.vmap(equations.parameters))(thetas)
    np.testing.assert_array_equal(found.linear.determinate, np.asarray(thetas)[:, 0] > 1)
    np.testing.assert_allclose(found.steady.inflation, thetas[:, 2], atol=1e-12)


@pytest.fixture(scope="module")
def rule():
    method = GaussNewton(2, Fixed(points=128, start=128))
    return hanknn.solve(Rule(), hanknn.Recipe(hanknn.networks.SmoothNetwork(2, 2, 2, 1), (method,))).solution


def test_a_linear_model_is_solved_before_training_and_indeterminate_economies_are_refused(rule):
    # Undetermined coefficients, with demand's persistence of a half.
    a, b, half = 0.5, 0.99, 0.5
    for phi, kappa in ((1.5, 0.1), (1.1, 0.2)):
        determinant = (1 - half) * (1 - b * half) + kappa * (phi - a)
        inflation = 0.005 + 0.01 * kappa / determinant
        policy = rule.policy({"demand": 0.01}, {"phi": phi, "kappa": kappa})
        assert policy["inflation"] == pytest.approx(inflation, abs=1e-12)
    with pytest.raises(NotSolvedError, match=r"one stable path to it at phi = 0\.9"):
        rule.policy({"demand": 0.01}, {"phi": 0.9})
    report = hanknn.check(rule, draws=300)
    assert report.solved_share == pytest.approx(5 / 6, abs=0.08)
    assert report.residuals["max"].max() < 1e-12


def test_what_is_missing_is_said():
    class Unbalanced(Rule):
        def residuals(self, now, expected, theta):
            return {"euler": super().residuals(now, expected, theta)["euler"]}

    with pytest.raises(ModelError, match="1 equations for 2 policies: euler for gap, inflation"):
        Equations(Unbalanced())

    class Nowhere(Growth):
        def residuals(self, now, expected, theta):
            return {"euler": 2 + jnp.exp(now.z) + 0 * now.consumption}

    with pytest.raises(ModelError, match=r"no steady state .*euler is off by 2.*steady_state\(theta\)"):
        Equations(Nowhere())

    class Half(Growth):
        def policy_center(self, theta):
            return {"consumption": 1.0}

    with pytest.raises(ModelError, match="gives a policy_center, but no state_scale"):
        Equations(Half())

    class Own(Growth):
        def state_scale(self, theta):
            return {"capital": 1.0, "z": 0.02}

    with pytest.raises(ModelError, match="'capital' of model 'growth' is declared positive"):
        Equations(Own())

    class Named(Rule):
        parameters = ParameterSpace(**{n: Rule.parameters[n] for n in Rule.parameters}, steady=Parameter(0.9))

    with pytest.raises(ModelError, match="parameter 'steady' of model 'rule' has the name"):
        Equations(Named())

    class Twice(Growth):
        def transition(self, now, shock, theta):
            return {**super().transition(now, shock, theta), "z": 0.0}

    with pytest.raises(ModelError, match="'z' of model 'growth' has the law of motion of its AR1"):
        Equations(Twice())


def test_positive_variables_are_learned_in_logarithms():
    with jax.enable_x64(True):
        equations = Equations(Growth())
        theta = jax.jit(equations.parameters)(jnp.asarray(Growth.parameters.baseline))
        far = equations.ergodic_state(jnp.full(2, -1000.0), theta)
        assert 0 < far.capital < 1e-10
        assert equations.outputs_from(jnp.asarray([-300.0])).consumption > 0
        # The log-linear slope of consumption in capital, by differences of the solved problem itself.
        linear = theta.linear
        at = lambda k: equations.outputs_from(linear.outputs + linear.slopes @ jnp.asarray([k, 0.0])).consumption
        np.testing.assert_allclose(np.log(at(0.1) / at(-0.1)) / 0.2, linear.slopes[0, 0], rtol=1e-10)


def test_processes_stand_among_the_states():
    class Correlated(Rule):
        states = {
            "demand": AR1(0.5, 0.01, "d", "demand", mean=0.02, moving_average=0.3),
            "costs": AR1("rho", 0.02, "u", "costs", shock="news", also={"eps_demand": 0.5}),
        }
        parameters = ParameterSpace(**{n: Rule.parameters[n] for n in Rule.parameters}, rho=Parameter(0.9))

    model = Correlated()
    assert list(model.states) == ["demand", "last_eps_demand", "costs"]
    assert list(model.shocks) == ["eps_demand", "news"]
    with jax.enable_x64(True):
        equations = Equations(model)
        theta = equations.parameters(jnp.asarray(model.parameters.baseline))
        state = hanknn.Point({"demand": 0.1, "last_eps_demand": 2.0, "costs": 1.0})
        policy = hanknn.Point({"gap": 0.0, "inflation": 0.0})
        moved = equations.transition(state, policy, jnp.asarray([1.0, -1.0]), theta)
    np.testing.assert_allclose(pack(moved), [0.01 + 0.05 + 0.01 - 0.3 * 0.01 * 2, 1.0, 0.9 - 0.02 + 0.5])


def test_the_bound_is_slack_in_the_linear_company_of_rank():
    with jax.enable_x64(True):
        equations = Equations(RANK())
        theta = jax.jit(equations.parameters)(jnp.asarray(RANK.parameters.baseline))
        linear = theta.linear
        assert bool(linear.determinate)
        assert float(equations.slackness(linear.state_center, linear.policy_center, theta)[0]) > 0.005
        assert float(theta.steady.inflation) == pytest.approx(RANK.parameters["target"].value, abs=1e-3)


def test_the_linearised_model_is_filtered_whatever_the_solution(rule):
    data = hanknn.data.simulate_data(
        rule, ("gap", "inflation"), 60, measurement_error=hanknn.data.VarianceShare(0.1)
    ).observed
    exact = hanknn.log_likelihood(rule, data, filter=hanknn.Kalman())
    assert hanknn.log_likelihood(rule, data, filter=hanknn.Kalman(linearised=True)) == pytest.approx(exact, abs=1e-8)

    rank = hanknn.load("rank")
    data = hanknn.data.simulate_data(
        rank, ("output_growth",), 40, measurement_error=hanknn.data.VarianceShare(0.1)
    ).observed
    with pytest.raises(ModelError, match="departs from linearity"):
        hanknn.log_likelihood(rank, data, filter=hanknn.Kalman())
    linear = hanknn.log_likelihood(rank, data, filter=hanknn.Kalman(linearised=True))
    full = hanknn.log_likelihood(rank, data, filter=hanknn.Grid())
    assert np.isfinite(linear) and 1e-4 < abs(linear - full) < 10
    tangent = hanknn.log_likelihood(rank, data, filter=hanknn.Kalman(tolerance=np.inf))
    assert abs(linear - tangent) > 1e-6, "the solution's own slopes know of risk and of the bound"

    nk = hanknn.load("nk")
    data = hanknn.data.simulate_data(nk, ("inflation",), 40, measurement_error=hanknn.data.VarianceShare(0.1)).observed
    with pytest.raises(ModelError, match="no linear solution beside it"):
        hanknn.log_likelihood(nk, data, filter=hanknn.Kalman(linearised=True))


def test_a_check_says_how_far_from_linear_a_solution_is(rule):
    report = hanknn.check(rule, draws=200)
    assert report.linear["p99"].max() < 1e-9
    bounded = hanknn.check(hanknn.load("rank"), draws=200)
    assert 0.05 < bounded.linear.loc["inflation", "rms"] < 2 and "linear solution" in str(bounded)
    assert hanknn.check(hanknn.load("nk"), draws=200).linear is None
