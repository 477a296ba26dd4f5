"""`hanknn show`: a model before it is solved."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

import hanknn

from ..progress import working
from .app import Given, command
from .names import find_model
from .options import Force, Settings, parse_settings, require_drawing
from .printing import out, tell

if TYPE_CHECKING:
    import pandas as pd

    from ..shown import AroundSteadyState, Shown


@command(name="show")
def show_(
    given: Given,
    model: Annotated[str, typer.Argument(help="A shipped model ('nk'), or your own as FILE.py:ClassName.")],
    set_: Settings = None,
    determinacy: Annotated[
        Path | None,
        typer.Option(help="Draw where there is one stable solution, by pairs of parameters, into this file (.png, …)."),
    ] = None,
    force: Force = False,
) -> None:
    """Look at a model before you solve it: what it is made of, where it rests, what is missing or odd.

    Parameters, states, shocks, policies, observables and equations; the steady state, the eigenvalues and ergodic
    standard deviations of the linearised model; whether it has one stable solution, here and over the whole box; which
    recipe hanknn solve would use. Every mistake in the model's functions is reported with its line.

    Example: hanknn show my_model.py:MyModel --set beta=0.98 (any value, inside its range or not).
    """
    from ..shown import shown

    given.refuse(determinacy is None, "without a file to write; leave it out", "force")
    require_drawing(determinacy, force, "--determinacy")
    economy, values = find_model(model), parse_settings(set_)
    if determinacy is not None:
        hanknn.figures.require_map(economy)
    with working("looking"):
        found = shown(economy, values)
        if determinacy is not None:
            hanknn.figures.determinacy_map(found.equations, values=values).savefig(determinacy, dpi=200)
    tell(f"Model '{economy.name}'\n")
    out.print(_parameters(found))
    _print_variables(found)
    if found.around is not None:
        _print_linear(found.around, bool(economy.constraints))
    else:
        what = "eigenvalues" if found.at_rest is not None else "steady state, eigenvalues"
        tell(f"\nNo {what}, standard deviations or determinacy: {found.why_not}.")
    tell(f"\nhanknn solve uses the recipe '{found.recipe}': a network of {found.weights:,} weights.")
    if found.odd:
        tell("\nMissing or odd:")
    for sentence in found.odd:
        tell(f"- {sentence}")


def _parameters(found: "Shown") -> Table:
    space = found.model.parameters
    table = _table("parameter", ["value"], ["range", "prior", "what it is"])
    for name, value in found.values.items():
        p = space[str(name)]
        low, high = p.bounds
        free = p.range is not None
        prior = _prior(p.prior) if free else ""
        table.add_row(str(name), f"{value:.6g}", f"{low:g} to {high:g}" if free else "fixed", prior, _described(p))
    return table


def _prior(prior: "hanknn.priors.Prior") -> str:
    """A family with its mean and s.d., where it has them."""
    return " ".join([type(prior).__name__, ", ".join(f"{value:g}" for value in vars(prior).values())]).strip()


def _print_variables(found: "Shown") -> None:
    """States, policies and observables with where they rest and how far they move; shocks; equations."""
    model = found.model
    numbers = None if found.at_rest is None else found.at_rest.to_frame()
    numbers = numbers if found.around is None else found.around.variables
    moving = {"state": model.states, "policy": model.policies, "observable": model.observables}
    for kind, variables in moving.items():
        _print_kind(kind, variables, numbers)
    for kind, variables in {
        "shock": model.shocks,
        "network's output": model.outputs,
        "constraint": model.constraints,
    }.items():
        _print_kind(kind, variables, None)
    tell(f"\nEquations: {', '.join(found.equations.equation_names)}")


def _print_kind(kind: str, variables: Mapping[str, Any], numbers: "pd.DataFrame | None") -> None:
    if not variables:
        return
    table = _table(kind, [] if numbers is None else list(numbers.columns), ["what it is"])
    for name, variable in variables.items():
        cells = [] if numbers is None else [_number(numbers[column].get(name)) for column in numbers]
        table.add_row(name, *cells, _described(variable) + (", positive" if variable.positive else ""))
    print()
    out.print(table)


def _number(value: Any) -> str:
    """What rounding leaves of a zero is no news; an array has no number."""
    if value is None:
        return ""
    return f"{0.0 if abs(value) < 1e-12 else value:.5g}"


def _described(what: Any) -> str:
    """Text and unit of a parameter or variable."""
    return f"{what.text or '?'}{f' ({what.unit})' if what.unit else ''}"


def _table(first: str, numbers: list[str], rest: list[str]) -> Table:
    table = Table(first, box=None, pad_edge=False)
    for column in numbers:
        table.add_column(column, justify="right")
    for column in rest:
        table.add_column(column, overflow="fold")
    return table


def _print_linear(around: "AroundSteadyState", constrained: bool) -> None:
    """Eigenvalues and determinacy."""
    inside = ", ".join(f"{modulus:.5g}" for modulus in around.moduli)
    tell(f"\nLinearised around the steady state{', without the constraints' if constrained else ''}")
    tell(f"Eigenvalues of the law of motion (moduli): {inside}; left out: {around.left_out:.5g} and larger")
    tell(f"At these values: {around.verdict}")
    if around.shares:
        shares = "; ".join(f"{verdict} {100 * share:.3g} %" for verdict, share in around.shares.items() if share)
        tell(f"Over the whole box: {shares}")
