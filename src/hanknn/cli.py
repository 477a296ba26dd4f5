"""The command line: parses, calls the library, prints. Every error is one line and exit code 2."""

import importlib.util
import inspect
import os
import sys
from pathlib import Path
from typing import Annotated

import jax
import typer
from rich.console import Console
from rich.table import Table

from . import load
from .accuracy import check as check_solution
from .errors import HanknnError, ModelError, RunFolderError, SettingError, UnknownNameError
from .model import Model
from .models import shipped
from .progress import progress_bar
from .runs import SOLUTION, RunFolder, draw_solution
from .simulation import irf as impulse_response, moments, simulate as simulate_paths
from .solution import Solution
from .training.recipes import RECIPES, Recipe
from .version import __version__

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Solve nonlinear macroeconomic models with neural networks, once for all parameter values.\n\n"
    "Start with: hanknn demo. Then: hanknn solve nk, hanknn check nk, hanknn irf nk --set phi=0.8.",
)
out = Console(highlight=False)

ModelName = Annotated[str, typer.Argument(help="A shipped model ('nk'), or your own as FILE.py:ClassName.")]
SolutionName = Annotated[str, typer.Argument(help="A shipped solution ('nk'), a run folder, or a solution file.")]
OwnModel = Annotated[str | None, typer.Option("--model", help="Your own model, FILE.py:ClassName, where it is one.")]
Settings = Annotated[list[str] | None, typer.Option("--set", help="A parameter value, NAME=VALUE; may be repeated.")]
Seed = Annotated[int, typer.Option(help="Random seed; the same seed gives the same result.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print errors only.")]
Csv = Annotated[Path | None, typer.Option("--out", help="Write the table to this CSV file as well.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]
Extrapolate = Annotated[bool, typer.Option("--extrapolate", help="Allow parameters outside the solved ranges.")]


@app.command()
def solve(
    model: ModelName,
    recipe: Annotated[str, typer.Option(help=f"How to train: {', '.join(RECIPES)}.")] = "default",
    seed: Seed = 0,
    folder: Annotated[Path | None, typer.Option("--out", help="Run folder (default: runs/MODEL-RECIPE-SEED).")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run in the folder.")] = False,
    force: Force = False,
    quiet: Quiet = False,
    save_every: Annotated[float, typer.Option(help="Seconds between checkpoints.")] = 10.0,
) -> None:
    """Solve a model over its whole parameter box; write weights, metrics, loss history and figures.

    Example: hanknn solve nk --seed 1 --out runs/first. An interrupted or killed run goes on to the same
    result with --resume.
    """
    economy = find_model(model)
    folder = folder or Path("runs") / f"{economy.name}-{recipe}-{seed}"
    _solve(economy, model, recipe, seed, folder, resume, force, quiet, save_every)


def _solve(
    economy: Model,
    named: str,
    recipe: str,
    seed: int,
    folder: Path,
    resume: bool,
    force: bool,
    quiet: bool,
    save_every: float = 10.0,
) -> Solution:
    """Solve into a run folder and print what was found."""
    chosen = find_recipe(recipe)
    run = RunFolder(folder, {"model": named, "recipe": recipe, "seed": seed}, resume, force)
    with progress_bar(quiet) as report:
        solved = run.solve(economy, chosen, seed, resume, report, save_every)
    accuracy = run.finish(solved)
    if not quiet:
        header = solved.solution.header
        out.print(f"Solved '{economy.name}' in {solved.seconds:.1f} s (and {solved.compile_seconds:.1f} s to compile)")
        out.print(f"Training: {header['status']}. {accuracy.verdict}")
        out.print(f"Everything is in {folder}", soft_wrap=True)
    return solved.solution


@app.command()
def check(
    solution: SolutionName,
    draws: Annotated[int, typer.Option(help="Fresh draws of parameters and states.")] = 10_000,
    seed: Seed = 1_000_003,
    model: OwnModel = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Measure a solution on fresh draws: residuals, distance to the closed form, weakest regions, verdict."""
    report = check_solution(find_solution(solution, model), draws, seed)
    print(report.to_json() if json else report)


@app.command()
def simulate(
    solution: SolutionName,
    periods: Annotated[int, typer.Option(help="Quarters.")] = 200,
    set_: Settings = None,
    seed: Seed = 0,
    file: Csv = None,
    model: OwnModel = None,
    extrapolate: Extrapolate = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Simulate a path and print its moments. Example: hanknn simulate nk --set rho=0.9 --out path.csv."""
    found = find_solution(solution, model)
    data = simulate_paths(found, periods, parse_settings(set_), seed, extrapolate=extrapolate)
    _write_table(data.to_dataframe(), file, force)
    if not quiet:
        print(moments(data).to_string(float_format="{:.4g}".format))


@app.command()
def irf(
    solution: SolutionName,
    shock: Annotated[str | None, typer.Option(help="Which shock (where the model has several).")] = None,
    size: Annotated[float, typer.Option(help="Size in standard deviations.")] = 1.0,
    periods: Annotated[int, typer.Option(help="Quarters.")] = 20,
    set_: Settings = None,
    file: Csv = None,
    model: OwnModel = None,
    extrapolate: Extrapolate = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Responses to one shock. Example: hanknn irf nk --size -2 --set phi=0.8 --set phi_pi=1.5."""
    found = find_solution(solution, model)
    data = impulse_response(found, shock, size, periods, parse_settings(set_), extrapolate)
    table = data.to_dataframe()
    _write_table(table, file, force)
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
    if folder.exists() and any(folder.iterdir()) and not force:
        raise RunFolderError(f"'{folder}' is not empty; nothing was touched; use --force or another --out")
    paths = draw_solution(found, folder)
    if not quiet:
        out.print(f"Wrote {len(paths)} files to {folder}", soft_wrap=True)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--out", help="Run folder.")] = Path("runs/demo"),
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Solve the three-equation New Keynesian model, check it against its closed form, draw the figures."""
    economy = shipped("nk")
    out.print("The linearised three-equation New Keynesian model, solved once for all values of:\n")
    table = Table("parameter", "what it is", "baseline", "range", box=None)
    for name in economy.parameters:
        p = economy.parameters[name]
        table.add_row(name, p.text, f"{p.value:g}", f"{p.bounds[0]:g} to {p.bounds[1]:g}" if p.range else "fixed")
    out.print(table)
    solution = _solve(economy, "nk", "default", seed, folder, False, force, False)
    report = check_solution(solution)
    result = Table("at the baseline", "X, error", "inflation, error", box=None, title="\nAgainst the closed form")
    for _, row in report.probes.iterrows():
        errors = (f"{100 * row[f'error_{policy}']:+.3f} %" for policy in economy.policies)
        result.add_row(f"natural rate {row['zeta']:g}", *errors)
    if report.policy_errors is not None:
        result.add_row("relative L2 over the box", *(f"{100 * e:.3f} %" for e in report.policy_errors["relative_l2"]))
    out.print(result)
    out.print(
        f"\nFigures: {folder}/figures   Numbers: {folder}/metrics.json   Weights: {folder}/{SOLUTION}", soft_wrap=True
    )
    out.print(f"Next: hanknn irf {folder} --set phi=0.8, or docs/extend for a model of your own", soft_wrap=True)


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


def find_model(name: str) -> Model:
    """A shipped model by name, or the class FILE.py:ClassName."""
    file, _, class_name = name.partition(":")
    if not file.endswith(".py"):
        return shipped(name)
    path = Path(file)
    if not path.is_file():
        raise ModelError(f"no file '{path}'; give your model as FILE.py:ClassName")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ModelError(f"'{path}' is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ModelError(f"'{path}' cannot be imported: {type(error).__name__}: {error}") from error
    found = {k: v for k, v in vars(module).items() if inspect.isclass(v) and issubclass(v, Model) and v is not Model}
    if class_name not in found:
        raise UnknownNameError("model class", class_name, found, f"'{path}'")
    return found[class_name]()


def find_recipe(name: str) -> Recipe:
    if name not in RECIPES:
        raise UnknownNameError("recipe", name, RECIPES)
    return RECIPES[name]()


def find_solution(name: str, model: str | None) -> Solution:
    """A shipped solution, a run folder's, or a file's."""
    path = Path(name)
    source = path / SOLUTION if path.is_dir() else name
    return load(source, None if model is None else find_model(model))


def parse_settings(settings: list[str] | None) -> dict[str, float]:
    """NAME=VALUE pairs as numbers."""
    values = {}
    for setting in settings or []:
        name, _, value = setting.partition("=")
        try:
            values[name] = float(value)
        except ValueError:
            raise SettingError(f"--set {setting}: give NAME=VALUE with a number, such as --set phi=0.8") from None
    return values


def _write_table(table, file: Path | None, force: bool) -> None:
    if file is None:
        return
    if file.exists() and not force:
        raise RunFolderError(f"'{file}' exists; nothing was touched; use --force or another --out")
    table.to_csv(file)


def entry() -> int:
    """The `hanknn` command: makes every core a JAX device, so that first-order training uses them all."""
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    return main()


def main(arguments: list[str] | None = None) -> int:
    """Run a command; errors are one line on standard error and exit code 2."""
    try:
        app(arguments, standalone_mode=False)
    except HanknnError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        print("interrupted; go on with the same command and --resume", file=sys.stderr)
        return 130
    except Exception as error:
        # Typer's own usage errors, whichever module the installed version keeps them in.
        format_message = getattr(error, "format_message", None)
        if format_message is None:
            raise
        message = format_message()
        return _fail(message) if message else 0
    return 0


def _fail(message: str) -> int:
    print("error: " + " ".join(message.split()), file=sys.stderr)
    return 2
