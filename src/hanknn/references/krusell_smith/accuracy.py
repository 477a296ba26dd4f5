"""How exact a solution is, by means of its own."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from .household import marginal_utility
from .solution import KrusellSmithSolution

LOOKS = 100
"""Quarters of a path at which Euler errors are measured."""

HELD = 1e-10
"""Nodes with less mass are nobody's."""


class KrusellSmithAccuracy(NamedTuple):
    """Along one path. Percentages are of capital.

    `mean_capital`: over the path. `r_squared`: of the law, one quarter ahead, the lower of good and bad times.
    `law_error`: its standard error. `forecast_mean`, `forecast_max`: the law alone from the first quarter on, no data
    seen on the way (Den Haan 2010, "Assessing the accuracy of the aggregate law of motion"), absolute. `euler_mean`,
    `euler_max`: log10 of the Euler error in units of consumption, the mean of its size over households and the largest,
    of those not at the limit, next quarter's capital being what it will be. `constrained`: the share at the limit.
    """

    mean_capital: float
    r_squared: float
    law_error: float
    forecast_mean: float
    forecast_max: float
    euler_mean: float
    euler_max: float
    constrained: float


def krusell_smith_accuracy(
    solution: KrusellSmithSolution, periods: int = 10_000, seed: int = 1
) -> KrusellSmithAccuracy:
    """How exact it is along a fresh path of productivity: give another seed than that of the settings it has."""
    z = solution.times(periods, seed)
    quarters = np.unique(np.linspace(0, len(z) - 1, LOOKS).astype(int)).tolist()
    path = solution.simulate(z, quarters=quarters)
    errors, logs = solution.law.errors(path.capital, z), np.log(path.capital[1:])
    r_squared = min(1 - np.mean(errors[z == s] ** 2) / np.var(logs[z == s]) for s in (0, 1))
    off = 100 * np.abs(solution.law.forecast(path.capital[0], z) / path.capital - 1)
    looked = zip(path.distributions, quarters, strict=True)
    found = [euler_errors(solution, mass, path.capital[t : t + 2], int(z[t])) for mass, t in looked]
    sizes, masses, constrained = (np.stack(rows) for rows in zip(*found, strict=True))
    return KrusellSmithAccuracy(
        float(path.capital.mean()),
        float(r_squared),
        100 * float(np.sqrt(np.mean(errors**2))),
        float(off.mean()),
        float(off.max()),
        float(np.log10((sizes * masses).sum() / masses.sum())),
        float(np.log10(sizes[masses > HELD].max())),
        float(constrained.mean()),
    )


def euler_errors(
    solution: KrusellSmithSolution,
    distribution: Float[np.ndarray, "2 bins"],
    capital: Float[np.ndarray, "2"],
    z: int,
) -> tuple[Float[np.ndarray, "2 bins"], Float[np.ndarray, "2 bins"], float]:
    """Their size at the histogram's nodes, the masses of who is not at the limit, and the share of who is.

    The error is of what the Euler equation asks for, or all there is where that is less, from what is consumed.
    `capital`: this quarter's and the next one's.
    """
    e, job = solution.economy, np.arange(2)[:, None]
    later = solution.assets_ahead(solution.histogram.nodes, job, capital[0], z)
    now = e.cash(solution.histogram.nodes, job, capital[0], z) - later
    free = later > e.borrowing_limit
    expected = np.zeros((2, solution.histogram.count))
    for state in (0, 1):
        rent = e.gross_return(capital[1], state)
        for work in (0, 1):
            worth = rent * marginal_utility(solution.consumption(later, work, capital[1], state), e.gamma)
            expected += e.transition[z, :, state, work][:, None] * worth
    asked = (e.beta * expected) ** (-1 / e.gamma)
    size = np.abs(np.minimum(asked, now + later - e.borrowing_limit) / now - 1)
    return size, distribution * free, float(distribution[~free].sum())
