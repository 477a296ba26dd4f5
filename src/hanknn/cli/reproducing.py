"""`hanknn reproduce`: published results with their targets."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import RunFolderError, UnknownNameError
from ..experiments import EXPERIMENTS
from ..experiments.experiment import findings_table
from ..progress import work_bar
from .options import Force, Quiet, Seed, app, out

NAMES = {experiment.name: experiment for experiment in EXPERIMENTS}


@app.command(
    help="Compute a published result anew and compare it with its target.\n\n"
    + "\n\n".join(f"{name}: {experiment.text}." for name, experiment in NAMES.items())
)
def reproduce(
    name: Annotated[str, typer.Argument(help=f"Which: {', '.join(NAMES)}.")],
    seed: Seed = 0,
    folder: Annotated[Path | None, typer.Option("--out", help="Folder (default: runs/NAME).")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is in the folder.")] = False,
    force: Force = False,
    quiet: Quiet = False,
) -> int:
    """Run one experiment; the exit code is 1 where a target is missed."""
    if name not in NAMES:
        raise UnknownNameError("experiment", name, NAMES)
    folder = folder or Path("runs") / name
    if folder.exists() and any(folder.iterdir()) and not (resume or force):
        raise RunFolderError(
            f"'{folder}' is not empty; nothing was touched; use --resume to go on with it, --force to compute it "
            "anew, or another --out"
        )
    with work_bar(quiet) as report:
        table = findings_table(NAMES[name].run(folder, seed, resume, report))
    table.to_csv(folder / "findings.csv")
    if not quiet:
        print(table.to_string(float_format="{:.3g}".format))
        out.print(f"Everything is in {folder}", soft_wrap=True)
    return int(not table["met"].all())
