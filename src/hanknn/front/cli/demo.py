"""`hanknn demo`: from equations to a posterior in one command."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ...inference.data.measurement import VarianceShare
from ...inference.data.simulated import simulate_data
from ...inference.estimation import ViaSurrogate
from ...inference.likelihood import Guided
from ...inference.posterior import NUTS
from ...inference.posterior.importance import Reweighting
from ...inference.surrogate import Design, Fit, Regression
from ...machine.settings_difference import described
from ...models import shipped
from ...solution import Solution
from ..estimation_folder import EstimationFolder
from ..progress import work_bar, working
from ..runs import SOLUTION
from .options import Force, Resume, Seed, app
from .printing import out, tell
from .solving import solve_into

METHOD = ViaSurrogate(
    filter=Guided(particles=100),
    design=Design(points=1536),
    refinement=Design(points=1024),
    rounds=1,
    fit=Fit(regression=Regression(width=14, depth=4, iterations=35)),
    sampler=NUTS(chains=4, warmup=300, draws=1200),
    correction=Reweighting(draws=800),
)
"""Smaller than what `hanknn estimate` does, to fit the demonstration's time."""


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--out", help="Run folder.")] = Path("runs/demo"),
    seed: Seed = 0,
    resume: Resume = False,
    force: Force = False,
) -> None:
    """Solve the three-equation New Keynesian model, check it against its closed form, estimate it on simulated data."""
    economy = shipped("nk")
    settings = {"solution": str(folder), "method": described(METHOD), "seed": seed}
    # Refused now, not after the solution has been found.
    place = EstimationFolder(Path(f"{folder}-posterior"), settings, resume, force)
    tell("The linearised three-equation New Keynesian model, solved once for all values of:\n")
    table = Table("parameter", "what it is", "baseline", "range", box=None)
    for name in economy.parameters:
        p = economy.parameters[name]
        table.add_row(name, p.text, f"{p.value:g}", f"{p.bounds[0]:g} to {p.bounds[1]:g}" if p.range else "fixed")
    out.print(table)
    solution, report = solve_into(economy, "nk", "default", seed, folder, resume, force, False)
    result = Table("at the baseline", "X, error", "inflation, error", box=None, title="\nAgainst the closed form")
    for _, row in report.probes.iterrows():
        errors = (f"{100 * row[f'error_{policy}']:+.3f} %" for policy in economy.policies)
        result.add_row(f"natural rate {row['zeta']:g}", *errors)
    if report.policy_errors is not None:
        result.add_row("relative L2 over the box", *(f"{100 * e:.3f} %" for e in report.policy_errors["relative_l2"]))
    out.print(result)
    _estimate(solution, place, seed)
    tell(
        f"\nSolution: {folder}/figures, {folder}/metrics.json, {folder}/{SOLUTION}\n"
        f"Posterior: {folder}-posterior/figures, {folder}-posterior/posterior.nc (ArviZ) and posterior.csv"
    )
    tell(
        f"Next: hanknn irf {folder} --set phi=0.8, hanknn estimate nk --data us, or docs/extend for a model of your own"
    )


def _estimate(solution: Solution, place: EstimationFolder, seed: int) -> None:
    """The posterior on 100 simulated quarters, printed beside the true values."""
    tell("\nEstimation on 100 simulated quarters of natural rate, output gap and inflation (5 % measurement error)")
    data = simulate_data(solution, [*solution.model.states, *solution.model.policies], 100, None, VarianceShare(), seed)
    with work_bar() as report:
        found = place.estimate(solution, data.observed, METHOD, seed=seed, report=report)
    with working("filtered states, forecast and figures"):
        place.finish(found, data)
    table = found.posterior.table(data.parameters)
    shown = Table("parameter", "true", "prior mean", "posterior mean", "median", "5 %", "95 %", box=None)
    for name, row in table.iterrows():
        cells = (f"{row[c]:.3g}" for c in ("true", "prior mean", "mean", "median", "5 %", "95 %"))
        shown.add_row(str(name), *cells)
    out.print(shown)
    tell(found.verdict)
