"""Figures of economies with households: inequality, steady states, policies and long-run moments by their risk."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ...economy.model import Variable
from ...economy.parameters import Parameter
from ...references.hank.steady_result import DeterministicSteadyState
from .canvas import BLUE, GREY, VERMILION, canvas, finish

STYLES = ((":", BLUE), ("-", "black"), ("--", VERMILION))
"""Line and colour of up to three economies."""


def lorenz_curves(economies: Mapping[str, DeterministicSteadyState]) -> Figure:
    """Cumulated share of assets against that of households, poorest first, up to three steady states by label.

    Where households borrow the curve dips below zero.
    """
    figure, axes = canvas(1, 1, (4.0, 3.4))
    axis = axes[0, 0]
    axis.plot([0, 100], [0, 100], color=GREY, lw=0.8, label="equal wealth")
    for (label, steady), (line, colour) in zip(economies.items(), STYLES, strict=False):
        table = steady.by_assets()
        people, wealth = (100 * np.r_[0.0, table[c]] for c in ("cumulative_share", "cumulative_assets"))
        axis.plot(people, wealth, line, color=colour, lw=1.6, label=f"{label}: Gini {steady.gini:.2f}")
    axis.axhline(0, color=GREY, lw=0.8)
    axis.set(xlabel="households, poorest first (percent)", ylabel="share of all assets (percent)", xlim=(0, 100))
    axis.legend(frameon=False, loc="upper left")
    return finish(figure, "Wealth in the deterministic steady state")


def steady_maps(table: pd.DataFrame, risk: Parameter, limit: Parameter) -> Figure:
    """Steady states against households' risk, a line a borrowing limit (three of them).

    `table`: columns `sigma_s`, `borrowing_limit`, and one a panel with its label and unit as the name.
    """
    shown = [c for c in table.columns if c not in ("sigma_s", "borrowing_limit")]
    figure, axes = canvas(1, len(shown), (2.5 * len(shown), 2.5))
    for axis, column in zip(axes.ravel(), shown, strict=True):
        for (value, part), (line, colour) in zip(table.groupby("borrowing_limit"), STYLES, strict=True):
            axis.plot(part["sigma_s"], part[column], line, color=colour, lw=1.6, label=f"{limit.label} = {value:g}")
        axis.set(xlabel=risk.label, ylabel=column, xlim=risk.bounds)
    axes.ravel()[0].legend(frameon=False)
    return finish(figure, f"Deterministic steady states against {risk.label}, {risk.text}")


def policies_by_risk(table: pd.DataFrame, risk: Parameter, shock: Variable, shown: Mapping[str, Variable]) -> Figure:
    """KMR's figure 7: observables against the first aggregate state, a line an economy (three values of risk).

    `table`: columns `sigma_s`, `state` (ergodic s.d.) and the observables in `shown`.
    """
    figure, axes = canvas(1, len(shown), (3.4 * len(shown), 2.9))
    for axis, (name, variable) in zip(axes.ravel(), shown.items(), strict=True):
        for (value, part), (line, colour) in zip(table.groupby("sigma_s"), STYLES, strict=True):
            axis.plot(part["state"], part[name], line, color=colour, lw=1.8, label=f"{risk.label} = {value:g}")
        axis.set(xlabel=f"{shock.label}, {shock.text} (ergodic s.d.)", ylabel=f"{variable.label} ({variable.unit})")
        axis.set(title=variable.text.capitalize(), xlim=(table["state"].min(), table["state"].max()))
    axes.ravel()[0].legend(frameon=False)
    return finish(figure, "Other states at their steady state")


def moments_by_risk(table: pd.DataFrame, risk: Parameter, marked: float) -> Figure:
    """KMR's figure 8: s.d. of output and frequency of the zero lower bound against risk, with and without the bound.

    `table`: columns `sigma_s`, `sd` and `sd_without` (percent), `frequency` (percent of quarters); `marked`: a value
    of `sigma_s` to mark.
    """
    figure, axes = canvas(1, 2, (7.0, 2.9))
    left, right = axes.ravel()
    left.plot(table["sigma_s"], table["sd"], color=BLUE, lw=1.8, label="with the zero lower bound")
    left.plot(table["sigma_s"], table["sd_without"], "--", color=VERMILION, lw=1.6, label="without")
    left.set(ylabel="s.d. of output (percent)", title="Output volatility")
    left.legend(frameon=False)
    right.plot(table["sigma_s"], table["frequency"], color=BLUE, lw=1.8)
    right.set(ylabel="percent of quarters", title="Rate at the bound")
    for axis in (left, right):
        axis.axvline(marked, color=GREY, lw=0.8, ls=":")
        axis.set(xlabel=f"{risk.label}, {risk.text}", xlim=risk.bounds)
    return finish(figure, f"Dotted: KMR's estimate, {risk.label} = {marked:g}")
