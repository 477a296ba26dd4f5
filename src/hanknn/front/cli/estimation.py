"""Commands that read data: filter, estimate, forecast."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from ...inference.estimation import Direct, Estimation, ViaSurrogate
from ...inference.likelihood import Filter, ParticleFilter, filter_states, forecast as forecast_paths
from ...inference.posterior import NUTS, ParticleMetropolis
from ...inference.posterior.importance import Reweighting
from ...inference.surrogate import Design
from ...machine.errors import RunFolderError, SettingError, UnknownNameError
from ...machine.settings_difference import described
from ...solution import Solution
from ..estimation_folder import DRAWS, EstimationFolder
from ..folder import read_settings
from ..progress import work_bar, working
from .data_options import SOURCE, Chosen, DataOptions, tell_of_means
from .expanded import expanded
from .filter_options import FILTER, FILTERS, FilterName, Particles, find_filter, without_chance, without_particles
from .idle import Given, Idle, without_table
from .options import (
    MOST,
    SAVE_EVERY,
    Csv,
    Extrapolate,
    Force,
    OwnModel,
    Quiet,
    Resume,
    SaveEvery,
    Seed,
    Settings,
    SolutionName,
    app,
    find_solution,
    listed,
    parse_settings,
    require_place,
    usual,
    write_table,
)
from .printing import note, tell

SURROGATE, SAMPLER = ViaSurrogate(), NUTS()
METHODS = "surrogate", "metropolis", "exact"
DRAWS_USED = 200
"""Posterior draws over which a forecast is averaged, at most."""

Truth = Annotated[list[str] | None, typer.Option("--true", help="NAME=VALUE for simulated data; may be repeated.")]


@app.command()
@expanded
def estimate(
    given: Given,
    solution: SolutionName,
    source: DataOptions,
    true: Truth = None,
    method: Annotated[
        str, typer.Option(help="surrogate, metropolis (corrected by particle Metropolis), or exact.")
    ] = METHODS[0],
    filter: Annotated[
        str | None,
        typer.Option("--filter", help=f"One of {', '.join(FILTERS)} (default: {FILTER}; with --method exact kalman)."),
    ] = None,
    particles: Particles = SURROGATE.filter.particles,
    points: Annotated[
        int, typer.Option(min=64, max=MOST, help="Likelihoods of the first design; later ones have a part of that.")
    ] = SURROGATE.design.points,
    draws: Annotated[int, typer.Option(min=1, max=MOST, help="Posterior draws a chain.")] = SAMPLER.draws,
    chains: Annotated[int, typer.Option(min=1, max=MOST, help="Chains.")] = SAMPLER.chains,
    parameters: Annotated[
        str | None, typer.Option(help="Which to estimate, comma-separated (default: all but those of --set).")
    ] = None,
    set_: Settings = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Folder (default: runs/MODEL-estimate-SEED).")] = None,
    seed: Seed = 0,
    model: OwnModel = None,
    resume: Resume = False,
    force: Force = False,
    quiet: Quiet = False,
    save_every: SaveEvery = SAVE_EVERY,
) -> None:
    """Estimate a solved model's parameters: posterior, filtered states, forecast, figures.

    Examples: hanknn estimate nk (simulated data). hanknn estimate nk --data us. hanknn estimate nk --data my.csv
    --series output_growth=growth:gdp/pop --series interest_rate=level:rate --demean. An interrupted or killed
    estimation goes on to the same result with --resume.
    """
    how = find_method(method, find_filter(filter or default_filter(method), particles), points, draws, chains)
    given.refuse(
        *source.idle(),
        Idle(method == "exact", ("points",), "with --method exact, which needs no surrogate; leave it out"),
        without_particles(how.filter),
    )
    fixed, names = parse_settings(set_), listed(parameters)
    found = find_solution(solution, model)
    for name in fixed:
        if name in (names or ()):
            raise SettingError(f"--set {name} has no effect: --parameters names it, so it is estimated; name it once")
    estimated = names if names or not fixed else [n for n in found.model.parameters.free if n not in fixed]
    folder = folder or Path("runs") / f"{found.model.name}-estimate-{seed}"
    settings: dict[str, Any] = {
        "solution": solution,
        "method": described(how),
        "seed": seed,
        "parameters": names,
        "set": set_,
        "options": {**source.settings(), "true": true},
    }
    chosen = source.choose(found, parse_settings(true, "--true"), seed)
    place = EstimationFolder(folder, {**settings, "data": chosen.observed.fingerprint()}, resume, force)
    with work_bar(quiet) as report:
        result = place.estimate(found, chosen.observed, how, estimated, fixed, seed, report, save_every)
    with working("filtered states, forecast and figures", quiet):
        place.finish(result, chosen.made)
    if not quiet:
        print(result.posterior.table(chosen.made and chosen.made.parameters).to_string(float_format="{:.4g}".format))
        tell(result.verdict)
        tell(f"Everything is in {folder}: posterior.nc (ArviZ), posterior.csv, figures")


@app.command(name="filter")
@expanded
def filter_(
    given: Given,
    solution: SolutionName,
    source: DataOptions,
    set_: Settings = None,
    filter: FilterName = FILTER,
    particles: Particles = usual(filter_states, "filter").particles,
    file: Csv = None,
    seed: Seed = 0,
    model: OwnModel = None,
    extrapolate: Extrapolate = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Filtered and smoothed states at given parameters, and the log-likelihood. Example: hanknn filter nk --data us."""
    how, values = find_filter(filter, particles), parse_settings(set_)
    given.refuse(
        *source.idle(),
        without_particles(how),
        without_chance(how, drawn=source.data is None),
        without_table(file),
    )
    require_place(file, force)
    found = find_solution(solution, model)
    with working("filtering", quiet):
        chosen = source.choose(found, values, seed)
        tracked = filter_states(found, chosen.observed, values, how, seed, extrapolate)
    table = tracked.to_dataframe()
    write_table(table, file)
    if not quiet:
        kinds, states = ("filtered", "smoothed", "smoothed_sd"), found.equations.scalar_states
        shown = [f"{name}_{kind}" for name in states for kind in kinds]
        print(table[shown].tail(8).to_string(float_format="{:.4g}".format))
        print(f"log-likelihood {tracked.attrs['log_likelihood']:.2f} of {chosen.observed.periods} periods, {how}")


@app.command()
@expanded
def forecast(
    given: Given,
    solution: SolutionName,
    source: DataOptions,
    set_: Settings = None,
    posterior: Annotated[
        Path | None,
        typer.Option(
            help="Folder of an estimation: average over its draws. Its data options hold unless new data are given."
        ),
    ] = None,
    horizon: Annotated[int, typer.Option(min=1, max=MOST, help="Quarters ahead.")] = usual(forecast_paths, "horizon"),
    paths: Annotated[int, typer.Option(min=1, max=MOST, help="Simulated futures.")] = usual(forecast_paths, "paths"),
    filter: FilterName = FILTER,
    particles: Particles = usual(forecast_paths, "filter").particles,
    file: Csv = None,
    seed: Seed = 0,
    model: OwnModel = None,
    extrapolate: Extrapolate = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Forecast the data's series.

    Examples: hanknn forecast nk --data us. hanknn forecast nk --posterior runs/nk-estimate-0 (the data of that
    estimation).
    """
    how, values = find_filter(filter, particles), parse_settings(set_)
    settings = None if posterior is None else estimation_settings(posterior)
    if settings is not None:
        source = source.of_estimation(settings["options"], set(given.flags))
    given.refuse(
        Idle(posterior is not None, ("set_",), "with --posterior, whose draws are used; leave one of them out"),
        *source.idle(),
        without_particles(how),
        without_table(file),
    )
    require_place(file, force)
    found = find_solution(solution, model)
    draws = values if posterior is None else posterior_draws(posterior, found, min(paths, DRAWS_USED), seed)
    with working("forecasting", quiet):
        if settings is None:
            chosen = source.choose(found, values, seed)
        else:
            chosen = data_of_estimation(found, source, settings, changed=bool(set(given.flags) & set(SOURCE)))
        predicted = forecast_paths(found, chosen.observed, draws, horizon, how, paths, seed, extrapolate)
    write_table(predicted.to_dataframe(), file)
    tell_of_means(chosen.observed)
    if not quiet:
        for name in predicted.data_vars:
            print(f"{name} ({predicted[name].attrs['unit']})")
            print(predicted[name].to_pandas().T.to_string(float_format="{:.4g}".format), "\n")


def estimation_settings(folder: Path) -> dict[str, Any]:
    """The settings of a finished estimation; raises `RunFolderError` for another folder."""
    if not (folder / DRAWS).is_file():
        raise RunFolderError(f"'{folder}' holds no finished estimation; give the folder of hanknn estimate")
    return {"seed": 0, "options": {}, **read_settings(folder)}


def posterior_draws(folder: Path, solution: Solution, count: int, seed: int) -> np.ndarray:
    """Rows of full parameter vectors, drawn from an estimation's; raises `RunFolderError` where they do not fit."""
    names = solution.model.parameters.names
    try:
        table = pd.read_csv(folder / DRAWS)
        values = table.to_numpy(np.float64)
    except ValueError:
        raise RunFolderError(f"'{folder / DRAWS}' is damaged; estimate again") from None
    if tuple(table.columns) != tuple(names):
        missing = next((n for n in (*table.columns, *names) if (n in table.columns) != (n in names)), names[0])
        raise RunFolderError(
            f"'{folder}' is an estimation of another model than '{solution.model.name}' (they differ in parameter "
            f"'{missing}'); give the folder of an estimation of this one"
        )
    return values[np.random.default_rng(seed).choice(len(values), min(count, len(values)), replace=False)]


def data_of_estimation(solution: Solution, source: DataOptions, settings: dict[str, Any], changed: bool) -> Chosen:
    """An estimation's data, or new ones in their place; with a note where they are not what they were."""
    true = parse_settings(settings["options"].get("true"), "--true")
    chosen = source.choose(solution, true, settings["seed"])
    if not changed and settings.get("data") != chosen.observed.fingerprint():
        note("the data are no longer those that the posterior was estimated on")
    return chosen


def default_filter(method: str) -> str:
    return "kalman" if method == "exact" else FILTER


def find_method(name: str, filter: Filter, points: int, draws: int, chains: int) -> Estimation:
    """A method of estimation by name; raises `SettingError` where the filter is none that it works with."""
    if name not in METHODS:
        raise UnknownNameError("method", name, METHODS)
    sampler = replace(SAMPLER, chains=chains, draws=draws)
    if name == "exact":
        if isinstance(filter, ParticleFilter):
            raise SettingError("--method exact needs --filter kalman or grid: a particle filter's likelihood is random")
        return Direct(filter, sampler)
    if not isinstance(filter, ParticleFilter):
        raise SettingError("a Kalman or grid likelihood needs no surrogate; use --method exact")
    correction = Reweighting() if name == "surrogate" else ParticleMetropolis(draws=draws)
    return ViaSurrogate(filter, Design(points), refinement(points), sampler=sampler, correction=correction)


def refinement(points: int) -> Design | None:
    """The later designs, in proportion to the first as they are by default."""
    usual = SURROGATE.refinement
    return usual and Design(max(64, round(points * usual.points / SURROGATE.design.points)))
