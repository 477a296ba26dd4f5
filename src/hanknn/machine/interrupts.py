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
from types import FrameType

PATIENCE = 1.0
"""Seconds that work with nothing to save is given to end by itself."""
CODE = 128 + signal.SIGINT
"""The exit code that shells expect of an interrupted command."""
IMPORTING = "<frozen importlib._bootstrap>"
"""The file that Python names for its import machinery."""
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


def came() -> bool:
    """Whether Ctrl-C came: compiled code that it breaks off raises whatever it likes."""
    return _mark.asked


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
def handled(farewell: Callable[[], object]) -> Iterator[None]:
    """The whole program answers Ctrl-C as this file says; for an entry point, in the main thread.

    `farewell` says what the user can do next where the process has to be ended.
    """
    _mark.asked = False
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    # The bytes come through also while the main thread is within compiled code, which may take minutes.
    before, before_fd = signal.signal(signal.SIGINT, _answer(farewell)), signal.set_wakeup_fd(writer.fileno())
    threading.Thread(target=_watch, args=(reader, farewell), daemon=True).start()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        signal.set_wakeup_fd(before_fd)
        writer.close()


def _answer(farewell: Callable[[], object]) -> Callable[[int, FrameType | None], None]:
    def answer(signum: int, frame: FrameType | None) -> None:
        _mark.asked = True
        if not is_deferred():
            _end(farewell, wanted=_imports(frame))
            raise KeyboardInterrupt

    return answer


def _imports(frame: FrameType | None) -> bool:
    """Whether a module is being imported: compiled ones may crash where an exception breaks off their start."""
    while frame is not None:
        if frame.f_code.co_filename == IMPORTING:
            return True
        frame = frame.f_back
    return False


def _watch(reader: socket.socket, farewell: Callable[[], object]) -> None:
    """End the process at the second signal; at the first where nothing is saved and the exception was dropped."""
    if not _arrives(reader):
        return
    _mark.asked = True
    if not is_deferred():
        reader.settimeout(PATIENCE)
        try:
            _end(farewell, wanted=_arrives(reader))
            return
        except TimeoutError:
            _end(farewell, wanted=not is_deferred())
            reader.settimeout(None)
    for tell in _mark.tellers[-1:]:
        tell(ADVICE)
    _end(farewell, wanted=_arrives(reader))


def _end(farewell: Callable[[], object], wanted: bool) -> None:
    if wanted:
        if sys.stderr.isatty():
            sys.stderr.write("\x1b[?25h")  # a progress bar hides the cursor
        farewell()
        sys.stderr.flush()
        os._exit(CODE)


def _arrives(reader: socket.socket) -> bool:
    """Wait for a signal; False where the program ends instead."""
    while received := reader.recv(1):
        if received[0] == signal.SIGINT:
            return True
    return False
