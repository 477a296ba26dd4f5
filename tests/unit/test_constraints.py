"""Economies that have an equilibrium only in part of their box: found, marked, refused, left out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hanknn
from hanknn.economy import Equations
from hanknn.economy.networks import SmoothNetwork
from hanknn.economy.points import Point
from hanknn.economy.split import SplitGaussHermite
from hanknn.inference.posterior.target import Box
from hanknn.inference.surrogate import Design
from hanknn.machine.errors import NotSolvedError, SettingError
from hanknn.training.gauss_newton import Curvature, GaussNewton
from hanknn.training.sample import Curriculum, Fixed, Screen


class Fold(hanknn.Model):
    """p = 1 + a (E p')² + max(z, 0): close to p = 1 + a p², which has a root only where a ≤ 1/4.

    `relaxed` takes the curvature and the kink out; the root on the lower branch, which starts at one, is meant.
    """

    def __init__(self, relaxation=0.0):
        self.relaxation = relaxation

    name = "fold"
    parameters = hanknn.ParameterSpace(a=hanknn.Parameter(0.1, range=(0.02, 0.3), label="a", text="curvature"))
    states = {"z": hanknn.Variable("z", "state", "level")}
    shocks = {"e": hanknn.Variable("e", "shock", "s.d.")}
    policies = {"p": hanknn.Variable("p", "price", "level")}
    constraints = {"floor": hanknn.Variable("z", "floor", "level")}

    def relaxed(self, share):
        return Fold(share)

    def transition(self, now, shock, theta):
        return {"z": 0.5 * now.z + 0.01 * shock.e}

    def expectands(self, now, next, theta):
        return {"p": next.p}

    def residuals(self, now, expected, theta):
        hard = 1 - self.relaxation
        push = hard * jnp.maximum(now.z, 0) + self.relaxation * now.z
        return {"pricing": now.p - 1 - hard * theta.a * expected.p**2 - push}

    def slackness(self, now, theta):
        return {"floor": now.z}

    def state_scale(self, theta):
        return {"z": 0.01 / jnp.sqrt(0.75)}

    def policy_center(self, theta):
        return {"p": 1.0}


METHOD = GaussNewton(
    iterations=60,
    sample=Fixed(points=512, start=512, wide_share=0.0, screen=Screen(), screen_every=5),
    expectation=SplitGaussHermite(4),
    curvature=Curvature(float32_until=1.0),
    curriculum=Curriculum(5, 15),
)


@pytest.fixture(scope="module")
def fold():
    return hanknn.solve(Fold(), hanknn.Recipe(SmoothNetwork(8, 2, 8, 2, bend=1.0), (METHOD,)), seed=0).solution


def test_the_region_without_equilibrium_is_found(fold):
    a = np.concatenate([np.linspace(0.02, 0.23, 40), np.linspace(0.275, 0.3, 40)])
    misfit = fold.misfit({"a": a})
    assert (fold.solved(a[:, None]) == (a < 0.25)).all()
    assert misfit[:40].max() < 0.01 < misfit[40:].min()


def test_the_intended_branch_was_learned(fold):
    a = np.array([0.05, 0.15, 0.22])
    found = fold.policy({"z": -0.05}, {"a": a})["p"]
    lower = (1 - np.sqrt(1 - 4 * a)) / (2 * a)
    np.testing.assert_allclose(found, lower, rtol=0.01)


def test_policies_without_equilibrium_are_refused_or_flagged(fold):
    with pytest.raises(NotSolvedError, match=r"a = 0.29.*Most likely there is no equilibrium.*extrapolate"):
        fold.policy({"z": 0.0}, {"a": [0.1, 0.29]})
    with pytest.warns(hanknn.ExtrapolationWarning, match="no equilibrium"):
        table = fold.policy({"z": 0.0}, {"a": [0.1, 0.29]}, extrapolate=True)
    assert list(table["extrapolated"]) == [False, True]
    with pytest.raises(NotSolvedError):
        hanknn.simulate(fold, parameters={"a": 0.29})


def test_a_check_counts_them_and_leaves_them_out(fold):
    report = hanknn.check(fold, draws=2000)
    # (0.25 − 0.02) / 0.28
    assert abs(report.solved_share - 0.82) < 0.05
    assert report.residuals.loc["pricing", "max"] < 0.1
    solved = report.regions["solved_share"]
    assert solved["a", "lower"] == solved["a", "middle"] == 1 and abs(solved["a", "upper"] - 0.46) < 0.08
    shares = report.constraints["share"]
    assert abs(shares["floor", "binding"].iloc[0] - 0.5) < 0.05 and "Not solved at" in report.verdict


def test_the_prior_excludes_them(fold):
    box = Box.over(Fold.parameters, support=fold.solved_function)
    with jax.enable_x64(True):
        log_prior = jax.jit(box.log_prior)
        assert np.isfinite(log_prior(jnp.array([0.1]))) and np.isneginf(log_prior(jnp.array([0.29])))
        assert box.prior_sample(300, jax.random.key(0)).max() < 0.27
    design = Design(points=128).over(box, 0)
    assert design.shape == (128, 1) and design.max() < 0.27 and design.min() < 0.03
    narrow = Box.over(Fold.parameters, support=lambda theta: theta[0] < 0.021)
    with pytest.raises(SettingError, match="calmer"):
        Design(points=128).over(narrow, 0)


def test_a_curriculum_runs_from_one_to_zero_and_stays():
    shares = [float(Curriculum(2, 4).share(jnp.asarray(i), jnp.float32)) for i in range(7)]
    assert shares == [1, 1, 1, 0.5, 0, 0, 0]
    assert float(Curriculum(0, 0).share(jnp.asarray(0), jnp.float32)) == 0
    with pytest.raises(SettingError):
        Curriculum(5, 3)


def test_relaxed_equations_are_another_economy():
    hard, soft = Equations(Fold()), Equations(Fold()).relaxed(1.0)
    at = lambda **values: Point({name: jnp.asarray(value) for name, value in values.items()})
    point = at(z=0.0), at(p=1.0), at(p=2.0), hard.parameters(jnp.array([0.1]))
    assert abs(float(soft.residuals_given(*point)[0])) < 1e-7
    assert abs(float(hard.residuals_given(*point)[0]) + 0.4) < 1e-6


def test_splitting_needs_one_shock_and_one_constraint(nk):
    method = GaussNewton(iterations=1, sample=Fixed(points=64, start=64), expectation=SplitGaussHermite(3))
    with pytest.raises(SettingError, match="0 constraints: use GaussHermite"):
        hanknn.solve(nk, hanknn.Recipe(SmoothNetwork(4, 1, 4, 1), (method,)))
