"""What `hanknn show` says of a model, against what is known of it otherwise."""

from pathlib import Path

import numpy as np
import pytest

from hanknn import AR1, Model, Parameter, ParameterSpace, Variable
from hanknn.economy.determinacy import BOUND, MANY, NO_STEADY_STATE, NONE, ONE
from hanknn.front.cli.command import main
from hanknn.front.cli.names import find_model
from hanknn.front.shown import shown
from hanknn.front.templates.my_model import MyModel
from hanknn.machine.errors import UnknownNameError
from hanknn.models import LinearNK

ROOT = Path(__file__).parents[2]


def test_the_closed_form_has_these_eigenvalues_and_standard_deviations():
    """Brock and Mirman: log k' = log αβ + α log k + z, so α and ρ are the eigenvalues, log k is an AR(2)."""
    alpha, beta, rho, sigma = 0.3, 0.95, 0.8, 0.01
    values = {"alpha": alpha, "beta": beta, "rho": rho, "sigma": sigma}
    around = shown(find_model(f"{ROOT}/docs/extend/brock_mirman.py:BrockMirman"), values, draws=20).around
    np.testing.assert_allclose(around.moduli, [rho, alpha], rtol=1e-9)
    assert around.verdict == ONE and around.shares[ONE] == 1 and around.unmoved == ()
    steady, spread = around.variables["steady state"], around.variables["s.d."]
    np.testing.assert_allclose(steady["log_k"], np.log(alpha * beta) / (1 - alpha), rtol=1e-9)
    np.testing.assert_allclose(steady["savings_rate"], alpha * beta, rtol=1e-9)
    variance = sigma**2 * (1 + alpha * rho) / ((1 - alpha * rho) * (1 - alpha**2) * (1 - rho**2))
    np.testing.assert_allclose(spread[["log_k", "z"]], [variance**0.5, sigma / (1 - rho**2) ** 0.5], rtol=1e-8)


@pytest.fixture(scope="module")
def template():
    return shown(MyModel(), draws=10)


def test_the_template_is_sound(template):
    """Its steady state on paper: the return on capital gives k/n, the resource constraint c/n, labour supply n."""
    alpha, beta, delta, nu = (template.values[name] for name in ("alpha", "beta", "delta", "nu"))
    capital = (alpha / (1 / beta - 1 + delta)) ** (1 / (1 - alpha))
    consumption = capital**alpha - delta * capital
    hours = ((1 - alpha) * capital**alpha / consumption) ** (1 / (1 + 1 / nu))
    steady = template.around.variables["steady state"]
    wanted = [capital * hours, consumption * hours, hours]
    np.testing.assert_allclose(steady[["capital", "consumption", "hours"]], wanted, rtol=1e-9)
    np.testing.assert_allclose(steady[["output_growth", "hours_gap"]], 0, atol=1e-9)
    assert template.around.verdict == ONE and template.around.shares[ONE] == 1
    assert template.odd == () and template.recipe == "nonlinear" and template.weights > 1000


def test_observables_move_as_policies_do(template):
    """100 log n / n̄ has 100 times the standard deviation that hours have relative to their level."""
    steady, spread = template.around.variables["steady state"], template.around.variables["s.d."]
    np.testing.assert_allclose(spread["hours_gap"], 100 * spread["hours"] / steady["hours"], rtol=1e-9)


class Forward(Model):
    """c = a E[c'] + z: one stable solution where a < 1, many where a > 1. `k` grows by itself with `growth`."""

    name = "forward"
    parameters = ParameterSpace(
        a=Parameter(0.9, range=(0.5, 1.5)), growth=Parameter(0.5, text="growth"), idle=Parameter(2.0, text="idle")
    )
    states = {"z": AR1(0.5, 0.1, "z", "shock"), "k": Variable("k", "capital")}
    policies = {"c": Variable("c", "consumption")}

    def transition(self, now, shock, theta):
        return {"k": theta.growth * now.k + now.z}

    def expectands(self, now, next, theta):
        return {"c": next.c}

    def residuals(self, now, expected, theta):
        return {"euler": now.c - theta.a * expected.c - now.z}


class Endless(Forward):
    """Consumption would have to be its own double, and one more."""

    def steady_state(self, theta):
        return {"z": 0.0, "k": 0.0, "c": 0.0}

    def residuals(self, now, expected, theta):
        # A steady state at the baseline, none where a > 1.
        return {"euler": now.c**2 + theta.a - 0.9 - now.z + 0 * expected.c}


def test_determinacy_is_told_apart_and_counted_over_the_box():
    found = shown(Forward(), draws=400)
    assert found.around.verdict == ONE
    assert found.around.shares[ONE] == pytest.approx(0.5, abs=0.1)
    assert found.around.shares[MANY] == pytest.approx(0.5, abs=0.1)
    assert shown(Forward(), {"a": 1.2}, draws=1).around.verdict == MANY
    assert shown(Forward(), {"growth": 1.1}, draws=1).around.verdict == NONE
    assert shown(Endless(), {"a": 1.2}, draws=1).around.verdict == NO_STEADY_STATE


class Stuck(Forward):
    """Two slips: a lag that is a law of its own, and a range that ends where utility is divided by zero."""

    parameters = ParameterSpace(h=Parameter(0.5, (0.0, 1.0)), idle=Parameter(2.0), other=Parameter(3.0))
    states = {"z": AR1(0.5, 0.1, "z", "shock"), "c_last": Variable("c", "last consumption")}

    def transition(self, now, shock, theta):
        return {"c_last": now.c_last}

    def residuals(self, now, expected, theta):
        return {"euler": now.c / (1 - theta.h) - 0.5 * expected.c - now.z}


class Lagged(Stuck):
    def transition(self, now, shock, theta):
        return {"c_last": now.c}


def test_a_law_of_motion_that_moves_nothing_is_named():
    told = "\n".join(shown(Stuck(), draws=2).odd)
    assert "the law of motion of 'c_last' leaves it where it is" in told and "should it be now.c?" in told
    # Where nothing is solved, nothing can be said of what parameters do.
    assert "no effect" not in told


def test_singular_ends_of_ranges_are_named():
    found = shown(Lagged(), draws=2)
    told = "\n".join(found.odd)
    assert found.around.standing == () and [(e.parameter, e.value) for e in found.around.ends] == [("h", 1.0)]
    assert f"{NO_STEADY_STATE} where 'h' is 1" in told
    assert "parameters 'idle', 'other' have no effect" in told and "cannot tell their values" in told


def test_what_is_missing_or_odd_is_said():
    found = shown(Forward(), {"a": 1.7}, draws=50)
    told = "\n".join(found.odd)
    assert found.around.unmoved == ("idle",)
    for words in (
        "parameter 'a' has no text",
        "no parameter has a prior",
        "no observables",
        "'a' is shown at 1.7, outside its range",
        MANY,
        "not all of the box",
    ):
        assert words in told, words
    with pytest.raises(UnknownNameError, match="did you mean 'growth'"):
        shown(Forward(), {"grwth": 0.5})


def test_a_model_that_is_not_linearised_says_why():
    found = shown(LinearNK())
    assert found.around is None and "its own state_scale" in found.why_not and found.recipe == "default"


def test_the_command_prints_it(capsys):
    assert main(["show", f"{ROOT}/docs/extend/brock_mirman.py:BrockMirman", "--set", "rho=0.8"]) == 0
    told = capsys.readouterr().out
    for words in ("capital share", "0.25 to 0.45", "savings_rate", "euler", "0.8, 0.36", ONE, "nonlinear", "no observ"):
        assert words in told, words
    assert main(["show", "nk"]) == 0
    assert "writes its own state_scale" in capsys.readouterr().out


class Floored(Model):
    """x = a, but not below a floor: over half of the box the floor is above where nothing happens."""

    name = "floored"
    parameters = ParameterSpace(low=Parameter(-0.5, (-1.0, 1.0)))
    states = {"a": AR1(0.5, 0.1, "a", "a")}
    policies = {name: Variable(name, name) for name in ("x", "lift")}
    constraints = {"floor": Variable("x", "floor")}

    def expectands(self, now, next, theta):
        return {}

    def residuals(self, now, expected, theta):
        return {"x": now.x - now.a - now.lift}

    def bounds(self, now, theta):
        return {"floor": (now.x - theta.low, now.lift)}


def test_where_a_constraint_binds_at_rest_it_is_told():
    found = shown(Floored())
    assert found.around.verdict == ONE and abs(found.around.shares[BOUND] - 0.5) < 0.05
    assert found.around.shares[ONE] + found.around.shares[BOUND] == pytest.approx(1)
