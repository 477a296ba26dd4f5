"""Commands that solve a model, check its solution and draw it."""

from pathlib import Path
from typing import Annotated

import typer

import hanknn

from ...machine.errors import RunFolderError, SettingError
from ...machine.version import __version__
from ..folder import holds_anything
from ..progress import work_bar, working
from .app import app, command
from .names import find_model, find_recipe, find_solution
from .options import Force, OwnModel, Place, Quiet, SaveEvery, Seed, Settings, SolutionName, named_once, parse_settings
from .printing import tell

RECIPES = (
    "default, nonlinear, quick, thorough, constrained, constrained-thorough, large, households, households-quick, "
    "calibration, distribution, kmr-fresh, kmr-kept, kmr-simulated, kmr-simulated-kept, kmr-julia, kmr-julia-full"
)


@command()
def solve(
    place: Place,
    model: Annotated[str, typer.Argument(help="A shipped model ('nk'), or your own as FILE.py:ClassName.")],
    recipe: Annotated[str, typer.Option(help=f"How to train: {RECIPES}.")] = "default",
    seed: Seed = 0,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=LOW..HIGH|=VALUE]",
            help="Keep only this parameter free, over its range or a part of it, or fix it; the others stay at "
            "baseline. May be repeated.",
        ),
    ] = None,
    save_every: SaveEvery = 10.0,
) -> None:
    """Solve a model over its whole parameter box; write weights, metrics, loss history and figures.

    Example: hanknn solve nk --seed 1 --out runs/first (default: runs/MODEL-RECIPE-SEED). An interrupted or killed run
    goes on to the same result with --resume. A narrower box is solved sooner and more exactly:
    hanknn solve hank --only sigma_s --only sigma_zeta=0.01..0.0135, and one point soonest: --only sigma_zeta=0.012.
    """
    economy = narrowed(find_model(model), only) if only else find_model(model)
    settings = {"model": " ".join([model, *(only or ())]), "recipe": recipe, "seed": seed}
    folder = place.folder or Path("runs") / "-".join([economy.name, *(only or ()), recipe, str(seed)])
    solve_into(folder, economy, settings, place, save_every)


def solve_into(
    folder: Path, economy: "hanknn.Model", settings: dict, place: Place, save_every: float = 10.0
) -> tuple["hanknn.Solution", "hanknn.AccuracyReport"]:
    """Solve by the recipe and with the seed of `settings` into a run folder, and print what was reached."""
    from ..runs import RunFolder

    recipe = find_recipe(settings["recipe"], economy)
    run = RunFolder(folder, settings, place.resume, place.force)
    with work_bar(place.quiet, first="compiling …") as report:
        solved = run.solve(economy, recipe, settings["seed"], report, save_every)
    with working("checking", place.quiet):
        accuracy = run.check(solved)
    with work_bar(place.quiet, saved=False) as drawn:
        run.draw(solved, drawn)
    if not place.quiet:
        header = solved.solution.header
        tell(f"Solved '{economy.name}' in {solved.seconds:.1f} s (and {solved.compile_seconds:.1f} s to compile)")
        tell(f"Training: {header['status']}. {accuracy.verdict}")
        tell(f"Everything is in {folder}")
    return solved.solution, accuracy


def narrowed(model: "hanknn.Model", only: list[str]) -> "hanknn.Model":
    """The model over a part of its box, from NAME, NAME=LOW..HIGH and NAME=VALUE."""
    free, values = [], {}
    for name, text in named_once(only, "--only"):
        value = text.partition("=")[2]
        low, dots, high = value.partition("..")
        try:
            if "=" in text:
                values[name] = (float(low), float(high)) if dots else float(low)
            else:
                free.append(name)
        except ValueError:
            raise SettingError(
                f"--only {text}: give NAME, NAME=LOW..HIGH or NAME=VALUE, such as --only phi=0.6..0.8"
            ) from None
    return model.only(*free, **values)


@command()
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
        report = hanknn.check(found, draws, seed, parameters=at)
    print(report.to_json() if json else report)


@command()
def figures(
    solution: SolutionName,
    folder: Annotated[Path, typer.Option("--out", help="Folder for PNG and PDF files.")] = Path("figures"),
    model: OwnModel = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Draw a solution: policies against every parameter (KMR's figures 3 and 9) and impulse responses."""
    from ..runs import draw_solution

    found = find_solution(solution, model)
    if holds_anything(folder) and not force:
        raise RunFolderError(f"'{folder}' is not empty; nothing was touched; use --force or another --out")
    with work_bar(quiet, saved=False) as report:
        paths = draw_solution(found, folder, report)
    if not quiet:
        tell(f"Wrote {len(paths)} files to {folder}")


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


@command()
def version() -> None:
    """Print the version."""
    print(__version__)
