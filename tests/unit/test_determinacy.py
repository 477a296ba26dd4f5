"""How many stable solutions a linearised model has, and the map of it, against what is known on paper."""

import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.colors import to_rgba

from hanknn import AR1, Model, Parameter, ParameterSpace, Variable
from hanknn.economy import Equations
from hanknn.economy.determinacy import MANY, NONE, ONE, verdicts_at
from hanknn.front import figures
from hanknn.front.cli.command import main
from hanknn.front.figures.determinacy import MARKS
from hanknn.machine.errors import ModelError, SettingError, UnknownNameError
from hanknn.models import LinearNK

BETA = 0.99


class Rule(Model):
    """Three equations of which the rule need not respond to inflation more than one for one."""

    name = "rule"
    parameters = ParameterSpace(
        phi_pi=Parameter(1.2, (0.8, 1.2), label=r"$\phi_\pi$"),
        idle_1=Parameter(0.0, (-1.0, 1.0)),
        idle_2=Parameter(0.0, (-1.0, 1.0)),
        idle_3=Parameter(0.0, (-1.0, 1.0)),
        idle_4=Parameter(0.0, (-1.0, 1.0)),
        kappa=Parameter(0.04, (0.02, 0.1), label=r"$\kappa$"),
        phi_x=Parameter(0.3, (0.0, 0.5), label=r"$\phi_x$"),
        rho=Parameter(0.5),
    )
    states = {"costs": AR1("rho", 0.01, "u", "costs")}
    policies = {n: Variable(n, n) for n in ("gap", "inflation")}

    def expectands(self, now, next, theta):
        return {"gap": next.gap, "inflation": next.inflation}

    def residuals(self, now, expected, theta):
        rate = theta.phi_pi * now.inflation + theta.phi_x * now.gap
        return {
            "euler": now.gap - expected.gap + rate - expected.inflation,
            "phillips_curve": now.inflation - BETA * expected.inflation - theta.kappa * now.gap - now.costs,
        }


def _principle(phi_pi, kappa, phi_x):
    """Above zero where there is one stable solution (Bullard and Mitra 2002, proposition 1)."""
    return kappa * (phi_pi - 1) + (1 - BETA) * phi_x


class Spiral(Model):
    """E[y'] = 2 r cos ω y − r² k with k' = y: two eigenvalues r exp(±iω), of which one has to be left out."""

    name = "spiral"
    parameters = ParameterSpace(r=Parameter(1.2, (0.6, 1.4)), omega=Parameter(0.7, (0.1, 3.0)))
    states = {"k": Variable("k", "lag"), "z": AR1(0.5, 0.1, "z", "shock")}
    policies = {"y": Variable("y", "y")}

    def transition(self, now, shock, theta):
        return {"k": now.y}

    def expectands(self, now, next, theta):
        return {"y": next.y}

    def residuals(self, now, expected, theta):
        return {"law": expected.y - 2 * theta.r * jnp.cos(theta.omega) * now.y + theta.r**2 * now.k - now.z}


@pytest.fixture(scope="module")
def rule():
    return Equations(Rule())


def test_many_and_none_are_told_apart_where_eigenvalues_come_in_pairs():
    equations = Equations(Spiral())
    thetas = equations.model.parameters.sample(200, 0)
    found = verdicts_at(equations, thetas)
    np.testing.assert_array_equal(found, np.where(thetas[:, 0] < 1, MANY, NONE))


def test_verdicts_follow_the_taylor_principle_unless_a_shock_explodes(rule):
    thetas = Rule.parameters.sample(400, 1)
    found = verdicts_at(rule, thetas)
    determinate = _principle(thetas[:, 0], thetas[:, 5], thetas[:, 6]) > 0
    assert 0.1 < determinate.mean() < 0.9
    np.testing.assert_array_equal(found, np.where(determinate, ONE, MANY))
    assert set(verdicts_at(rule, np.insert(thetas[:, :-1], 7, 1.1, axis=1))) == {NONE}


def test_the_maps_borders_follow_the_taylor_principle(rule):
    points, names = 31, ("phi_pi", "kappa", "phi_x")
    figure = figures.determinacy_map(rule, names, points=points)
    panels = {(0, 0): (0, 1), (1, 0): (0, 2), (1, 1): (1, 2)}
    grid = np.array(figure.axes[:4], object).reshape(2, 2)
    ranges = np.array([Rule.parameters[name].bounds for name in names])
    cell, baseline = (ranges[:, 1] - ranges[:, 0]) / (points - 1), [Rule.parameters[name].value for name in names]
    for place, pair in panels.items():
        marked = [c for c in grid[place].collections if (c.get_facecolor() == to_rgba(MARKS[MANY][0], 0.7)).all()]
        if place == (1, 1):
            assert not marked, "one stable solution everywhere"
            continue
        border = np.concatenate([path.vertices for path in marked[0].get_paths()])
        low, high = ranges[list(pair)].T
        border = border[((border > low + 1e-9) & (border < high - 1e-9)).all(axis=1)]
        at = np.tile(baseline, (len(border), 1))
        assert len(border) > points // 2
        signs = []
        for side in (-1, 1):  # within a cell to either side lies the border on paper
            at[:, list(pair)] = border
            at[:, pair[0]] += side * 1.01 * cell[pair[0]]
            signs.append(_principle(*at.T) > 0)
        assert not signs[0].any() and signs[1].all()
    assert grid[1, 0].get_xlabel() == r"$\phi_\pi$" and grid[1, 0].get_ylabel() == r"$\phi_x$"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [ONE, MANY]


def test_of_many_parameters_those_are_shown_by_which_determinacy_changes(rule):
    figure = figures.determinacy_map(rule, points=3)
    across = [axis.get_xlabel() for axis in figure.axes]
    above = [axis.get_ylabel() for axis in figure.axes]
    assert r"$\phi_\pi$" in across and r"$\kappa$" in {*across, *above} and r"$\phi_x$" in above
    assert len(figure.axes) == 16


def test_what_cannot_be_mapped_is_refused():
    with pytest.raises(ModelError, match="it writes its own state_scale"):
        figures.require_map(LinearNK())
    with pytest.raises(UnknownNameError, match="did you mean 'kappa'"):
        figures.require_map(Rule(), ["phi_pi", "kapa"])
    with pytest.raises(SettingError, match="'rho' has no range"):
        figures.require_map(Rule(), ["phi_pi", "rho"])
    with pytest.raises(SettingError, match="needs two parameters that have a range; given: 1"):
        figures.require_map(Rule(), ["phi_pi", "phi_pi"])
    with pytest.raises(SettingError, match="model 'rule' has 1"):
        figures.require_map(Rule().only("phi_pi"))


def test_the_command_draws_the_map(tmp_path, capsys):
    model, file = f"{__file__}:Spiral", tmp_path / "map.png"
    assert main(["show", model, "--determinacy", str(file), "--set", "r=0.9"]) == 0
    assert file.stat().st_size > 5000 and MANY in capsys.readouterr().out
    for arguments, told in (
        ([model, "--determinacy", str(file)], "exists"),
        ([model, "--determinacy", str(tmp_path / "map.txt")], "--determinacy"),
        ([model, "--force"], "--force has no effect"),
        (["nk", "--determinacy", str(tmp_path / "nk.png")], "state_scale"),
    ):
        assert main(["show", *arguments]) == 2
        assert told in capsys.readouterr().err
