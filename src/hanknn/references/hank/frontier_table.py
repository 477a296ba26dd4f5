"""The polynomial behind `hank`'s `strain`: the twin's frontier at many points of the box."""

import numpy as np

from ...machine.work import Report, Step, silent
from ...models.hank.frontier import Frontier
from ...models.hank.parameters import PARAMETERS
from .twin import twin_frontier

AT_ONCE = 16
"""Points between two reports: time iteration takes as long as the slowest of them."""


def tabulate_frontier(points: int = 240, unseen: int = 80, report: Report = silent) -> Frontier:
    """Fitted to the twin's frontier at `points` draws of the parameters; `unseen` more tell its error."""
    thetas = PARAMETERS.sample(points + unseen, seed=7)
    found = []
    for i in range(0, len(thetas), AT_ONCE):
        found.append(twin_frontier(thetas[i : i + AT_ONCE]))
        report(Step("frontiers", min(i + AT_ONCE, len(thetas)), len(thetas)))
    return Frontier.fit(thetas, np.concatenate(found), unseen)
