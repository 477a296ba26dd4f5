"""What a command does: parses, calls the library, prints. Every error is one line and exit code 2."""

import contextlib
import os
import platform
import sys
import warnings
from pathlib import Path

import jax
import platformdirs
import typer.main

from ...machine import interrupts
from ...machine.errors import HanknnError
from ...machine.files import explained
from . import demo as demo, estimation as estimation, reproducing as reproducing, solving as solving, steady as steady
from .options import app as app
from .printing import spell_what_cannot_be_shown

CACHE_BYTES = 2**30


def run() -> int:
    """The command, with every core a JAX device, so that first-order training uses them all."""
    spell_what_cannot_be_shown()
    warnings.showwarning = tell_warning
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    if jax.config.jax_compilation_cache_dir is None:  # pyright: ignore[reportAttributeAccessIssue]  (JAX's own)
        keep_compiled(platformdirs.user_cache_path("hanknn"))
    return main()


def tell_warning(message: Warning | str, *_: object, **__: object) -> None:
    """One line, as errors are: a user of the command has no use for the place in the source."""
    print("warning: " + " ".join(str(message).split()), file=sys.stderr)


def keep_compiled(folder: Path) -> None:
    """Keep compiled programs: half a minute of each command on `hank`. Where nothing can be written, do without.

    One folder a machine, for they hold its processor's instructions.
    """
    own = folder / platform.node()
    try:
        own.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    jax.config.update("jax_compilation_cache_dir", str(own))
    jax.config.update("jax_compilation_cache_max_size", CACHE_BYTES)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; errors are one line on standard error and exit code 2."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code = int(app(arguments, standalone_mode=False) or 0)
        if code == interrupts.CODE:  # Typer's newer versions return this, older ones raise an exception of theirs
            return interrupted(given)
        flush()
        return code
    except HanknnError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return interrupted(given)
    except BrokenPipeError:
        _give_up_output()
        return 1
    except OSError as error:
        _give_up_output()
        return _fail(explained(error))
    except MemoryError:
        return _fail("out of memory; ask for fewer draws, paths, periods or particles")
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            return interrupted(given)
        if "RESOURCE_EXHAUSTED" in str(error):  # JAX's word for it
            return _fail("out of memory; ask for fewer draws, paths, periods or particles")
        # Typer's own usage errors, whichever module the installed version keeps them in.
        format_message = getattr(error, "format_message", None)
        if format_message is None:
            raise
        message = format_message()
        if type(error).__name__ == "NoArgsIsHelpError":  # `hanknn` alone: the help is the answer
            if message:
                print(message)
            return 0
        return _fail(message) if message else 0


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


def _fail(message: str) -> int:
    print("error: " + " ".join(message.split()), file=sys.stderr)
    return 2
