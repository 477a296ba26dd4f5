"""Figures of an estimation: likelihood, posterior, filtered states, forecasts."""

import textwrap
from collections.abc import Mapping, Sequence

import jax
import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from scipy.stats import gaussian_kde

from ...inference.likelihood import Likelihood
from ...inference.posterior.result import Posterior
from ...inference.surrogate import Surrogate
from ...machine.errors import SettingError
from .canvas import BLUE, GREY, VERMILION, canvas, finish, panels


def surrogate_history(losses: np.ndarray, exact_within: float) -> Figure:
    """KMR's figure 4: the surrogate's training and held-out error by iteration.

    `losses`: weighted mean squares (iterations, 2) as in `Estimate.surrogate_losses`.
    """
    figure, axes = canvas(1, 1, (4.2, 2.8))
    axis = axes[0, 0]
    iteration = np.arange(1, len(losses) + 1)
    axis.plot(iteration, exact_within * np.sqrt(losses[:, 0]), color=BLUE, lw=1.6, label="training")
    axis.plot(iteration, exact_within * np.sqrt(losses[:, 1]), "--", color=VERMILION, lw=1.6, label="held out")
    best = int(np.argmin(losses[:, 1]))
    axis.axvline(iteration[best], color=GREY, lw=0.8, ls=":", label="kept")
    axis.set(
        xlabel="iteration",
        ylabel="weighted root mean square error\n(log-likelihood units)",
        title="Surrogate of the log-likelihood",
        ylim=(0, None),
    )
    axis.legend(frameon=False)
    return finish(figure)


def likelihood_panels(
    surrogate: Surrogate,
    likelihood: Likelihood,
    center: Mapping[str, float],
    dots: int = 25,
    exact: Likelihood | None = None,
    truth: bool = False,
    depth: float = 40.0,
    posterior: Posterior | None = None,
) -> Figure:
    """KMR's figures 5 and 10: the log-likelihood against each parameter, the others at `center`.

    Line: surrogate. Dots: filter. Dashed, with `exact`: another likelihood such as Kalman's. Dotted:
    `center` (the true value where `truth`). Drawn down to `depth` below the largest value, and where `posterior` lies
    (default: over the whole box).
    """
    box = surrogate.box
    figure, axes = panels(len(box.names), 2, 7.0, 1.9, 0.5)
    base = box.space.resolve(dict(center))
    for axis, name in zip(axes, box.names, strict=True):
        column = box.space.names.index(name)
        low, high = box.space[name].bounds if posterior is None else _around(posterior, name, center[name])
        fine, coarse = (np.tile(base, (n, 1)) for n in (161, dots))
        fine[:, column], coarse[:, column] = np.linspace(low, high, 161), np.linspace(low, high, dots)
        line, seen = surrogate.batch(fine), likelihood.batch(coarse, jax.random.key(column))
        axis.plot(fine[:, column], line, color=BLUE, lw=1.8, label="surrogate")
        top = max(line.max(), np.max(seen))
        if exact is not None:
            axis.plot(fine[:, column], exact.batch(fine), "--", color=VERMILION, lw=1.3, label="exact (Kalman)")
        axis.plot(coarse[:, column], seen, "o", color="black", ms=2.5, label="particle filter")
        axis.axvline(base[column], color=GREY, lw=0.8, ls=":", label="true value" if truth else "held at")
        axis.set_ylim(top - depth, top + 0.06 * depth)
        axis.set(xlabel=f"{box.space.label(name)}, {box.space[name].text}", xlim=(low, high), ylabel="log-likelihood")
        axis.locator_params(axis="x", nbins=6)
    handles = axes[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=len(handles[1]), frameon=False, fontsize=7)
    return finish(figure, "Log-likelihood, one parameter at a time; the others at the dotted values")


MARGIN = 0.25
"""The share of a posterior's width that is shown beside it."""


def _around(posterior: Posterior, name: str, *also: float) -> tuple[float, float]:
    """Where a parameter's posterior lies, and `also`, with a margin and inside the range: it may be a speck there."""
    low, high = posterior.box.space[name].bounds
    shown = [*posterior.quantiles((0.001, 0.999)).loc[[name]].to_numpy()[0], *also]
    first, last = min(shown), max(shown)
    margin = MARGIN * (last - first)
    return (max(low, first - margin), min(high, last + margin)) if last > first else (low, high)


def prior_posterior(
    posterior: Posterior,
    truth: Mapping[str, float] | None = None,
    others: Mapping[str, Posterior] | None = None,
    label: str = "posterior",
) -> Figure:
    """Prior and posterior densities of each parameter; `others` adds up to two further posteriors by name."""
    box = posterior.box
    figure, axes = panels(len(box.names), 2, 7.0, 1.75, 0.5)
    styles = [("--", VERMILION), ("-.", "black")]
    if others is not None and len(others) > len(styles):
        raise SettingError(f"at most {len(styles)} other posteriors can be told apart in one figure")
    for i, (axis, name) in enumerate(zip(axes, box.names, strict=True)):
        low, high = box.space[name].bounds
        grid = np.linspace(low, high, 201)
        density = jax.vmap(lambda v, p=box.space[name].prior, a=low, b=high: p.log_density(v, a, b))
        prior = np.exp(np.asarray(density(jax.numpy.asarray(grid))))
        axis.fill_between(grid, prior, facecolor="#DDDDDD", edgecolor=GREY, label="prior")
        axis.plot(grid, _density(posterior, i, grid), color=BLUE, lw=2.0, label=label)
        for (other, found), (style, colour) in zip((others or {}).items(), styles, strict=False):
            axis.plot(grid, _density(found, i, grid), style, color=colour, lw=1.3, label=other)
        if truth is not None:
            axis.axvline(truth[name], color="black", lw=0.9, ls=":", label="true value")
        axis.set(xlabel=f"{box.space.label(name)}, {box.space[name].text}", xlim=(low, high), ylim=(0, None))
        axis.set_yticks([])
    axes[0].legend(frameon=False)
    return finish(figure, "Prior and posterior")


def _density(posterior: Posterior, column: int, grid: np.ndarray) -> np.ndarray:
    """Kernel density of a parameter on its range, mirrored at both ends so that no mass leaks out."""
    values = posterior.values[..., column].ravel()
    weights = None if posterior.weights is None else posterior.weights.ravel()
    kernel = gaussian_kde(values, weights=weights)
    return kernel(grid) + kernel(2 * grid[0] - grid) + kernel(2 * grid[-1] - grid)


def traces(posterior: Posterior) -> Figure:
    """Each parameter's draws by chain: they should look alike and wander nowhere."""
    names, space = posterior.names, posterior.box.space
    figure, axes = panels(len(names), 2, 7.0, 1.5, 0.5)
    shades = ["#0072B2", "#56B4E9", "#D55E00", "#E69F00", "#8C8C8C", "#000000", "#009E73", "#CC79A7"]
    for i, (axis, name) in enumerate(zip(axes, names, strict=True)):
        for chain, values in enumerate(posterior.values[..., i]):
            axis.plot(values, color=shades[chain % len(shades)], lw=0.4, alpha=0.8)
        axis.set(
            xlabel="draw", ylabel=space.label(name), ylim=_around(posterior, name), xlim=(0, posterior.values.shape[1])
        )
        axis.locator_params(axis="y", nbins=5)
    return finish(figure, f"Traces of {posterior.values.shape[0]} chains")


LABEL_WIDTH = 26
"""Characters beside a panel of this height."""


def tracked_states(tracked: xr.Dataset, names: Sequence[str], truth: xr.Dataset | None = None) -> Figure:
    """What filters track, smoothed, with 90 % bands, against the truth of simulated data or the data themselves."""
    figure, axes = canvas(len(names), 1, (7.0, 1.8 * len(names) + 0.4))
    period = tracked["period"].to_numpy()
    for axis, name in zip(axes.ravel(), names, strict=True):
        mean = tracked[f"{name}_smoothed"]
        if f"{name}_smoothed_sd" in tracked:
            low, high = (mean + side * 1.645 * tracked[f"{name}_smoothed_sd"] for side in (-1, 1))
            axis.fill_between(period, low, high, color=BLUE, alpha=0.25, lw=0, label="90 % band")
        axis.plot(period, mean, color=BLUE, lw=1.6, label="smoothed")
        axis.plot(period, tracked[f"{name}_filtered"], "--", color=GREY, lw=1.0, label="filtered")
        if truth is not None and name in truth:
            axis.plot(period, truth[name].to_numpy(), ":", color="black", lw=1.3, label="truth")
        if f"{name}_data" in tracked:
            axis.plot(period, tracked[f"{name}_data"], "x", color=VERMILION, ms=3, mew=0.7, label="data")
        unit = f"\n({mean.attrs['unit']})" if mean.attrs["unit"] else ""
        axis.set(ylabel=textwrap.fill(mean.attrs["long_name"], LABEL_WIDTH) + unit, xlim=(period[0], period[-1]))
    axes[-1, 0].set_xlabel("period")
    # Two columns keep the legend off the lines of a long sample.
    axes[0, 0].legend(frameon=False, ncol=5, loc="upper center", bbox_to_anchor=(0.5, 1.3))
    return finish(figure)


def fan_chart(tracked: xr.Dataset, predicted: xr.Dataset, history: int = 40) -> Figure:
    """Forecasts with 50 % and 90 % bands after the last `history` quarters of data."""
    names = list(predicted.data_vars)
    figure, axes = canvas(len(names), 1, (7.0, 1.8 * len(names) + 0.4))
    for axis, name in zip(axes.ravel(), names, strict=True):
        past = tracked[f"{name}_data"].isel(period=slice(-history, None))
        band = predicted[name]
        ahead = band["period"].to_numpy()
        for low, high, alpha in ((0.05, 0.95, 0.2), (0.25, 0.75, 0.35)):
            lower, upper = band.sel(probability=low), band.sel(probability=high)
            label = f"{100 * (high - low):.0f} % band"
            axis.fill_between(ahead, lower, upper, color=BLUE, alpha=alpha, lw=0, label=label)
        axis.plot(ahead, band.sel(probability=0.5), color=BLUE, lw=1.8, label="median forecast")
        axis.plot(past["period"], past, color="black", lw=1.1, label="data")
        axis.set(ylabel=f"{band.attrs['long_name']}\n({band.attrs['unit']})")
        axis.margins(x=0)
    axes[-1, 0].set_xlabel("period")
    axes[0, 0].legend(frameon=False, ncol=4, loc="upper center", bbox_to_anchor=(0.5, 1.3))
    return finish(figure)
