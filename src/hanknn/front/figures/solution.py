"""Figures of a solution: training, policies, impulse responses."""

import warnings
from collections.abc import Callable, Mapping
from itertools import cycle
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...economy import Economy
from ...economy.model import Variable
from ...economy.points import Point, replaced
from ...machine.errors import SettingError, UnknownNameError
from ...machine.precision import in_float64
from ...machine.work import Report, Step, silent
from ...solution import ExtrapolationWarning, Solution
from ...solution.simulation import girf, irf, states_where
from .canvas import BLUE, COLOURS, DASHES, GREY, VERMILION, canvas, equation_columns, finish, panels, words


def loss_history(history: pd.DataFrame, validation: pd.DataFrame) -> Figure:
    """KMR's figure 2: training loss against the iteration, and the validation residual beside it.

    `history` and `validation`: the tables of a training history (`History.table`, `.validation`).
    """
    equations = equation_columns(validation)
    many = len(equations) > 3
    figure, axes = canvas(1, 2, (8.4 if many else 7.0, 2.8))
    left, right = axes.ravel()
    iteration = np.arange(1, len(history) + 1)
    window = max(1, len(history) // 100)
    smooth = history[equations].mean(axis=1).rolling(window, min_periods=1).mean()
    left.semilogy(iteration, smooth, color=BLUE, lw=1.2)
    left.set(xlabel="iteration", ylabel="mean squared residual", title="Training draws", xlim=(0, None))
    right.semilogy(validation["seconds"], validation["mean_square"], color=BLUE, lw=1.6, label="both equations")
    for name, colour, dashes in zip(equations, cycle(COLOURS), cycle(DASHES), strict=False):
        right.semilogy(validation["seconds"], validation[name], ls=dashes, color=colour, lw=1.1, label=words(name))
    if len(equations) > 1:
        right.lines[0].set_label("mean of all equations")
    right.set(xlabel="seconds", ylabel="mean squared residual", title="Fresh draws", xlim=(0, None))
    right.legend(frameon=False, loc="center left" if many else "best", bbox_to_anchor=(1.0, 0.5) if many else None)
    return finish(figure)


def policy_panels(solution: Solution, policy: str, state_sds: float = -1.0, points: int = 101) -> Figure:
    """KMR's figures 3 and 9: one policy against each parameter, the others at baseline.

    The first state is `state_sds` ergodic standard deviations from its centre, at each parameter
    value that economy's own; other states are at their centres. Solid: network. Dashed: closed form.
    Grey: values at which the equations are not solved.
    """
    if policy not in solution.model.policies:
        raise UnknownNameError("policy", policy, solution.model.policies, f"model '{solution.model.name}'")
    return _policy_figure(solution, policy, state_sds, _sweeps(solution, state_sds, points))


def every_policy_panels(
    solution: Solution, state_sds: float = -1.0, points: int = 101, report: Report = silent
) -> dict[str, Figure]:
    """`policy_panels` of every scalar policy, for the work of one: what takes time is whether economies are solved.

    `report` is told of each parameter.
    """
    sweeps = _sweeps(solution, state_sds, points, report)
    return {name: _policy_figure(solution, name, state_sds, sweeps) for name in solution.equations.scalar_policies}


class _Sweep(NamedTuple):
    """Policies along one parameter's range, and the exact ones by name where they are known."""

    grid: np.ndarray
    table: pd.DataFrame
    exact: dict[str, np.ndarray] | None


@in_float64
def _sweeps(solution: Solution, state_sds: float, points: int, report: Report = silent) -> dict[str, _Sweep]:
    parameters = solution.model.parameters
    if not parameters.free:
        raise SettingError(f"model '{solution.model.name}' has no free parameters to draw policies against")
    found = {}
    for name in parameters.free:
        grid = np.linspace(*parameters[name].bounds, points)
        states, exact = _states_and_exact(solution, {name: grid}, state_sds)
        # At a singular end of a range there is no steady state, so no state to ask at either.
        nowhere = ~np.all([np.isfinite(column) for column in states.values()], axis=0)
        states = {state: np.where(nowhere, np.nanmedian(column), column) for state, column in states.items()}
        with warnings.catch_warnings(category=ExtrapolationWarning, action="ignore"):
            table = pd.DataFrame(solution.policy(states, {name: grid}, extrapolate=True))
        table["extrapolated"] |= nowhere
        found[name] = _Sweep(grid, table, exact)
        report(Step("policies by parameter", len(found), len(parameters.free)))
    return found


def _policy_figure(solution: Solution, policy: str, state_sds: float, sweeps: dict[str, _Sweep]) -> Figure:
    model = solution.model
    figure, axes = panels(len(sweeps), 2, 7.0, 1.75, 0.6)
    variable = model.policies[policy]
    for axis, (name, (grid, table, exact)) in zip(axes, sweeps.items(), strict=True):
        unsolved = table["extrapolated"]
        values = table[policy].mask(unsolved)
        if unsolved.any():
            axis.fill_between(grid, 0, 1, unsolved, transform=axis.get_xaxis_transform(), color=GREY, alpha=0.3, lw=0)
        axis.plot(grid, values, color=BLUE, lw=2.2, label="neural network")
        if exact is not None:
            axis.plot(grid, exact[policy], "--", color=VERMILION, lw=1.4, label="closed form")
        axis.axvline(model.parameters[name].value, color=GREY, lw=0.8, ls=":")
        unit = f" ({model.parameters[name].unit})" if model.parameters[name].unit else ""
        axis.set(
            xlabel=f"{model.parameters.label(name)}, {model.parameters[name].text}{unit}", xlim=(grid[0], grid[-1])
        )
        axis.set_ylabel(f"{variable.label} ({variable.unit})")
        axis.ticklabel_format(axis="y", useOffset=False)
        axis.locator_params(axis="x", nbins=6)
    first = next(iter(model.states.values()))
    axes[0].legend(frameon=False)
    where = f"{abs(state_sds):g} s.d. {'below' if state_sds < 0 else 'above'} its mean" if state_sds else "at its mean"
    subject = variable.text[:1].upper() + variable.text[1:]
    title = f"{subject} where {first.text} is {where}, by parameter (dotted: baseline, where the others are)"
    return finish(figure, title)


@in_float64
def impulse_responses(
    solution: Solution,
    shock: str | None = None,
    size: float = 1.0,
    periods: int = 20,
    parameters: Mapping[str, float] | None = None,
    extrapolate: bool = False,
) -> Figure:
    """Responses of states and policies (observables, where states are arrays) to one shock; beside them those of the
    linear solution, where the library has one. Parameters that are not given are at their baselines.

    Example: `impulse_responses(solution, "eps_a", parameters={"h": 0.3}).savefig("irf.png")`.
    """
    model, asked = solution.model, (shock, size, periods + 1, parameters, extrapolate)
    response = irf(solution, *asked)
    linear = irf(solution, *asked, linear=True) if model.linearises else None
    shown = dict(model.observables) if model.arrays else dict(model.states) | dict(model.policies)
    columns = min(len(shown), 4)
    figure, axes = panels(len(shown), columns, 2.7 * columns, 2.5, 0.0)
    for axis, (name, variable) in zip(axes, shown.items(), strict=True):
        _over_quarters(axis, variable, f"{variable.label}\n({variable.unit})", periods)
        axis.plot(response["horizon"], response[name], color=BLUE, lw=1.8, label="neural network")
        if linear is not None:
            axis.plot(linear["horizon"], linear[name], "--", color=VERMILION, lw=1.4, label="linear solution")
    if linear is not None:
        axes[0].legend(frameon=False)
    hit = response.attrs["shock"]
    given = ", ".join(f"{model.parameters.label(name)} = {value:g}" for name, value in (parameters or {}).items())
    where = f"{given}, other parameters at their baselines" if given else "baseline parameters"
    return finish(figure, f"Response to a {model.shocks[hit].text} of {size:+g} s.d., {where}")


@in_float64
def responses_by_state(
    solution: Solution, constraint: str, shock: str | None = None, size: float = 2.0, periods: int = 16
) -> Figure:
    """Generalised responses to a shock of ± `size` s.d., from where a constraint binds and from where it is slack."""
    model = solution.model
    policies = {} if model.arrays else dict(model.policies)
    variables = policies | dict(model.observables)
    figure, axes = panels(len(variables), 3, 8.4, 2.3, 0.3)
    for binds, colour, label in ((True, VERMILION, "binding"), (False, BLUE, "slack")):
        start = states_where(solution, constraint, binds)
        response = girf(solution, shock, (-size, size), start, periods + 1)
        for axis, name in zip(axes, variables, strict=True):
            for sign, line in ((-size, "-"), (size, "--")):
                values = response[name].sel(size=sign)
                axis.plot(response["horizon"], values, line, color=colour, lw=1.6, label=f"{label}, {sign:+g} s.d.")
    for axis, variable in zip(axes, variables.values(), strict=True):
        _over_quarters(axis, variable, variable.unit, periods)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=7)
    hit, where = model.shocks[response.attrs["shock"]].text, model.constraints[constraint].text
    title = f"Generalised responses to a {hit} from where the {where} binds, and from where it is slack; baseline"
    return finish(figure, title)


def generalised_responses(solution: Solution, response: xr.Dataset) -> Figure:
    """Mean responses of policies and observables to a shock of several sizes, as `girf` gives them.

    Example: `generalised_responses(solution, girf(solution, sizes=(-2, 2))).savefig("girf.png")`.
    """
    model = solution.model
    variables = {} if model.arrays else dict(model.policies)
    variables |= model.observables
    columns = min(len(variables), 3)
    figure, axes = panels(len(variables), columns, 2.8 * columns, 2.3, 0.3)
    looks = list(zip((BLUE, *COLOURS), ("-", *DASHES), strict=False))
    for axis, (name, variable) in zip(axes, variables.items(), strict=True):
        _over_quarters(axis, variable, variable.unit, response.sizes["horizon"] - 1)
        for size, (colour, line) in zip(response["size"].values, cycle(looks), strict=False):
            values = response[name].sel(size=size)
            axis.plot(response["horizon"], values, ls=line, color=colour, lw=1.6, label=f"{size:+g} s.d.")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=7)
    return finish(figure, f"Generalised responses to a {model.shocks[response.attrs['shock']].text}, by its size")


def _over_quarters(axis: Axes, variable: Variable, ylabel: str, periods: int) -> None:
    """What all panels of responses share."""
    axis.axhline(0, color=GREY, lw=0.8)
    axis.set(xlabel="quarters", ylabel=ylabel, title=variable.text.capitalize(), xlim=(0, periods))
    axis.locator_params(axis="x", integer=True)


def _states_and_exact(solution: Solution, parameters: dict[str, np.ndarray], sds: float):
    """States `sds` ergodic s.d. from the centre at each parameter value, and the exact policies there or None."""
    vectors = jnp.asarray(solution.model.parameters.resolve(parameters))
    states, exact = solution.program(_displaced)(vectors, jnp.asarray(sds))
    named = {name: np.asarray(getattr(states, name)) for name in solution.equations.scalar_states}
    return named, None if exact is None else {name: np.asarray(getattr(exact, name)) for name in exact}


def _displaced(economy: Economy) -> Callable[..., tuple[Point, Point | None]]:
    equations = economy.equations

    def at(vector, sds):
        theta = economy.parameters(vector)
        center, scale = equations.units(theta)[:2]
        first = equations.states[0]
        state = replaced(center, **{first: getattr(center, first) + sds * getattr(scale, first)})
        return state, equations.closed_form(state, theta)

    return jax.vmap(at, (0, None))
