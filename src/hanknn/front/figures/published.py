"""Figures of KMR's that compare a solution with time iteration, or show how it was found."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ...inference.posterior.target import Box
from .canvas import BLUE, GREY, VERMILION, canvas, equation_columns, finish, panels, words


def posterior_cuts(
    box: Box, places: np.ndarray, found: Mapping[str, np.ndarray], truth: Mapping[str, float], depth: float = 40.0
) -> Figure:
    """KMR's figure 6: log posterior density along each parameter, less its peak; the others at their true values.

    `places` (estimated, points); `found`: two curves of that shape by name, the second dashed.
    """
    figure, axes = panels(len(box.names), 2, 7.0, 1.9, 0.5)
    styles = (("-", BLUE, 2.2), ("--", VERMILION, 1.4))
    for i, (axis, name) in enumerate(zip(axes, box.names, strict=True)):
        for (label, values), (line, colour, width) in zip(found.items(), styles, strict=True):
            peak = np.max(values[i])
            shown = np.where(np.isfinite(values[i]), values[i] - peak, np.nan)
            axis.plot(places[i], shown, line, color=colour, lw=width, label=label)
        axis.axvline(truth[name], color=GREY, lw=0.8, ls=":", label="true value")
        axis.set(xlabel=f"{box.space.label(name)}, {box.space[name].text}", ylabel="log posterior density")
        axis.set(xlim=(places[i, 0], places[i, -1]), ylim=(-depth, 0.05 * depth))
    axes[0].legend(frameon=False, loc="lower center")
    return finish(figure, "Cuts through the posterior, less their peaks; other parameters at their true values")


def phased_history(validation: pd.DataFrame, phase: tuple[int, int], published: float) -> Figure:
    """KMR's figure 11: residuals on fresh draws against the iteration; shaded: the constraint is phased in."""
    figure, axes = canvas(1, 1, (5.0, 3.0))
    axis = axes[0, 0]
    axis.axvspan(*phase, color=GREY, alpha=0.3, lw=0, label="zero lower bound phased in")
    iteration = validation["iteration"]
    axis.semilogy(iteration, validation["mean_square"], color=BLUE, lw=2.0, label="mean of both equations")
    for name, line in zip(equation_columns(validation), ("--", ":", "-."), strict=False):
        axis.semilogy(iteration, validation[name], line, color=VERMILION, lw=1.2, label=words(name))
    axis.axhline(published, color="black", lw=0.9, ls=(0, (1, 3)), label="KMR, 100,000 iterations")
    axis.set(xlabel="iteration", ylabel="mean squared residual, fresh draws", xlim=(0, None))
    axis.legend(frameon=False)
    return finish(figure, "With the bound in full, over the economies that are solved")
