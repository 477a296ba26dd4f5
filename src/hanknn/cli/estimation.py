"""Commands that read data: filter, estimate, forecast."""

from pathlib import Path
from typing import Annotated, NamedTuple

import pandas as pd
import typer
import xarray as xr

from ..data import Growth, Level, MeasurementError, Observed, Series, StandardDeviation, VarianceShare
from ..data.macrodata import us_observed
from ..data.prepare import prepare, read
from ..data.simulated import simulate_data
from ..errors import RunFolderError, SettingError, UnknownNameError
from ..estimate import Direct, Estimation, ViaSurrogate
from ..estimation_folder import DRAWS, EstimationFolder
from ..likelihood import (
    Bootstrap,
    Filter,
    Grid,
    Guided,
    Kalman,
    ParticleFilter,
    Tempered,
    filter_states,
    forecast as forecast_paths,
)
from ..model import Model
from ..posterior import NUTS, ParticleMetropolis
from ..posterior.importance import Reweighting
from ..progress import work_bar
from ..solution import Solution
from ..surrogate import Design
from .options import (
    Csv,
    Extrapolate,
    Force,
    OwnModel,
    Quiet,
    Seed,
    Settings,
    SolutionName,
    app,
    find_solution,
    out,
    parse_settings,
    require_place,
    write_table,
)

Data = Annotated[
    str | None,
    typer.Option("--data", help="CSV or Parquet file indexed by quarters, or 'us': US data 1985-2007, offline."),
]
Simulate = Annotated[int, typer.Option("--simulate", help="Without --data: simulate this many quarters.")]
Observables = Annotated[
    str | None, typer.Option("--observe", help="Simulated series, comma-separated (default: states and policies).")
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--series", help="OBSERVABLE=growth:COLUMN[/PER] or OBSERVABLE=level:COLUMN; may be repeated."),
]
Demean = Annotated[bool, typer.Option("--demean", help="Subtract each series' sample mean.")]
Errors = Annotated[
    list[str] | None,
    typer.Option("--error", help="Measurement error: a share of each variance (0.05), or OBSERVABLE=S.D."),
]
FilterName = Annotated[str, typer.Option("--filter", help="kalman, grid, guided, bootstrap or tempered.")]
Particles = Annotated[int, typer.Option("--particles", help="Particles of a particle filter.")]
Truth = Annotated[list[str] | None, typer.Option("--true", help="NAME=VALUE for simulated data; may be repeated.")]


class Chosen(NamedTuple):
    """The data, and for simulated ones what is true."""

    observed: Observed
    states: xr.Dataset | None
    parameters: dict[str, float] | None


@app.command()
def estimate(
    solution: SolutionName,
    data: Data = None,
    simulate: Simulate = 100,
    observe: Observables = None,
    series: Columns = None,
    demean: Demean = False,
    error: Errors = None,
    true: Truth = None,
    method: Annotated[str, typer.Option(help="surrogate, metropolis (corrected by particle Metropolis), or exact.")] = (
        "surrogate"
    ),
    filter: FilterName = "guided",
    particles: Particles = 100,
    points: Annotated[int, typer.Option(help="Likelihoods of the first design; the second has a half of that.")] = 6000,
    draws: Annotated[int, typer.Option(help="Posterior draws a chain.")] = 1000,
    chains: Annotated[int, typer.Option(help="Chains.")] = 4,
    parameters: Annotated[str | None, typer.Option(help="Which to estimate, comma-separated (default: all).")] = None,
    set_: Settings = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Folder (default: runs/MODEL-estimate-SEED).")] = None,
    seed: Seed = 0,
    model: OwnModel = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted estimation.")] = False,
    force: Force = False,
    quiet: Quiet = False,
    save_every: Annotated[float, typer.Option(help="Seconds between saves of the chains.")] = 10.0,
) -> None:
    """Estimate a solved model's parameters: posterior, filtered states, forecast, figures.

    Examples: hanknn estimate nk (simulated data). hanknn estimate nk --data us. hanknn estimate nk --data my.csv
    --series output_growth=growth:gdp/pop --series interest_rate=level:rate --demean. An interrupted or killed
    estimation goes on to the same result with --resume.
    """
    found = find_solution(solution, model)
    chosen = choose_data(found, data, simulate, observe, series, demean, error, true, seed)
    how = find_method(method, find_filter(filter, particles), points, draws, chains)
    names = None if parameters is None else [name.strip() for name in parameters.split(",")]
    folder = folder or Path("runs") / f"{found.model.name}-estimate-{seed}"
    settings = {
        "solution": solution,
        "method": repr(how),
        "seed": seed,
        "parameters": names,
        "set": set_,
        "data": chosen.observed.fingerprint(),
    }
    place = EstimationFolder(folder, settings, resume, force)
    with work_bar(quiet) as report:
        result = place.estimate(found, chosen.observed, how, names, parse_settings(set_), seed, report, save_every)
        place.finish(found, chosen.observed, how, result, chosen.parameters, chosen.states)
    if not quiet:
        print(result.posterior.table(chosen.parameters).to_string(float_format="{:.4g}".format))
        out.print(result.verdict, soft_wrap=True)
        out.print(f"Everything is in {folder}: posterior.nc (ArviZ), posterior.csv, figures", soft_wrap=True)


@app.command(name="filter")
def filter_(
    solution: SolutionName,
    data: Data = None,
    simulate: Simulate = 100,
    observe: Observables = None,
    series: Columns = None,
    demean: Demean = False,
    error: Errors = None,
    set_: Settings = None,
    filter: FilterName = "guided",
    particles: Particles = 2000,
    file: Csv = None,
    seed: Seed = 0,
    model: OwnModel = None,
    extrapolate: Extrapolate = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Filtered and smoothed states at given parameters, and the log-likelihood. Example: hanknn filter nk --data us."""
    require_place(file, force)
    found = find_solution(solution, model)
    chosen = choose_data(found, data, simulate, observe, series, demean, error, set_, seed)
    how = find_filter(filter, particles)
    tracked = filter_states(found, chosen.observed, parse_settings(set_), how, seed, extrapolate)
    table = tracked.to_dataframe()
    write_table(table, file)
    if not quiet:
        shown = [f"{name}_{kind}" for name in found.model.states for kind in ("filtered", "smoothed", "smoothed_sd")]
        print(table[shown].tail(8).to_string(float_format="{:.4g}".format))
        print(f"log-likelihood {tracked.attrs['log_likelihood']:.2f} of {chosen.observed.periods} periods, {how}")


@app.command()
def forecast(
    solution: SolutionName,
    data: Data = None,
    simulate: Simulate = 100,
    observe: Observables = None,
    series: Columns = None,
    demean: Demean = False,
    error: Errors = None,
    set_: Settings = None,
    posterior: Annotated[Path | None, typer.Option(help="Folder of an estimation: average over its draws.")] = None,
    horizon: Annotated[int, typer.Option(help="Quarters ahead.")] = 12,
    paths: Annotated[int, typer.Option(help="Simulated futures.")] = 2000,
    filter: FilterName = "guided",
    particles: Particles = 200,
    file: Csv = None,
    seed: Seed = 0,
    model: OwnModel = None,
    extrapolate: Extrapolate = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Forecast the data's series. Example: hanknn forecast nk --data us --posterior runs/nk-estimate-0."""
    require_place(file, force)
    found = find_solution(solution, model)
    chosen = choose_data(found, data, simulate, observe, series, demean, error, set_, seed)
    values = parse_settings(set_)
    if posterior is not None:
        if values:
            raise SettingError("give --posterior or --set, not both")
        if not (posterior / DRAWS).is_file():
            raise RunFolderError(f"'{posterior}' holds no finished estimation; give the folder of hanknn estimate")
        values = pd.read_csv(posterior / DRAWS).sample(min(paths, 200), random_state=seed).to_numpy()
    how = find_filter(filter, particles)
    predicted = forecast_paths(found, chosen.observed, values, horizon, how, paths, seed, extrapolate)
    table = predicted.to_dataframe()
    write_table(table, file)
    if not quiet:
        for name in predicted.data_vars:
            print(f"{name} ({predicted[name].attrs['unit']})")
            print(predicted[name].to_pandas().T.to_string(float_format="{:.4g}".format), "\n")


def choose_data(
    solution: Solution,
    data: str | None,
    periods: int,
    observe: str | None,
    series: list[str] | None,
    demean: bool,
    error: list[str] | None,
    true: list[str] | None,
    seed: int,
) -> Chosen:
    """The data that the options name."""
    model = solution.model
    noise = find_errors(error)
    if data is None:
        names = [*model.states, *model.policies] if observe is None else [n.strip() for n in observe.split(",")]
        made = simulate_data(solution, names, periods, parse_settings(true), noise, seed)
        return Chosen(made.observed, made.truth, made.parameters)
    if data == "us":
        return Chosen(us_observed(model, measurement_error=noise), None, None)
    table = read(data)
    columns = None if series is None else {name: how for name, how in (find_series(s, model, demean) for s in series)}
    return Chosen(prepare(table, model, columns, noise), None, None)


def find_series(text: str, model: Model, demean: bool) -> tuple[str, Series]:
    """OBSERVABLE=growth:COLUMN[/PER] or OBSERVABLE=level:COLUMN."""
    name, _, rest = text.partition("=")
    kind, _, column = rest.partition(":")
    known = {**model.states, **model.policies, **model.observables}
    if name not in known:
        raise UnknownNameError("observable", name, known, f"model '{model.name}'")
    if not column or kind not in ("growth", "level"):
        raise SettingError(f"--series {text}: write OBSERVABLE=growth:COLUMN, =growth:COLUMN/PER or =level:COLUMN")
    if kind == "level":
        return name, Level(column, known[name].unit, demean=demean)
    column, _, per = column.partition("/")
    return name, Growth(column, per or None, demean)


def find_errors(settings: list[str] | None) -> MeasurementError | dict[str, MeasurementError]:
    """A share of the variance for all series, or NAME=S.D. for each."""
    settings = settings or ["0.05"]
    if len(settings) == 1 and "=" not in settings[0]:
        try:
            return VarianceShare(float(settings[0]))
        except ValueError:
            raise SettingError(f"--error {settings[0]}: give a share such as 0.05, or OBSERVABLE=S.D.") from None
    return {name: StandardDeviation(value) for name, value in parse_settings(settings, "--error").items()}


def find_filter(name: str, particles: int) -> Filter:
    filters = {
        "kalman": Kalman,
        "grid": Grid,
        "guided": lambda: Guided(particles=particles),
        "bootstrap": lambda: Bootstrap(particles=particles),
        "tempered": lambda: Tempered(particles=particles),
    }
    if name not in filters:
        raise UnknownNameError("filter", name, filters)
    return filters[name]()


def find_method(name: str, filter: Filter, points: int, draws: int, chains: int) -> Estimation:
    sampler = NUTS(chains=chains, draws=draws)
    if name == "exact":
        return Direct(filter if isinstance(filter, Kalman | Grid) else Kalman(), sampler)
    if name not in ("surrogate", "metropolis"):
        raise UnknownNameError("method", name, ["surrogate", "metropolis", "exact"])
    if not isinstance(filter, ParticleFilter):
        raise SettingError("a Kalman or grid likelihood needs no surrogate; use --method exact")
    correction = Reweighting() if name == "surrogate" else ParticleMetropolis(draws=draws)
    second = Design(max(64, points // 2))
    return ViaSurrogate(filter, Design(points), second, sampler=sampler, correction=correction)
