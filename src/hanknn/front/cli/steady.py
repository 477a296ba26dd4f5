"""`hanknn steady-states`: one deterministic steady state of `hank`, or the table of all."""

from pathlib import Path
from typing import Annotated

import typer

import hanknn

from ...machine.errors import SettingError
from ..progress import work_bar, working
from .app import Given, command
from .options import Force, Quiet, Settings, parse_settings, require_place
from .printing import show, tell


@command("steady-states")
def steady_states(
    given: Given,
    set_: Settings = None,
    file: Annotated[Path | None, typer.Option("--out", help="Build the table of steady states into this file.")] = None,
    summaries: Annotated[
        Path | None, typer.Option("--summaries", help="Build the table of what summarises households into this file.")
    ] = None,
    frontier: Annotated[
        Path | None, typer.Option("--frontier", help="Find how large shocks may be, and write it into this file.")
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Steady states of hank without aggregate risk: households still face risk and a borrowing limit.

    Without --out: solve one and print prices, inequality and how far each market is from clearing. Example:
    hanknn steady-states --set sigma_s=0.07 --set borrowing_limit=-0.4.

    With --out: solve a grid of them over the ranges of sigma_s and borrowing_limit, and write the table that
    the library reads (minutes). Example: hanknn steady-states --out src/hanknn/models/weights/hank_steady.npz --force.
    With --summaries: the same for how households' values and their distribution are summarised around them.
    With --frontier: how large preference shocks may be before hank's representative twin has no equilibrium.
    """
    from ...references.hank.frontier_table import tabulate_frontier
    from ...references.hank.steady_table import tabulate
    from ...references.hank.summary_table import tabulate_summaries

    values = parse_settings(set_)
    builders = (
        ("--out", file, tabulate),
        ("--summaries", summaries, tabulate_summaries),
        ("--frontier", frontier, tabulate_frontier),
    )
    wanted = [(option, path, build) for option, path, build in builders if path is not None]
    given.refuse(bool(wanted), "on --out, --summaries and --frontier, which take all values; leave one out", "set_")
    given.refuse(not wanted, "without --out, --summaries or --frontier; leave it out", "force", "quiet")
    if not wanted:
        baseline = hanknn.models.HANK().parameters
        risk, limit = (values.pop(name, baseline[name].value) for name in ("sigma_s", "borrowing_limit"))
        with working("steady state"):
            steady = hanknn.references.SteadyState().solve(risk, limit, values)
        show(steady.table(), 6)
        return
    places = [path.resolve() for _, path, _ in wanted]
    if len(set(places)) < len(places):
        raise SettingError("two tables cannot be written into one file; give each a name of its own")
    for option, path, _ in wanted:
        require_place(path, force, option)
    for _, path, build in wanted:
        with work_bar(quiet, saved=False) as report:
            build(report=report).save(path)
        if not quiet:
            tell(f"Wrote {path} ({path.stat().st_size / 1e6:.2f} MB)")
