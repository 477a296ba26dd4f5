"""Figures; the only place that imports matplotlib.

Colours are Okabe and Ito's blue and vermilion, told apart by line style as well, so that figures
survive colour blindness and black-and-white print. Every function returns a figure; `save` writes it.
"""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .errors import SettingError, UnknownNameError
from .precision import in_float64
from .simulation import irf
from .solution import Solution

BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#8C8C8C"


def save(figure: Figure, folder: str | Path, name: str) -> list[Path]:
    """Write `figure` as PNG and PDF into `folder`; returns both paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{ending}" for ending in ("png", "pdf")]
    for path in paths:
        figure.savefig(path, dpi=200)
    return paths


def loss_history(history: pd.DataFrame, validation: pd.DataFrame) -> Figure:
    """KMR's figure 2: training loss against the iteration, and the validation residual beside it.

    `history` and `validation`: the tables of a training history (`History.table`, `.validation`).
    """
    figure, axes = _canvas(1, 2, (7.0, 2.8))
    equations = [c for c in validation.columns if c not in ("stage", "iteration", "seconds", "mean_square")]
    left, right = axes.ravel()
    iteration = np.arange(1, len(history) + 1)
    window = max(1, len(history) // 100)
    smooth = history[equations].mean(axis=1).rolling(window, min_periods=1).mean()
    left.semilogy(iteration, smooth, color=BLUE, lw=1.2)
    left.set(xlabel="iteration", ylabel="mean squared residual", title="Training draws", xlim=(0, None))
    right.semilogy(validation["seconds"], validation["mean_square"], color=BLUE, lw=1.6, label="both equations")
    styles = ["--", ":", "-."]
    for i, name in enumerate(equations):
        line = styles[i % len(styles)]
        right.semilogy(validation["seconds"], validation[name], line, color=VERMILION, lw=1.1, label=_words(name))
    if len(equations) > 1:
        right.lines[0].set_label("mean of all equations")
    right.set(xlabel="seconds", ylabel="mean squared residual", title="Fresh draws over the box", xlim=(0, None))
    right.legend(frameon=False)
    return _finish(figure)


@in_float64
def policy_panels(solution: Solution, policy: str, state_sds: float = -1.0, points: int = 101) -> Figure:
    """KMR's figures 3 and 9: one policy against each parameter, the others at baseline.

    The first state is `state_sds` ergodic standard deviations from its centre, at each parameter
    value that economy's own; other states are at their centres. Solid: network. Dashed: closed form.
    """
    model = solution.model
    if policy not in model.policies:
        raise UnknownNameError("policy", policy, model.policies, f"model '{model.name}'")
    if not model.parameters.free:
        raise SettingError(f"model '{model.name}' has no free parameters to draw policies against")
    free = model.parameters.free
    figure, axes = _canvas(-(-len(free) // 2), 2, (7.0, 1.75 * -(-len(free) // 2) + 0.6))
    variable = model.policies[policy]
    for axis, name in zip(axes.ravel(), free, strict=False):
        grid = np.linspace(*model.parameters[name].bounds, points)
        states, exact = _states_and_exact(solution, {name: grid}, state_sds)
        values = solution.policy(states, {name: grid})[policy]
        axis.plot(grid, values, color=BLUE, lw=2.2, label="neural network")
        if exact is not None:
            axis.plot(grid, exact[policy], "--", color=VERMILION, lw=1.4, label="closed form")
        axis.axvline(model.parameters[name].value, color=GREY, lw=0.8, ls=":")
        unit = f" ({model.parameters[name].unit})" if model.parameters[name].unit else ""
        axis.set(
            xlabel=f"{model.parameters.label(name)}, {model.parameters[name].text}{unit}", xlim=(grid[0], grid[-1])
        )
        axis.set_ylabel(f"{variable.label} ({variable.unit})")
    for axis in axes.ravel()[len(free) :]:
        axis.axis("off")
    first = next(iter(model.states.values()))
    axes.ravel()[0].legend(frameon=False)
    title = f"{variable.text.capitalize()} at {first.label} = {state_sds:+g} ergodic s.d.; others at baseline (dotted)"
    return _finish(figure, title)


@in_float64
def impulse_responses(solution: Solution, shock: str | None = None, size: float = 1.0, periods: int = 20) -> Figure:
    """Responses of states and policies to one shock at the baseline parameters."""
    model = solution.model
    response = irf(solution, shock, size, periods + 1)
    names = [*model.states, *model.policies]
    figure, axes = _canvas(1, len(names), (2.5 * len(names), 2.5))
    for axis, name in zip(axes.ravel(), names, strict=True):
        variable = (dict(model.states) | dict(model.policies))[name]
        axis.axhline(0, color=GREY, lw=0.8)
        axis.plot(response["horizon"], response[name], color=BLUE, lw=1.8)
        axis.set(xlabel="quarters", ylabel=f"{variable.label} ({variable.unit})", title=variable.text.capitalize())
        axis.set_xlim(0, periods)
    hit = response.attrs["shock"]
    return _finish(figure, f"Response to a {model.shocks[hit].text} of {size:+g} s.d., baseline parameters")


def _states_and_exact(solution: Solution, parameters: dict[str, np.ndarray], sds: float):
    """States `sds` ergodic s.d. from the centre at each parameter value, and the exact policies there or None."""
    equilibrium, model = solution.equilibrium, solution.model

    def at(theta):
        units = equilibrium.units(theta)
        state = units["state_center"].at[0].add(sds * units["state_scale"][0])
        return state, equilibrium.closed_form(state, theta)

    states, exact = jax.jit(jax.vmap(at))(jnp.asarray(model.parameters.resolve(parameters)))
    named = dict(zip(model.states, np.asarray(states).T, strict=True))
    return named, None if exact is None else dict(zip(model.policies, np.asarray(exact).T, strict=True))


def _words(name: str) -> str:
    return name.replace("_", " ").replace("euler", "Euler equation").replace("phillips", "Phillips")


def _canvas(rows: int, columns: int, inches: tuple[float, float]) -> tuple[Figure, np.ndarray]:
    """A figure that needs no display and leaves the user's matplotlib settings alone."""
    figure = Figure(figsize=inches, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, axes


def _finish(figure: Figure, title: str = "") -> Figure:
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
