"""`hanknn estimate`: a posterior, and all that follows from it, in a folder."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class MethodOptions:
    """How a posterior is found."""

    method: Annotated[str, typer.Option(help="surrogate, metropolis (corrected by particle Metropolis), or exact.")] = (
        METHODS[0]
    )
    filter: Annotated[
        str | None,
        typer.Option("--filter", help=f"One of {', '.join(FILTERS)} (default: {FILTER}; with --method exact kalman)."),
    ] = None
    particles: Particles = 100
    points: Annotated[
        int, typer.Option(min=64, max=MOST, help="Likelihoods of the first design; later ones have a part of that.")
    ] = 10_000
    draws: Annotated[int, typer.Option(min=1, max=MOST, help="Posterior draws a chain.")] = 1000
    chains: Annotated[int, typer.Option(min=1, max=MOST, help="Chains.")] = 4

    @property
    def seen(self) -> str:
        """The name of the filter, given or not."""
        return self.filter or ("kalman" if self.method == "exact" else FILTER)

    def find(self) -> Any:
        """The method; raises `SettingError` where the filter is none that it works with."""
        if self.method not in METHODS:
            raise UnknownNameError("method", self.method, METHODS)
        filter, posterior = find_filter(self.seen, self.particles), hanknn.posterior
        if (self.method == "exact") != (self.seen in EXACT):
            raise SettingError(
                "a Kalman or grid likelihood needs no surrogate; use --method exact"
                if self.seen in EXACT
                else "--method exact needs --filter kalman, linear or grid: a particle filter's likelihood is random"
            )
        sampler = posterior.NUTS(chains=self.chains, draws=self.draws)
        if self.method == "exact":
            return hanknn.Direct(filter, sampler)
        surrogate = self.method == "surrogate"
        correction = posterior.Reweighting() if surrogate else posterior.ParticleMetropolis(draws=self.draws)
        design = hanknn.surrogate.Design(self.points)
        return hanknn.ViaSurrogate(filter, design, refinement(self.points), sampler=sampler, correction=correction)


@command()
def estimate(
    given: Given,
    source: DataOptions,
    options: MethodOptions,
    place: Place,
    solution: SolutionName,
    true: Truth = None,
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

    how = options.find()
    source.refuse_idle(given)
    given.refuse(options.method == "exact", "with --method exact, which needs no surrogate; leave it out", "points")
    refuse_particles(given, options.seen)
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


def refinement(points: int) -> Any:
    """The later designs, in proportion to the first as they are by default."""
    from ...inference.estimation.via_surrogate import REFINEMENT_SHARE

    return hanknn.surrogate.Design(max(64, round(REFINEMENT_SHARE * points)))
