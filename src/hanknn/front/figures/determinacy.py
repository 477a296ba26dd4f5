"""Where in its box a model has one stable solution, before it is solved."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ...economy import Equations
from ...economy.determinacy import BOUND, MANY, NO_STEADY_STATE, NONE, ONE, verdicts_at, why_not_linearised
from ...economy.model import Model
from ...machine.arguments import require_counts
from ...machine.errors import ModelError, SettingError, UnknownNameError
from .canvas import GREY, VERMILION, canvas, finish

MARKS = {
    MANY: ("#56B4E9", "///"),
    NONE: (VERMILION, "\\\\\\"),
    NO_STEADY_STATE: (GREY, "xxx"),
    BOUND: ("#E69F00", "..."),
}
"""Colour and hatch of what is not one stable solution."""

MOST = 5
"""Parameters that are shown where nobody names any."""
DRAWS, GROUPS = 1000, 8
"""Economies over the box that tell by which parameters determinacy changes, and groups of them by one parameter."""


def determinacy_map(
    model: Model | Equations,
    parameters: Sequence[str] | None = None,
    values: Mapping[str, float] | None = None,
    points: int = 61,
) -> Figure:
    """How many stable solutions the linearised model has over every pair of parameters, marked where it is not one.

    It needs no solution. `parameters`: which to show (default: all that have a range; of more than five those by which
    determinacy changes most over the box). The others are at `values`, or at their baselines; a cross is where these
    are themselves. `points`: values of each parameter. Raises `ModelError` for a model that the library does not
    linearise, `UnknownNameError`, and `SettingError` for fewer than two parameters or one without a range. Source of
    the verdicts: Blanchard and Kahn (1980).

    Example: `determinacy_map(Growth(), ["beta", "rho"]).savefig("determinacy.png")`.
    """
    require_counts(points=(points, 2))
    plain = model.model if isinstance(model, Equations) else model
    require_map(plain, parameters)
    space, theta = plain.parameters, plain.parameters.resolve(values)
    equations = model if isinstance(model, Equations) else Equations(model)
    names = _telling(equations) if parameters is None else tuple(dict.fromkeys(parameters))
    size = len(names) - 1
    places = [(row, column) for row in range(size) for column in range(row + 1)]
    pairs = [(names[column], names[row + 1]) for row, column in places]
    grids = [_grid(equations, pair, theta, points) for pair in pairs]
    found = verdicts_at(equations, np.concatenate(grids)).reshape(len(pairs), points, points)
    figure, axes = canvas(size, size, (max(1.7 * size + 1.2, 5.0), 1.6 * size + 1.1))
    for place, pair, verdicts in zip(places, pairs, found, strict=True):
        _panel(axes[place], [space[name].bounds for name in pair], verdicts)
        axes[place].plot(*theta[[space.names.index(name) for name in pair]], "k+", ms=7)
    for k in range(size):
        axes[-1, k].set_xlabel(space.label(names[k]))
        axes[k, 0].set_ylabel(space.label(names[k + 1]))
    for axis in axes[np.triu_indices(size, 1)]:
        axis.axis("off")
    figure.legend(handles=_legend(found), loc="outside lower center", frameon=False, fontsize=7)
    return finish(figure, f"Stable solutions of the linearised economy, by two parameters at a time\n{_others(values)}")


def require_map(model: Model, parameters: Sequence[str] | None = None) -> None:
    """Raise what `determinacy_map` raises for such a model and parameters."""
    if why := why_not_linearised(model):
        raise ModelError(f"a determinacy map shows the linearised model, but {why}")
    space = model.parameters
    names = space.free if parameters is None else parameters
    for name in names:
        if name not in space.names:
            raise UnknownNameError("parameter", name, space.names)
        if name not in space.free:
            raise SettingError(f"parameter '{name}' has no range to draw a map over; give it one")
    if len(set(names)) < 2:
        whose = f"model '{model.name}' has" if parameters is None else "given:"
        raise SettingError(f"a determinacy map needs two parameters that have a range; {whose} {len(set(names))}")


def _telling(equations: Equations) -> tuple[str, ...]:
    """The parameters by which the share of determinate economies changes most over the box, in the model's order."""
    space = equations.model.parameters
    if len(space.free) <= MOST:
        return space.free
    thetas = space.sample(DRAWS, 0)
    one = verdicts_at(equations, thetas) == ONE

    def change(name: str) -> float:
        order = np.argsort(thetas[:, space.names.index(name)])
        return float(np.var([group.mean() for group in np.array_split(one[order], GROUPS)]))

    ranked = sorted(space.free, key=change, reverse=True)[:MOST]
    return tuple(name for name in space.free if name in ranked)


def _grid(
    equations: Equations, pair: tuple[str, str], theta: Float[np.ndarray, " parameters"], points: int
) -> Float[np.ndarray, "economies parameters"]:
    """Parameters with two of them anywhere in their ranges; the second changes slowest."""
    space = equations.model.parameters
    thetas = np.tile(theta, (points**2, 1))
    across, above = np.meshgrid(*(np.linspace(*space[name].bounds, points) for name in pair))
    thetas[:, [space.names.index(name) for name in pair]] = np.stack([across.ravel(), above.ravel()], axis=1)
    return thetas


def _panel(axis: Axes, ranges: Sequence[tuple[float, float]], verdicts: np.ndarray) -> None:
    """Mark what is not one stable solution; borders lie halfway between two values of a parameter."""
    x, y = (np.linspace(*bounds, len(verdicts)) for bounds in ranges)
    for verdict, (colour, hatch) in MARKS.items():
        there = (verdicts == verdict).astype(float)
        if there.any():
            axis.contourf(x, y, there, [0.5, 2.0], colors=[colour], hatches=[hatch], alpha=0.7)
    axis.set(xlim=ranges[0], ylim=ranges[1])


def _legend(verdicts: np.ndarray) -> list[Patch]:
    """An entry for each verdict that occurs."""
    own = [Patch(facecolor="white", edgecolor=GREY, label=ONE)] if (verdicts == ONE).any() else []
    seen = {verdict: mark for verdict, mark in MARKS.items() if (verdicts == verdict).any()}
    return own + [Patch(facecolor=c, hatch=h, alpha=0.7, label=verdict) for verdict, (c, h) in seen.items()]


def _others(values: Mapping[str, float] | None) -> str:
    given = ", ".join(f"{name} = {value:g}" for name, value in (values or {}).items())
    return f"the others at their baselines{f' but {given}' if given else ''} (crosses)"
