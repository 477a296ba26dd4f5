"""`hanknn demo`: from equations to a posterior in one command."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

import hanknn

from ..progress import work_bar, working
from .app import command
from .options import Force, Place, Resume, Seed
from .printing import out, tell
from .solving import solve_into


@command()
def demo(
    folder: Annotated[Path, typer.Option("--out", help="Run folder.")] = Path("runs/demo"),
    seed: Seed = 0,
    resume: Resume = False,
    force: Force = False,
) -> None:
    """Solve the three-equation New Keynesian model, check it against its closed form, estimate it on simulated data."""
    from ...machine.settings_difference import described
    from ..estimation_folder import EstimationFolder
    from ..runs import SOLUTION

    economy, method = hanknn.models.shipped("nk"), small_method()
    settings = {"solution": str(folder), "method": described(method), "seed": seed}
    # Refused now, not after the model has been solved.
    keep = EstimationFolder(Path(f"{folder}-posterior"), settings, resume, force)
    tell("The linearised three-equation New Keynesian model, solved once for all values of:\n")
    table = Table("parameter", "what it is", "baseline", "range", box=None)
    for name in economy.parameters:
        p = economy.parameters[name]
        table.add_row(name, p.text, f"{p.value:g}", f"{p.bounds[0]:g} to {p.bounds[1]:g}" if p.range else "fixed")
    out.print(table)
    settings = {"model": "nk", "recipe": "default", "seed": seed}
    solution, report = solve_into(folder, economy, settings, Place(folder, resume, force))
    result = Table("at the baseline", "X, error", "inflation, error", box=None, title="\nAgainst the closed form")
    for _, row in report.probes.iterrows():
        errors = (f"{100 * row[f'error_{policy}']:+.3f} %" for policy in economy.policies)
        result.add_row(f"natural rate {row['zeta']:g}", *errors)
    if report.policy_errors is not None:
        result.add_row("relative L2 over the box", *(f"{100 * e:.3f} %" for e in report.policy_errors["relative_l2"]))
    out.print(result)
    tell("\nEstimation on 100 simulated quarters of natural rate, output gap and inflation (5 % measurement error)")
    made = hanknn.data.simulate_data(solution, [*economy.states, *economy.policies], 100, seed=seed)
    with work_bar() as bar:
        found = keep.estimate(solution, made.observed, method, seed=seed, report=bar)
    with working("filtered states, forecast and figures"):
        keep.finish(found, made)
    shown = Table("parameter", "true", "prior mean", "posterior mean", "median", "5 %", "95 %", box=None)
    for name, row in found.posterior.table(made.parameters).iterrows():
        cells = (f"{row[c]:.3g}" for c in ("true", "prior mean", "mean", "median", "5 %", "95 %"))
        shown.add_row(str(name), *cells)
    out.print(shown)
    tell(found.verdict)
    tell(
        f"\nSolution: {folder}/figures, {folder}/metrics.json, {folder}/{SOLUTION}\n"
        f"Posterior: {folder}-posterior/figures, {folder}-posterior/posterior.nc (ArviZ) and posterior.csv"
    )
    tell(
        f"Next: hanknn irf {folder} --set phi=0.8, hanknn estimate nk --data us, or docs/extend for a model of your own"
    )


def small_method() -> "hanknn.ViaSurrogate":
    """Smaller than what `hanknn estimate` does, to fit the demonstration's time."""
    from ...inference.posterior import NUTS, Reweighting
    from ...inference.surrogate import Design, Fit, Regression

    return hanknn.ViaSurrogate(
        design=Design(points=1536),
        refinement=Design(points=1024),
        rounds=1,
        fit=Fit(regression=Regression(width=14, depth=4, iterations=35)),
        sampler=NUTS(chains=4, warmup=300, draws=1200),
        correction=Reweighting(draws=800),
    )
