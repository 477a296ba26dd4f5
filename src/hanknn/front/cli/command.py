"""What a command does: parses, calls the library, prints. Every error is one line and exit code 2."""

import contextlib
import functools
import os
import platform
import sys
import warnings
from pathlib import Path

import platformdirs
import typer.main

from ...machine import interrupts
from ...machine.errors import HanknnError
from ...machine.files import explained
from . import (
    demo as demo,
    estimating as estimating,
    filtering as filtering,
    own_file as own_file,
    reproducing as reproducing,
    showing as showing,
    simulating as simulating,
    solving as solving,
    steady as steady,
)
from .app import app as app
from .printing import spell_what_cannot_be_shown

CACHE_BYTES = 2**30
OUT_OF_MEMORY = "out of memory; ask for fewer draws, paths, periods or particles"


def run() -> int:
    """The command, with every core a JAX device, so that first-order training uses them all.

    JAX reads its settings in the environment when a command imports it.
    """
    spell_what_cannot_be_shown()
    warnings.showwarning = tell_warning
    os.environ["JAX_NUM_CPU_DEVICES"] = str(os.cpu_count() or 1)
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        keep_compiled(platformdirs.user_cache_path("hanknn"))
    return main()


def tell_warning(message: Warning | str, *_: object, **__: object) -> None:
    """One line, as errors are: a user of the command has no use for the place in the source."""
    _tell_once("warning: " + " ".join(str(message).split()))


@functools.cache
def _tell_once(text: str) -> None:
    """Several steps of one run may find the same thing."""
    print(text, file=sys.stderr)


def keep_compiled(folder: Path) -> None:
    """Keep compiled programs: half a minute of each command on `hank`. Where nothing can be written, do without.

    One folder a machine, for they hold its processor's instructions.
    """
    own = folder / platform.node()
    try:
        own.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(own)
    os.environ["JAX_COMPILATION_CACHE_MAX_SIZE"] = str(CACHE_BYTES)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; errors are one line on standard error and exit code 2."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code = int(app(arguments, standalone_mode=False) or 0)
        if code == interrupts.CODE:  # Typer's newer versions return this, older ones raise an exception of theirs
            return interrupted(given)
        flush()
        return code
    except BrokenPipeError:
        _give_up_output()
        return 1
    except (Exception, KeyboardInterrupt) as error:
        # Compiled code that Ctrl-C breaks off raises whatever it likes.
        if interrupts.came() or any(isinstance(e, KeyboardInterrupt) for e in (error, error.__cause__)):
            return interrupted(given)
        if isinstance(error, OSError):
            _give_up_output()
        told = _told(error)
        if told is None:
            raise
        if type(error).__name__ == "NoArgsIsHelpError":  # `hanknn` alone: the help is the answer
            print(told, end="\n" if told else "")
            return 0
        print("error: " + " ".join(told.split()), file=sys.stderr)
        return 2


def _told(error: BaseException) -> str | None:
    """What went wrong, in words; None for a mistake of the library's own, which keeps its traceback."""
    if isinstance(error, HanknnError):
        return str(error)
    if isinstance(error, OSError):
        return explained(error)
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error):  # JAX's word for it
        return OUT_OF_MEMORY
    # Typer's own usage errors, whichever module the installed version keeps them in.
    format_message = getattr(error, "format_message", None)
    return None if format_message is None else format_message()


def interrupted(given: list[str]) -> int:
    """What to do next, where there is something to go on with."""
    commands = getattr(typer.main.get_command(app), "commands", {})
    command = next((commands[word] for word in given if word in commands), None)
    options = [option for parameter in (command.params if command else ()) for option in parameter.opts]
    if "--resume" not in options:
        cure = ""
    elif "--resume" in given:
        cure = "; go on with the same command"
    elif "--force" in given:
        cure = "; go on with the same command and --resume in the place of --force"
    else:
        cure = "; go on with the same command and --resume"
    print(f"interrupted{cure}", file=sys.stderr)
    return interrupts.CODE


def flush() -> None:
    """Write out what was printed; a stream that the shell closed is None."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _give_up_output() -> None:
    """Standard output that cannot be written is not flushed again when Python ends."""
    try:
        flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
