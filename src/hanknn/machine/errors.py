"""Every error that the library raises on purpose.

A message is one or two sentences: what is wrong and where, then what to do.
"""

import difflib
from collections.abc import Iterable
from typing import Any


class HanknnError(Exception):
    """Base of all errors raised on purpose; catching it catches every one of them."""


FEW = 12
"""Names that can be listed where the nearest one may not be what was meant."""
NEAR = 0.6
"""Similarity from which a name may be what was meant; a wrong guess is worse than none."""


class UnknownNameError(HanknnError):
    """A name that the model, the command or the library does not have: `name`."""

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "") -> None:
        known, self.name = list(known), name
        near = difflib.get_close_matches(str(name), known, n=1, cutoff=NEAR)
        listed = f"known: {', '.join(map(str, known)) or 'none'}"
        hint = f"did you mean '{near[0]}'?" if near else f"{listed}."
        hint += f" ({listed})" if near and len(known) <= FEW else ""
        super().__init__(f"unknown {kind} '{name}'{' in ' + where if where else ''}; {hint}")


class ModelError(HanknnError):
    """A model's definition is incomplete or returns something it should not."""


class ShapeError(HanknnError):
    """Inputs whose shapes do not fit together; they are refused, never broadcast."""


class OutOfRangeError(HanknnError):
    """A parameter value outside the range for which something was solved."""


class NotSolvedError(HanknnError):
    """Parameters inside the box at which the equations are not solved: most likely there is no equilibrium."""


class SettingError(HanknnError):
    """A setting whose value makes no sense."""


class DataError(HanknnError):
    """Data that cannot be used as they are: dates, gaps, units, text among numbers, a bad covariance."""


class SolutionFileError(HanknnError):
    """A solution file that is missing, damaged, or of another model or format."""


class ModelWantedError(SolutionFileError):
    """A solution of a user's own model, called `name`, that is to be read without the model."""

    def __init__(self, path: Any, name: str, how: str = "pass it: load(path, model=…)") -> None:
        self.name = name
        super().__init__(f"'{path}' solves your own model '{name}'; {how}")


class RunFolderError(HanknnError):
    """A run folder that cannot be written, overwritten or resumed."""


class TrainingStopped(HanknnError):
    """Training met a value that is not finite; the last good weights are kept.

    Attributes: `iteration` (int), `equations` (names whose residual was not finite), `trained`
    (what training had reached before).
    """

    def __init__(self, iteration: int, equations: tuple[str, ...], trained: Any = None) -> None:
        self.trained = trained
        self.iteration = iteration
        self.equations = equations
        where = f"in {', '.join(equations)}" if equations else "in the gradient, all residuals being finite"
        super().__init__(
            f"training stopped at iteration {iteration}: not finite {where}. The last good weights are kept; "
            "try a lower learning rate, narrower states (wide_share, wide_scale), or check the "
            "equation for logs and divisions"
        )
