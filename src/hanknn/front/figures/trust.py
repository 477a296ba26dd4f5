"""Where in its box a solution can be trusted."""

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from ...economy.misfit import SOLVED
from ...machine.errors import SettingError
from ...machine.work import Report, Step, silent
from ...solution import Solution
from .canvas import VERMILION, canvas, finish


def trust_map(solution: Solution, points: int = 25, report: Report = silent) -> Figure:
    """The misfit over every pair of parameters, the others at baseline; hatched where the equations are not solved.

    Most likely there is no equilibrium there: `policy` refuses, and estimation leaves it out. `report` is told of
    each pair.
    """
    space = solution.model.parameters
    free = space.free
    if len(free) < 2:
        raise SettingError(f"a trust map needs two free parameters; model '{solution.model.name}' has {len(free)}")
    size = len(free) - 1
    figure, axes = canvas(size, size, (1.7 * size + 1.2, 1.6 * size + 0.6))
    image, pairs = None, size * (size + 1) // 2
    for row, above in enumerate(free[1:]):
        for column, across in enumerate(free[:-1]):
            axis = axes[row, column]
            if column > row:
                axis.axis("off")
                continue
            x, y = (np.linspace(*space[name].bounds, points) for name in (across, above))
            grid = np.meshgrid(x, y)
            misfit = np.reshape(solution.misfit({across: grid[0].ravel(), above: grid[1].ravel()}), (points, points))
            report(Step("pairs of parameters", row * (row + 1) // 2 + column + 1, pairs))
            image = axis.pcolormesh(x, y, misfit, norm=LogNorm(1e-4, 1), cmap="cividis", shading="gouraud")
            if (misfit > SOLVED).any() and (misfit <= SOLVED).any():
                axis.contour(x, y, misfit, [SOLVED], colors=VERMILION, linewidths=1.4)
                axis.contourf(x, y, misfit, [SOLVED, np.inf], colors="none", hatches=["///"])
            axis.set(
                xlabel=space.label(across) if row == size - 1 else "", ylabel=space.label(above) if not column else ""
            )
    if image is not None:
        bar = figure.colorbar(image, ax=axes, shrink=0.6)
        bar.set_label("misfit (root mean square, share of the policies' scale)", fontsize=8)
        bar.ax.axhline(SOLVED, color=VERMILION, lw=1.4)
    return finish(figure, "Where the equations are solved; hatched: most likely no equilibrium. Others at baseline")
