"""Commands that read data at given parameters: filter and forecast."""

from pathlib import Path
from typing import Annotated

import typer

import hanknn

from ..progress import working
from .app import Given, command
from .data_options import SOURCE, DataOptions, tell_of_means
from .filter_options import EXACT, FILTER, FilterName, Particles, find_filter, refuse_particles
from .options import MOST, At, Output, Seed, parse_settings
from .printing import note, show

DRAWS_USED = 200
"""Posterior draws over which a forecast is averaged, at most."""


@command(name="filter")
def filter_(
    given: Given,
    at: At,
    source: DataOptions,
    output: Output,
    filter: FilterName = FILTER,
    particles: Particles = 1000,
    seed: Seed = 0,
) -> None:
    """Filtered and smoothed states at given parameters, and the log-likelihood. Example: hanknn filter nk --data us."""
    how = find_filter(filter, particles)
    source.refuse_idle(given)
    refuse_particles(given, filter)
    calm = filter in EXACT and source.data is not None
    given.refuse(calm, f"with the {filter} filter: nothing is random; leave it out", "seed")
    output.require(given)
    found, values = at.find()
    with working("filtering", output.quiet):
        data, _ = source.read(found, values, seed)
        tracked = hanknn.filter_states(found, data, values, how, seed, at.extrapolate)
    table = tracked.to_dataframe()
    output.write(table)
    if not output.quiet:
        kinds, states = ("filtered", "smoothed", "smoothed_sd"), found.equations.scalar_states
        show(table[[f"{name}_{kind}" for name in states for kind in kinds]].tail(8))
        print(f"log-likelihood {tracked.attrs['log_likelihood']:.2f} of {data.periods} periods, {how}")


@command()
def forecast(
    given: Given,
    at: At,
    source: DataOptions,
    output: Output,
    posterior: Annotated[
        Path | None,
        typer.Option(
            help="Folder of an estimation: average over its draws. Its data options hold unless new data are given."
        ),
    ] = None,
    horizon: Annotated[int, typer.Option(min=1, max=MOST, help="Quarters ahead.")] = 12,
    paths: Annotated[int, typer.Option(min=1, max=MOST, help="Simulated futures.")] = 1000,
    filter: FilterName = FILTER,
    particles: Particles = 200,
    seed: Seed = 0,
) -> None:
    """Forecast the data's series.

    Examples: hanknn forecast nk --data us. hanknn forecast nk --posterior runs/nk-estimate-0 (the data of that
    estimation).
    """
    from ..estimation_folder import kept_draws, kept_settings

    how = find_filter(filter, particles)
    kept = None if posterior is None else kept_settings(posterior)
    if kept is not None:
        source = source.of_estimation(kept["options"], set(given.flags))
    given.refuse(posterior is not None, "with --posterior, whose draws are used; leave one of them out", "set_")
    source.refuse_idle(given)
    refuse_particles(given, filter)
    output.require(given)
    found, values = at.find()
    draws = values if posterior is None else kept_draws(posterior, found, min(paths, DRAWS_USED), seed)
    with working("forecasting", output.quiet):
        if kept is None:
            data, _ = source.read(found, values, seed)
        else:
            data, _ = source.read(found, parse_settings(kept["options"].get("true"), "--true"), kept["seed"])
            if not set(given.flags) & set(SOURCE) and kept.get("data") != data.fingerprint():
                note("the data are no longer those that the posterior was estimated on")
        predicted = hanknn.forecast(found, data, draws, horizon, how, paths, seed, at.extrapolate)
    output.write(predicted.to_dataframe())
    tell_of_means(data.means)
    if not output.quiet:
        for name in predicted.data_vars:
            print(f"{name} ({predicted[name].attrs['unit']})")
            show(predicted[name].to_pandas().T)
            print()
