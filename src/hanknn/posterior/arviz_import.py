"""ArviZ, imported where it is needed: it is slow to import."""

import warnings
from types import ModuleType


def imported_arviz() -> ModuleType:
    """The module `arviz`.

    Its first import of a day writes a file, and of two processes that do so at once one raises. By then the file is
    there, and a second try has nothing to write. It also announces ArviZ's next version, which is no matter of ours.
    """
    with warnings.catch_warnings(category=FutureWarning, action="ignore"):
        try:
            import arviz
        except FileNotFoundError:
            import arviz
    return arviz
