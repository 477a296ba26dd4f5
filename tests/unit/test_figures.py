"""Figures are labelled from the tables and leave the user's settings alone."""

import matplotlib
import pandas as pd
import pytest

import hanknn
from hanknn.front import figures
from hanknn.machine.errors import UnknownNameError


def test_policy_panels_are_labelled_from_the_parameter_table(quick):
    figure = figures.policy_panels(quick, "inflation", points=5)
    assert len(figure.axes) == 8
    for axis, name in zip(figure.axes, quick.model.parameters, strict=True):
        parameter = quick.model.parameters[name]
        assert parameter.label in axis.get_xlabel() and parameter.text in axis.get_xlabel()
        assert r"$\pi_t$" in axis.get_ylabel() and "deviation" in axis.get_ylabel()
        assert len(axis.get_lines()) == 3 and axis.get_lines()[1].get_linestyle() == "--"
    assert "1 s.d. below its mean" in figure.get_suptitle()


def test_all_policies_are_drawn_as_each_alone_by_asking_once_what_is_solved(quick, monkeypatch):
    asked = []
    solved = type(quick).solved
    monkeypatch.setattr(type(quick), "solved", lambda self, theta: asked.append(1) or solved(self, theta))
    drawn = figures.every_policy_panels(quick, points=5)
    assert list(drawn) == list(quick.equations.scalar_policies)
    assert len(asked) == len(quick.model.parameters.free)
    for name, figure in drawn.items():
        alone = figures.policy_panels(quick, name, points=5)
        for axis, other in zip(figure.axes, alone.axes, strict=True):
            assert axis.get_ylabel() == other.get_ylabel()
            assert (axis.get_lines()[0].get_ydata() == other.get_lines()[0].get_ydata()).all()


def test_the_network_and_the_closed_form_nearly_coincide_in_the_picture(quick):
    axis = figures.policy_panels(quick, "inflation", points=5).axes[0]
    network, exact = (line.get_ydata() for line in axis.get_lines()[:2])
    assert abs(network / exact - 1).max() < 0.05
    assert (exact < 0).all()


def test_responses_show_every_state_and_policy(quick):
    figure = figures.impulse_responses(quick, size=-1.0, periods=8)
    assert [axis.get_title() for axis in figure.axes] == ["Natural rate of interest", "Output gap", "Inflation"]
    assert all(len(axis.get_lines()[1].get_xdata()) == 9 for axis in figure.axes)


def test_responses_by_state_name_the_shock_and_keep_their_legend_off_the_curves(monkeypatch):
    starts = lambda solution, constraint, binds: {"zeta": -0.1 if binds else 0.0}
    monkeypatch.setattr(figures.solution, "states_where", starts)
    rank = hanknn.load("rank")
    figure = figures.responses_by_state(rank, "zlb", periods=2)
    assert "preference shock" in figure.get_suptitle() and "zero lower bound" in figure.get_suptitle()
    assert all(axis.get_legend() is None for axis in figure.axes)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["binding, -2 s.d.", "binding, +2 s.d.", "slack, -2 s.d.", "slack, +2 s.d."]


def test_the_loss_history_shows_each_equation(quick_folder):
    history, validation = (pd.read_csv(quick_folder / f"{name}.csv") for name in ("history", "validation"))
    figure = figures.loss_history(history, validation)
    labels = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert labels == ["mean of all equations", "Euler equation", "Phillips curve"]


def test_save_writes_png_and_pdf_and_keeps_global_settings(quick, tmp_path):
    before = dict(matplotlib.rcParams)
    paths = figures.save(figures.impulse_responses(quick), tmp_path / "new", "irf")
    assert [p.suffix for p in paths] == [".png", ".pdf"] and all(p.stat().st_size > 5000 for p in paths)
    assert dict(matplotlib.rcParams) == before


def test_an_unknown_policy_is_refused(quick):
    with pytest.raises(UnknownNameError, match="did you mean 'inflation'"):
        figures.policy_panels(quick, "inflaton")


def test_figures_are_written_as_they_are_ready_and_each_is_reported(quick, tmp_path):
    from hanknn.front.runs import draw_solution

    told = []
    paths = draw_solution(quick, tmp_path, lambda step: told.append((step, len(list(tmp_path.glob("*.png"))))))
    whole = [(step.done, there) for step, there in told if step.stage == "figures"]
    assert whole[0] == (0, 0) and whole[-1][1] == len(paths) // 2
    assert all(there > 0 for done, there in whole if done > 0), "nothing is kept back until the end"
    assert {step.stage for step, _ in told} > {"figures"}, "what takes long within a figure is told, too"
