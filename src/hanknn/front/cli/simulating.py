"""Commands that simulate a solution: paths and responses to shocks."""

from pathlib import Path
from typing import Annotated

import typer

import hanknn

from ...machine.arguments import require_finite
from ..progress import working
from .app import Given, command
from .options import MOST, At, Output, Seed
from .printing import show

Periods = Annotated[int, typer.Option(max=MOST, help="Quarters.")]
Shock = Annotated[str | None, typer.Option(help="Which shock (where the model has several).")]
SIZES = (-2.0, -1.0, 1.0, 2.0)


@command()
def simulate(given: Given, at: At, output: Output, periods: Periods = 200, seed: Seed = 0) -> None:
    """Simulate a path and print its moments. Example: hanknn simulate nk --set rho=0.9 --out path.csv."""
    output.require(given)
    found, values = at.find()
    with working("simulating", output.quiet):
        data = hanknn.simulate(found, periods, values, seed, extrapolate=at.extrapolate)
    output.write(data.to_dataframe())
    if not output.quiet:
        show(hanknn.moments(data))
        if found.model.constraints:
            print("\nHow often constraints bind, and spells in quarters")
            show(hanknn.constraint_spells(data))


@command()
def irf(
    given: Given,
    at: At,
    output: Output,
    shock: Shock = None,
    size: Annotated[float, typer.Option(help="Size in standard deviations.")] = 1.0,
    periods: Periods = 20,
    linear: Annotated[
        bool, typer.Option("--linear", help="Under the linear solution, without bounds, to see what is not linear.")
    ] = False,
    figure: Annotated[
        Path | None, typer.Option("--figure", help="Draw them into this file (.png, .pdf), beside the linear ones.")
    ] = None,
) -> None:
    """Responses to one shock, with --figure FILE.png as a picture.

    Example: hanknn irf nk --size -2 --set phi=0.8 --set phi_pi=1.5.
    """
    output.require(given, figure)
    given.refuse(figure is not None, "with --figure, which shows both; leave one of them out", "linear")
    require_finite(**{"--size": size})
    found, values = at.find()
    with working("responses", output.quiet):
        data = hanknn.irf(found, shock, size, periods, values, at.extrapolate, linear)
        if figure is not None:
            drawn = hanknn.figures.impulse_responses(found, shock, size, periods - 1, values, at.extrapolate)
            drawn.savefig(figure, dpi=200)
    table = data.to_dataframe()
    output.write(table)
    if not output.quiet:
        show(table, 5)


@command()
def girf(
    given: Given,
    at: At,
    output: Output,
    shock: Shock = None,
    sizes: Annotated[
        list[float] | None,
        typer.Option("--size", help=f"Size in s.d.; may be repeated (default: {', '.join(f'{s:g}' for s in SIZES)})."),
    ] = None,
    binding: Annotated[
        bool | None, typer.Option("--binding/--slack", help="Start where the constraint binds, or is slack.")
    ] = None,
    constraint: Annotated[str | None, typer.Option(help="Which constraint (where the model has several).")] = None,
    periods: Periods = 20,
    draws: Annotated[int, typer.Option(min=2, max=MOST, help="Futures to average over.")] = 1000,
    seed: Seed = 0,
    figure: Annotated[Path | None, typer.Option("--figure", help="Draw them into this file (.png, .pdf).")] = None,
) -> None:
    """Mean responses by size and starting point, with --figure FILE.png as a picture.

    Example: hanknn girf rank --size -2 --size 2 --binding."""
    why = "without --binding or --slack; give one of them, or leave it out"
    given.refuse(binding is None, why, "constraint")
    output.require(given, figure)
    for size in sizes or ():
        require_finite(**{"--size": size})
    found, values = at.find()
    why = f"in model '{found.model.name}', which has no occasionally binding constraint; leave it out"
    given.refuse(not found.model.constraints, why, "binding", "constraint")
    with working("generalised responses", output.quiet):
        start = None if binding is None else hanknn.states_where(found, constraint, binding, values, seed=seed)
        data = hanknn.girf(found, shock, sizes or SIZES, start, periods, values, draws, seed, at.extrapolate)
        if figure is not None:
            hanknn.figures.generalised_responses(found, data).savefig(figure, dpi=200)
    table = data.to_dataframe()
    output.write(table)
    if not output.quiet:
        show(table, 5)
