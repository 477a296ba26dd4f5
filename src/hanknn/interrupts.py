"""Ctrl-C: long work stops where nothing is lost; a second Ctrl-C ends at once.

Python raises `KeyboardInterrupt` wherever it happens to be, and drops it where that is a destructor or a callback
of the garbage collector. Here the signal leaves a mark as well, which long work looks at after each step (`check`).
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 1.0
"""Seconds that an interrupted command is given before the user is told how to end it at once."""
CODE = 128 + signal.SIGINT
"""The exit code that shells expect of an interrupted command."""
ADVICE = "stopping after this step; Ctrl-C again ends at once"


class _Mark:
    """Whether Ctrl-C came, and whether it is to wait for the next `check`; one a process, as signals are."""

    asked = False
    tellers: list[Callable[[str], None]] = []


_mark = _Mark()


def check() -> None:
    """Raise `KeyboardInterrupt` where Ctrl-C came; call it where work can stop."""
    if _mark.asked:
        raise KeyboardInterrupt


def is_deferred() -> bool:
    """Whether Ctrl-C waits for the next `check`."""
    return bool(_mark.tellers)


@contextmanager
def deferred(tell: Callable[[str], None]) -> Iterator[None]:
    """Within, Ctrl-C waits for the next `check`; `tell` says so. Without `handled` nothing changes."""
    check()
    _mark.tellers.append(tell)
    try:
        yield
    finally:
        _mark.tellers.remove(tell)
    check()


@contextmanager
def handled() -> Iterator[None]:
    """The whole program answers Ctrl-C as this file says; for an entry point, in the main thread."""
    _mark.asked = False
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    # The bytes come through also while the main thread is within compiled code, which may take minutes.
    before, before_fd = signal.signal(signal.SIGINT, _answer), signal.set_wakeup_fd(writer.fileno())
    threading.Thread(target=_watch, args=(reader,), daemon=True).start()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        signal.set_wakeup_fd(before_fd)
        writer.close()


def _answer(signum, frame) -> None:
    _mark.asked = True
    if not _mark.tellers:
        raise KeyboardInterrupt


def _watch(reader: socket.socket) -> None:
    """Count the signals: one is told of, two end the process."""
    if not _arrives(reader):
        return
    _mark.asked = True
    reader.settimeout(None if _mark.tellers else PATIENCE)
    if _mark.tellers:
        _mark.tellers[-1](ADVICE)
    try:
        again = _arrives(reader)
    except TimeoutError:
        _tell(ADVICE)
        reader.settimeout(None)
        again = _arrives(reader)
    if again:
        # A progress bar hides the cursor.
        _tell(("\x1b[?25h" if sys.stderr.isatty() else "") + "ended at once; what was saved before is kept")
        os._exit(CODE)


def _arrives(reader: socket.socket) -> bool:
    """Wait for a signal; False where the program ends instead."""
    while received := reader.recv(1):
        if received[0] == signal.SIGINT:
            return True
    return False


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
