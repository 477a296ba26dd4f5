"""Commands that solve a model and look at its solution."""

import math
from pathlib import Path
from typing import Annotated

import typer

from ...economy.model import Model
from ...machine.errors import RunFolderError, SettingError
from ...machine.version import __version__
from ...solution import Solution
from ...solution.accuracy import AccuracyReport, check as check_solution
from ...solution.simulation import (
    constraint_spells,
    girf as generalised,
    irf as impulse_response,
    moments,
    simulate as simulate_paths,
    states_where,
)
from ...training.recipes import RECIPES
from ..folder import holds_anything
from ..progress import work_bar, working
from ..runs import RunFolder, draw_solution
from .expanded import expanded
from .idle import Given, Idle, without_table
from .options import (
    MOST,
    SAVE_EVERY,
    Csv,
    Extrapolate,
    Force,
    ModelName,
    OwnModel,
    Quiet,
    Resume,
    SaveEvery,
    Seed,
    Settings,
    SolutionName,
    app,
    find_model,
    find_recipe,
    find_solution,
    narrowed,
    parse_settings,
    require_place,
    usual,
    write_table,
)
from .printing import tell

SIZES_HELP = f"Size in s.d.; may be repeated (default: {', '.join(f'{s:g}' for s in usual(generalised, 'sizes'))})."
Periods = Annotated[int, typer.Option(max=MOST, help="Quarters.")]
Shock = Annotated[str | None, typer.Option(help="Which shock (where the model has several).")]


@app.command()
def solve(
    model: ModelName,
    recipe: Annotated[str, typer.Option(help=f"How to train: {', '.join(RECIPES)}.")] = "default",
    seed: Seed = 0,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=LOW..HIGH|=VALUE]",
            help="Keep only this parameter free, over its range or a part of it, or fix it; the others stay at "
            "baseline. May be repeated.",
        ),
    ] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Run folder (default: runs/MODEL-RECIPE-SEED).")] = None,
    resume: Resume = False,
    force: Force = False,
    quiet: Quiet = False,
    save_every: SaveEvery = SAVE_EVERY,
) -> None:
    """Solve a model over its whole parameter box; write weights, metrics, loss history and figures.

    Example: hanknn solve nk --seed 1 --out runs/first. An interrupted or killed run goes on to the same
    result with --resume. A narrower box is solved sooner and more exactly:
    hanknn solve hank --only sigma_s --only sigma_zeta=0.01..0.0135, and one point soonest: --only sigma_zeta=0.012.
    """
    economy = narrowed(find_model(model), only) if only else find_model(model)
    folder = folder or Path("runs") / "-".join([economy.name, *(only or ()), recipe, str(seed)])
    solve_into(economy, " ".join([model, *(only or ())]), recipe, seed, folder, resume, force, quiet, save_every)


def solve_into(
    economy: Model,
    named: str,
    recipe: str,
    seed: int,
    folder: Path,
    resume: bool,
    force: bool,
    quiet: bool,
    save_every: float = SAVE_EVERY,
) -> tuple[Solution, AccuracyReport]:
    """Solve into a run folder and print what was found."""
    chosen = find_recipe(recipe, economy)
    run = RunFolder(folder, {"model": named, "recipe": recipe, "seed": seed}, resume, force)
    with work_bar(quiet, first="compiling …") as report:
        solved = run.solve(economy, chosen, seed, report, save_every)
    with working("checking", quiet):
        accuracy = run.check(solved)
    with work_bar(quiet, saved=False) as drawn:
        run.draw(solved, drawn)
    if not quiet:
        header = solved.solution.header
        tell(f"Solved '{economy.name}' in {solved.seconds:.1f} s (and {solved.compile_seconds:.1f} s to compile)")
        tell(f"Training: {header['status']}. {accuracy.verdict}")
        tell(f"Everything is in {folder}")
    return solved.solution, accuracy


@app.command()
def check(
    solution: SolutionName,
    draws: Annotated[
        int | None, typer.Option(help="Fresh draws of parameters and states (default: 10,000; 500 simulated ones).")
    ] = None,
    set_: Settings = None,
    seed: Seed = 1_000_003,
    model: OwnModel = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Measure a solution on fresh draws: residuals, distance to the closed form, weakest regions, verdict.

    Over the whole box, or with --set at one point of it: hanknn check hank --set sigma_zeta=0.012.
    """
    at = parse_settings(set_) if set_ else None
    found = find_solution(solution, model)
    with working("checking"):
        report = check_solution(found, draws, seed, parameters=at)
    print(report.to_json() if json else report)


@app.command()
@expanded
def simulate(
    given: Given,
    solution: SolutionName,
    periods: Periods = usual(simulate_paths, "periods"),
    set_: Settings = None,
    seed: Seed = 0,
    file: Csv = None,
    model: OwnModel = None,
    extrapolate: Extrapolate = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Simulate a path and print its moments. Example: hanknn simulate nk --set rho=0.9 --out path.csv."""
    given.refuse(without_table(file))
    require_place(file, force)
    found = find_solution(solution, model)
    with working("simulating", quiet):
        data = simulate_paths(found, periods, parse_settings(set_), seed, extrapolate=extrapolate)
    write_table(data.to_dataframe(), file)
    if not quiet:
        print(moments(data).to_string(float_format="{:.4g}".format))
        if found.model.constraints:
            print("\nHow often constraints bind, and spells in quarters")
            print(constraint_spells(data).to_string(float_format="{:.4g}".format))


@app.command()
@expanded
def irf(
    given: Given,
    solution: SolutionName,
    shock: Shock = None,
    size: Annotated[float, typer.Option(help="Size in standard deviations.")] = usual(impulse_response, "size"),
    periods: Periods = usual(impulse_response, "periods"),
    set_: Settings = None,
    file: Csv = None,
    model: OwnModel = None,
    extrapolate: Extrapolate = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Responses to one shock. Example: hanknn irf nk --size -2 --set phi=0.8 --set phi_pi=1.5."""
    given.refuse(without_table(file))
    require_place(file, force)
    require_finite("--size", size)
    found = find_solution(solution, model)
    with working("responses", quiet):
        data = impulse_response(found, shock, size, periods, parse_settings(set_), extrapolate)
    table = data.to_dataframe()
    write_table(table, file)
    if not quiet:
        print(table.to_string(float_format="{:.5g}".format))


@app.command()
@expanded
def girf(
    given: Given,
    solution: SolutionName,
    shock: Shock = None,
    sizes: Annotated[list[float] | None, typer.Option("--size", help=SIZES_HELP)] = None,
    binding: Annotated[
        bool | None, typer.Option("--binding/--slack", help="Start where the constraint binds, or is slack.")
    ] = None,
    constraint: Annotated[str | None, typer.Option(help="Which constraint (where the model has several).")] = None,
    periods: Periods = usual(generalised, "periods"),
    draws: Annotated[int, typer.Option(min=2, max=MOST, help="Futures to average over.")] = usual(generalised, "draws"),
    set_: Settings = None,
    seed: Seed = 0,
    file: Csv = None,
    model: OwnModel = None,
    extrapolate: Extrapolate = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Mean responses by size and starting point. Example: hanknn girf rank --size -2 --size 2 --binding."""
    given.refuse(
        Idle(binding is None, ("constraint",), "without --binding or --slack; give one of them, or leave it out"),
        without_table(file),
    )
    require_place(file, force)
    require_finite("--size", *(sizes or ()))
    found, values = find_solution(solution, model), parse_settings(set_)
    given.refuse(
        Idle(
            not found.model.constraints,
            ("binding", "constraint"),
            f"in model '{found.model.name}', which has no occasionally binding constraint; leave it out",
        ),
    )
    with working("generalised responses", quiet):
        start = None if binding is None else states_where(found, constraint, binding, values, seed=seed)
        hits = sizes or usual(generalised, "sizes")
        table = generalised(found, shock, hits, start, periods, values, draws, seed, extrapolate).to_dataframe()
    write_table(table, file)
    if not quiet:
        print(table.to_string(float_format="{:.5g}".format))


@app.command()
def figures(
    solution: SolutionName,
    folder: Annotated[Path, typer.Option("--out", help="Folder for PNG and PDF files.")] = Path("figures"),
    model: OwnModel = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Draw a solution: policies against every parameter (KMR's figures 3 and 9) and impulse responses."""
    found = find_solution(solution, model)
    if holds_anything(folder) and not force:
        raise RunFolderError(f"'{folder}' is not empty; nothing was touched; use --force or another --out")
    with work_bar(quiet, saved=False) as report:
        paths = draw_solution(found, folder, report)
    if not quiet:
        tell(f"Wrote {len(paths)} files to {folder}")


def require_finite(option: str, *values: float) -> None:
    """Refuse infinity and what is not a number."""
    for value in values:
        if not math.isfinite(value):
            raise SettingError(f"{option} is {value}; give a finite number")


def _print_version(wanted: bool) -> bool:
    if wanted:
        print(__version__)
        raise typer.Exit
    return wanted


@app.callback()
def common(
    show: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Options of `hanknn` itself."""


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)
