"""`hanknn reproduce`: published results with their targets."""

from pathlib import Path
from typing import Annotated

import typer

from ...machine.errors import RunFolderError, UnknownNameError
from ..experiments import EXPERIMENTS
from ..experiments.experiment import findings_table
from ..folder import holds_anything
from ..progress import work_bar
from .options import Force, Quiet, Resume, Seed, app
from .printing import tell

NAMES = {experiment.name: experiment for experiment in EXPERIMENTS}


@app.command(
    help="Compute a published result anew and compare it with its target.\n\n"
    + "\n\n".join(f"{name}: {experiment.text}." for name, experiment in NAMES.items())
)
def reproduce(
    name: Annotated[str, typer.Argument(help=f"Which: {', '.join(NAMES)}.")],
    seed: Seed = 0,
    folder: Annotated[Path | None, typer.Option("--out", help="Folder (default: runs/NAME).")] = None,
    resume: Resume = False,
    force: Force = False,
    quiet: Quiet = False,
) -> int:
    """Run one experiment; the exit code is 1 where a target is missed."""
    if name not in NAMES:
        raise UnknownNameError("experiment", name, NAMES)
    folder = folder or Path("runs") / name
    if resume and force:
        raise RunFolderError("--resume goes on with an experiment and --force starts it over; give one of them")
    if holds_anything(folder) and not (resume or force):
        raise RunFolderError(
            f"'{folder}' is not empty; nothing was touched; use --resume to go on with it, --force to compute it "
            "anew, or another --out"
        )
    with work_bar(quiet) as report:
        table = findings_table(NAMES[name].run(folder, seed, resume, report))
    table.to_csv(folder / "findings.csv")
    if not quiet:
        print(table.to_string(float_format="{:.3g}".format))
        tell(f"Everything is in {folder}")
    return int(not table["met"].all())
