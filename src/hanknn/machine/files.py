"""Text files that are written whole or not at all; what the file system refuses, in a sentence with the cure."""

import contextlib
import errno
import os
from pathlib import Path

from .errors import RunFolderError

CURES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EACCES: "choose a place that you may write to",
    errno.EPERM: "choose a place that you may write to",
    errno.EROFS: "choose a place that you may write to",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "part of the path is a file; choose another name",
    errno.EEXIST: "choose another name",
    errno.EISDIR: "choose the name of a file",
}


def explained(error: OSError, path: str | Path | None = None) -> str:
    """Which file, what is wrong with it and what to do.

    Example: `"'runs/a' cannot be used: no space left on device; free some space"`.
    """
    name = path if path is not None else error.filename
    what = (error.strerror or str(error) or type(error).__name__).lower()
    subject = "a file" if name is None else f"'{str(name)[:200]}'"
    return f"{subject} cannot be used: {what}; {CURES.get(error.errno or 0, 'look at the disk and the path')}"


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 atomically: a kill, or a full disk, leaves the old file or the new one.

    Raises `RunFolderError` where it cannot be written.
    """
    special = path.exists() and not path.is_file()  # such as /dev/stdout, which must not be replaced
    whole = path.resolve()
    place = whole if special else whole.with_name(f".{whole.name}.partial")
    try:
        place.write_text(text, encoding="utf-8")
        if not special:
            os.replace(place, whole)
    except OSError as error:
        if not special:
            with contextlib.suppress(OSError):
                place.unlink(missing_ok=True)
        raise RunFolderError(explained(error, path)) from error
