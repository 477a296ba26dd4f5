"""Progress bars: training with loss and rate, other long work with what is done and time left."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress as Bar, TaskID, TextColumn, TimeRemainingColumn

from .posterior.sample import Report as WorkReport, Step, silent
from .training.loop import Progress, Report


@contextmanager
def progress_bar(quiet: bool = False) -> Iterator[Report | None]:
    """A report to pass to `solve`: draws on standard error; None where `quiet`."""
    if quiet:
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}  residual² {task.fields[loss]}  {task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        bar.console.print("compiling …", style="dim")
        tasks: dict[int, TaskID] = {}

        def report(p: Progress) -> None:
            if p.stage not in tasks:
                tasks[p.stage] = bar.add_task(p.method, total=p.iterations, loss="", rate="")
            speed = p.iteration / p.seconds if p.seconds else 0.0
            bar.update(
                tasks[p.stage], completed=p.iteration, loss=f"{p.mean_square:.1e}", rate=f"{speed:,.1f} iterations/s"
            )

        yield report


@contextmanager
def work_bar(quiet: bool = False) -> Iterator[WorkReport]:
    """A report to pass to `estimate`: one bar a stage, on standard error; silent where `quiet`."""
    if quiet:
        yield silent
        return
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}/{task.total:,.0f}")
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def report(step: Step) -> None:
            known = tasks.get(step.stage)
            # A stage that begins again, such as the networks of a second round, gets a bar of its own.
            if known is None or step.done < bar.tasks[known].completed:
                tasks[step.stage] = known = bar.add_task(step.stage, total=step.total)
            bar.update(known, completed=step.done, total=step.total)

        yield report
