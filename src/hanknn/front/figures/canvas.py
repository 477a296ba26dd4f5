"""One look for all figures, and how they are written.

Colours are Okabe and Ito's blue and vermilion, told apart by line style as well, so that figures
survive colour blindness and black-and-white print.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#8C8C8C"

COLOURS, DASHES = (VERMILION, "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#000000"), ("--", ":", "-.", (0, (7, 1)))
"""Of lines beside a blue one; in turn, the first twelve pairs differ."""


def save(figure: Figure, folder: str | Path, name: str) -> list[Path]:
    """Write `figure` as PNG and PDF into `folder`; returns both paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{ending}" for ending in ("png", "pdf")]
    figure.savefig(paths[0], dpi=200)
    # Finding places for all texts takes as long as drawing them: the PDF takes the PNG's.
    layout = figure.get_layout_engine()
    figure.set_layout_engine("none")
    figure.savefig(paths[1], dpi=200)
    figure.set_layout_engine(layout)
    return paths


def canvas(rows: int, columns: int, inches: tuple[float, float]) -> tuple[Figure, np.ndarray]:
    """A figure that needs no display and leaves the user's matplotlib settings alone."""
    figure = Figure(figsize=inches, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, axes


def panels(count: int, columns: int, width: float, row_height: float, extra: float) -> tuple[Figure, np.ndarray]:
    """A figure with `count` axes, shape (count,), in rows of `columns`; heights and `extra` are inches."""
    rows = -(-count // columns)
    figure, axes = canvas(rows, columns, (width, row_height * rows + extra))
    for axis in axes.ravel()[count:]:
        axis.axis("off")
    return figure, axes.ravel()[:count]


def finish(figure: Figure, title: str = "") -> Figure:
    """One look for all axes, applied last because matplotlib's setters reset fonts."""
    if title:
        figure.suptitle(title, fontsize=9)
    for axis in figure.axes:
        axis.tick_params(labelsize=7)
        axis.grid(True, color="#DDDDDD", lw=0.5)
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
        for text in (axis.xaxis.label, axis.yaxis.label, axis.title):
            text.set_fontsize(8)
        legend = axis.get_legend()
        for text in legend.get_texts() if legend else ():
            text.set_fontsize(7)
    return figure


def equation_columns(validation: pd.DataFrame) -> list[str]:
    """The columns of a validation table that hold one equation's mean square each."""
    return [c for c in validation.columns if c not in ("stage", "iteration", "seconds", "mean_square")]


def words(equation: str) -> str:
    """An equation's name as a legend shows it."""
    return equation.replace("_", " ").replace("euler", "Euler equation").replace("phillips", "Phillips")
