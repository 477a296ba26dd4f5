"""The command line: light to import, for what a command needs takes seconds, within which Ctrl-C is answered."""

import contextlib
import os
import sys

from ...machine import interrupts

LOADED = f"{__name__}.command"


def entry() -> int:
    """The `hanknn` command."""
    try:
        with interrupts.handled(_farewell):
            from .command import run

            code = run()
    except KeyboardInterrupt:
        _farewell()  # before or after the command itself
        code = interrupts.CODE
    if code == interrupts.CODE:
        # Compiled code may still be running in other threads, under which Python's own end can crash.
        with contextlib.suppress(OSError):
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
        os._exit(code)
    return code


def _farewell() -> None:
    """What a user can do next; before the command has begun there is nothing to go on with."""
    say = getattr(sys.modules.get(LOADED), "interrupted", None)
    if say is not None:
        say(sys.argv[1:])
    else:
        print("interrupted", file=sys.stderr)
