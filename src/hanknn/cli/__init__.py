"""The command line: parses, calls the library, prints. Every error is one line and exit code 2."""

import os
import platform
import sys
from pathlib import Path

import jax
import platformdirs

from ..errors import HanknnError
from . import demo as demo, estimation as estimation, reproducing as reproducing, solving as solving, steady as steady
from .options import app

CACHE_BYTES = 2**30


def entry() -> int:
    """The `hanknn` command: makes every core a JAX device, so that first-order training uses them all."""
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    if jax.config.jax_compilation_cache_dir is None:  # pyright: ignore[reportAttributeAccessIssue]  (set by JAX)
        keep_compiled(platformdirs.user_cache_path("hanknn"))
    return main()


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
    try:
        return int(app(arguments, standalone_mode=False) or 0)
    except HanknnError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        print("interrupted; go on with the same command and --resume", file=sys.stderr)
        return 130
    except Exception as error:
        # Typer's own usage errors, whichever module the installed version keeps them in.
        format_message = getattr(error, "format_message", None)
        if format_message is None:
            raise
        message = format_message()
        return _fail(message) if message else 0


def _fail(message: str) -> int:
    print("error: " + " ".join(message.split()), file=sys.stderr)
    return 2
