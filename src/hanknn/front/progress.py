"""Progress on standard error: bars on a terminal, elsewhere a plain line every half minute; answers to Ctrl-C."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress as Bar,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ..machine import interrupts
from ..machine.work import Report, Step

EVERY = 30.0
"""Seconds between lines where standard error is no terminal."""


Show = Callable[[object, Step], None]
"""Shows where work stands; the first argument tells stages apart."""


@contextmanager
def work_bar(quiet: bool = False, saved: bool = True, first: str = "preparing …") -> Iterator[Report]:
    """A report to pass to long work: shows each stage, and raises `KeyboardInterrupt` where Ctrl-C came.

    `saved`: each step is saved, so Ctrl-C waits for its end; else it stops the work at once. `first`: shown until then.
    """
    with _shown(quiet, first, saved) as show:
        turns: dict[str, tuple[int, int]] = {}  # by stage: which turn, and how much of it was done

        def report(step: Step) -> None:
            turn, done = turns.get(step.stage, (0, 0))
            # A stage that begins again, such as the networks of a second round, gets a bar of its own.
            turns[step.stage] = turn, _ = turn + (step.done < done), step.done
            show((step.stage, turn), step)
            interrupts.check()

        yield report


@contextmanager
def working(what: str, quiet: bool = False) -> Iterator[None]:
    """Says what is being done, and for how long, during work that reports nothing itself. Ctrl-C stops it at once."""
    interrupts.check()
    console = Console(stderr=True)
    if quiet:
        yield
    elif console.is_terminal:
        columns = TextColumn("{task.description} …", markup=False), TimeElapsedColumn()
        with Bar(*columns, console=console, transient=True) as bar:
            bar.add_task(what, total=None)
            yield
    else:
        with _Lines() as lines:
            lines.text = what
            yield
    interrupts.check()


@contextmanager
def _shown(quiet: bool, first: str, saved: bool) -> Iterator[Show]:
    """How stages are shown: as bars, as lines, or not at all.

    Where steps are `saved`, Ctrl-C waits for their end from the first report on: before it there is nothing to save.
    """
    interrupts.check()
    console = Console(stderr=True)

    def waiting(later: ExitStack, tell: Callable[[str], None]) -> None:
        if saved and not interrupts.is_deferred():
            later.enter_context(interrupts.deferred(tell))

    if quiet:
        with ExitStack() as later:
            yield lambda key, step: waiting(later, _print)
    elif console.is_terminal:
        with _bars(console) as bar, ExitStack() as later:
            bar.console.print(first, style="dim")
            tasks: dict[object, TaskID] = {}

            def show(key: object, step: Step) -> None:
                waiting(later, lambda text: bar.console.print(text, style="dim"))
                if key not in tasks:
                    tasks[key] = bar.add_task(step.stage, total=step.total, note="")
                bar.update(tasks[key], completed=step.done, total=step.total, note=step.note)

            yield show
    else:
        with _Lines() as lines, ExitStack() as later:
            lines.text = first

            def tell(key: object, step: Step) -> None:
                waiting(later, _print)
                lines.text = f"{step.stage} {step.done:,.0f}/{step.total:,.0f}  {step.note}".rstrip()

            yield tell


def _bars(console: Console) -> Bar:
    columns: list[ProgressColumn] = [
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}  {task.fields[note]}", markup=False),
        TimeRemainingColumn(),
    ]
    return Bar(*columns, console=console)


class _Lines:
    """What is being done (`text`), one line every half minute, from a thread: the work itself may be silent longer."""

    def __init__(self) -> None:
        self.text, self.began, self.ended = "", time.monotonic(), threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "_Lines":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.ended.set()
        self.thread.join()

    def _run(self) -> None:
        while not self.ended.wait(EVERY):
            _print(f"{self.text} ({time.monotonic() - self.began:.0f} s)")


def _print(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
