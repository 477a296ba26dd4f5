"""`hanknn reproduce`: published results with their targets."""

from pathlib import Path
from typing import Annotated

import typer

from ...machine.errors import RunFolderError, SettingError, UnknownNameError
from ..experiments import EXPERIMENTS, experiment
from ..experiments.experiment import findings_table
from ..folder import holds_anything
from ..progress import work_bar
from .app import command
from .options import Place, Seed
from .printing import show, tell


@command(
    help="Compute a published result anew and compare it with its target.\n\n"
    + "\n\n".join(f"{name}: {text}." for name, text in EXPERIMENTS.items())
)
def reproduce(
    place: Place,
    name: Annotated[str, typer.Argument(help=f"Which: {', '.join(EXPERIMENTS)}.")],
    seed: Seed = 0,
    data: Annotated[
        Path | None, typer.Option("--data", help="The user's file of quarters, for table3 and table4.")
    ] = None,
) -> int:
    """Run one experiment; the exit code is 1 where a target is missed."""
    if name not in EXPERIMENTS:
        raise UnknownNameError("experiment", name, EXPERIMENTS)
    chosen = experiment(name)
    if chosen.reads and data is None:
        raise SettingError(f"{name} reads data that hanknn does not have: give --data FILE, {chosen.reads}")
    if data is not None and not chosen.reads:
        raise SettingError(f"{name} reads no data; leave --data out")
    folder = place.folder or Path("runs") / name
    if place.resume and place.force:
        raise RunFolderError("--resume goes on with an experiment and --force starts it over; give one of them")
    if holds_anything(folder) and not (place.resume or place.force):
        raise RunFolderError(
            f"'{folder}' is not empty; nothing was touched; use --resume to go on with it, --force to compute it "
            "anew, or another --out"
        )
    with work_bar(place.quiet) as report:
        table = findings_table(chosen.run(folder, seed, place.resume, report, data))
    table.to_csv(folder / "findings.csv")
    if not place.quiet:
        show(table, 3)
        tell(f"Everything is in {folder}")
    return int(not table["met"].all())
