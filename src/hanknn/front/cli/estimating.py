"""`hanknn estimate`: a posterior, and all that follows from it, in a folder."""

from pathlib import Path
from typing import Annotated, Any

import typer

import hanknn

from ...machine.errors import SettingError, UnknownNameError
from ..progress import work_bar, working
from .app import Given, command
from .data_options import DataOptions
from .filter_options import EXACT, FILTER, FILTERS, Particles, find_filter, refuse_particles
from .names import find_solution
from .options import MOST, OwnModel, Place, SaveEvery, Seed, Settings, SolutionName, listed, parse_settings
from .printing import show, tell

METHODS = "surrogate", "metropolis", "exact"

Truth = Annotated[list[str] | None, typer.Option("--true", help="NAME=VALUE for simulated data; may be repeated.")]


@command()
def estimate(
    given: Given,
    source: DataOptions,
    place: Place,
    solution: SolutionName,
    true: Truth = None,
    method: Annotated[
        str, typer.Option(help="surrogate, metropolis (corrected by particle Metropolis), or exact.")
    ] = METHODS[0],
    filter: Annotated[
        str | None,
        typer.Option("--filter", help=f"One of {', '.join(FILTERS)} (default: {FILTER}; with --method exact kalman)."),
    ] = None,
    particles: Particles = 100,
    points: Annotated[
        int, typer.Option(min=64, max=MOST, help="Likelihoods of the first design; later ones have a part of that.")
    ] = 10_000,
    draws: Annotated[int, typer.Option(min=1, max=MOST, help="Posterior draws a chain.")] = 1000,
    chains: Annotated[int, typer.Option(min=1, max=MOST, help="Chains.")] = 4,
    parameters: Annotated[
        str | None, typer.Option(help="Which to estimate, comma-separated (default: all but those of --set).")
    ] = None,
    set_: Settings = None,
    seed: Seed = 0,
    model: OwnModel = None,
    save_every: SaveEvery = 10.0,
) -> None:
    """Estimate a solved model's parameters: posterior, filtered states, forecast, figures.

    Examples: hanknn estimate nk (simulated data). hanknn estimate nk --data us. hanknn estimate nk --data my.csv
    --series output_growth=growth:gdp/pop --series interest_rate=level:rate --demean. An interrupted or killed
    estimation goes on to the same result with --resume. Its folder is runs/MODEL-estimate-SEED by default.
    """
    from ...machine.settings_difference import described
    from ..estimation_folder import EstimationFolder

    filter = filter or ("kalman" if method == "exact" else FILTER)
    how = find_method(method, filter, particles, points, draws, chains)
    source.refuse_idle(given)
    given.refuse(method == "exact", "with --method exact, which needs no surrogate; leave it out", "points")
    refuse_particles(given, filter)
    fixed, names = parse_settings(set_), listed(parameters)
    found = find_solution(solution, model)
    for name in fixed:
        if name in (names or ()):
            raise SettingError(f"--set {name} has no effect: --parameters names it, so it is estimated; name it once")
    folder = place.folder or Path("runs") / f"{found.model.name}-estimate-{seed}"
    data, made = source.read(found, parse_settings(true, "--true"), seed)
    settings = {
        "solution": solution,
        "method": described(how),
        "seed": seed,
        "parameters": names,
        "set": set_,
        "options": {**vars(source), "true": true},
        "data": data.fingerprint(),
    }
    keep = EstimationFolder(folder, settings, place.resume, place.force)
    with work_bar(place.quiet) as report:
        result = keep.estimate(found, data, how, names, fixed, seed, report, save_every)
    with working("filtered states, forecast and figures", place.quiet):
        keep.finish(result, made)
    if not place.quiet:
        show(result.posterior.table(made and made.parameters))
        tell(result.verdict)
        tell(f"Everything is in {folder}: posterior.nc (ArviZ), posterior.csv, figures")


def find_method(name: str, filter: str, particles: int, points: int, draws: int, chains: int) -> Any:
    """A method of estimation by name; raises `SettingError` where the filter is none that it works with."""
    if name not in METHODS:
        raise UnknownNameError("method", name, METHODS)
    seen, posterior = find_filter(filter, particles), hanknn.posterior
    sampler = posterior.NUTS(chains=chains, draws=draws)
    if (name == "exact") != (filter in EXACT):
        raise SettingError(
            "a Kalman or grid likelihood needs no surrogate; use --method exact"
            if filter in EXACT
            else "--method exact needs --filter kalman or grid: a particle filter's likelihood is random"
        )
    if name == "exact":
        return hanknn.Direct(seen, sampler)
    correction = posterior.Reweighting() if name == "surrogate" else posterior.ParticleMetropolis(draws=draws)
    design = hanknn.surrogate.Design(points)
    return hanknn.ViaSurrogate(seen, design, refinement(points), sampler=sampler, correction=correction)


def refinement(points: int) -> Any:
    """The later designs, in proportion to the first as they are by default."""
    from ...inference.estimation.via_surrogate import REFINEMENT_SHARE

    return hanknn.surrogate.Design(max(64, round(REFINEMENT_SHARE * points)))
