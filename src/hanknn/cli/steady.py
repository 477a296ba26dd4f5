"""`hanknn steady-states`: one deterministic steady state of `hank`, or the table of all."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import RunFolderError, SettingError
from ..models.hank_parameters import PARAMETERS
from ..progress import work_bar
from ..references.frontier_table import tabulate_frontier
from ..references.steady_state import SteadyState
from ..references.steady_table import tabulate
from ..references.summary_table import tabulate_summaries
from .options import Force, Quiet, Settings, app, out, parse_settings


@app.command("steady-states")
def steady_states(
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
    the library reads (minutes). Example: hanknn steady-states --out src/hanknn/weights/hank_steady.npz --force.
    With --summaries: the same for how households' values and their distribution are summarised around them.
    With --frontier: how large preference shocks may be before hank's representative twin has no equilibrium.
    """
    values = parse_settings(set_)
    builders = ((file, tabulate), (summaries, tabulate_summaries), (frontier, tabulate_frontier))
    wanted = {path: build for path, build in builders if path is not None}
    if not wanted:
        own = {name: values.pop(name, PARAMETERS[name].value) for name in ("sigma_s", "borrowing_limit")}
        print(
            SteadyState()
            .solve(own["sigma_s"], own["borrowing_limit"], values)
            .table()
            .to_string(float_format="{:.6g}".format)
        )
        return
    if values:
        raise SettingError(
            "--set goes with one steady state; --out, --summaries and --frontier take all of them: leave one out"
        )
    for path in wanted:
        if path.exists() and not force:
            raise RunFolderError(f"'{path}' exists; nothing was touched; use --force or another name")
    for path, build in wanted.items():
        with work_bar(quiet) as report:
            build(report=report).save(path)
        if not quiet:
            out.print(f"Wrote {path} ({path.stat().st_size / 1e6:.2f} MB)", soft_wrap=True)
