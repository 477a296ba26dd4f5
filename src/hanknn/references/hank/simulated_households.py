"""Households simulated one by one at a steady state's prices: assets on a continuum, no histogram.

Only prices and the Euler equation's consumption are taken over; budgets, the limit and interpolation are done
anew, in NumPy.
"""

import numpy as np
import pandas as pd

from ...machine.errors import SettingError
from .steady_result import DeterministicSteadyState

BISECTIONS = 60
BATCHES = 20


def simulate_households(
    steady: DeterministicSteadyState,
    households: int = 100_000,
    quarters: int = 2_000,
    burn_in: int = 500,
    seed: int = 0,
    fine: int = 4_000,
) -> pd.DataFrame:
    """Means over households and quarters beside the histogram's, with standard errors by batch means.

    Columns: simulated, standard_error, histogram. `fine`: asset nodes at which policies are tabulated; in between
    they are linear. Households start from the histogram. Raises `SettingError` for too few of anything.
    """
    if households < 1 or quarters < BATCHES or burn_in < 0 or fine < 100:
        raise SettingError(
            f"simulate_households needs households, {BATCHES} quarters or more and 100 nodes or more; got "
            f"{households}, {quarters} (after {burn_in}) and {fine}"
        )
    rng = np.random.default_rng(seed)
    limit, top = steady.nodes[[0, -1]]
    tables = _policies(steady, limit + (top - limit) * np.linspace(0, 1, fine) ** 2)
    chain = steady.grids.chain
    # One search serves all states: state k's cumulated probabilities lie in [k, k + 1].
    thresholds = (np.cumsum(chain.transition, axis=1) + np.arange(len(chain.states))[:, None]).ravel()
    start = rng.choice(steady.distribution.size, households, p=steady.distribution.clip(0).ravel())
    held, state = steady.nodes[start // len(chain.states)], start % len(chain.states)
    series = np.empty((quarters, 5))
    for t in range(-burn_in, quarters):
        later, labor, consumption = _read(tables, np.sqrt((held - limit) / (top - limit)), state)
        if t >= 0:
            shares = (held < 0).mean(), (later <= limit + 1e-9).mean()
            series[t] = later.mean(), labor.mean(), consumption.mean(), *shares
        draws = np.minimum(rng.random(households), 1 - 1e-12)
        state = np.searchsorted(thresholds, state + draws, side="right") % len(chain.states)
        held = np.clip(later, limit, top)
    batches = series[: quarters - quarters % BATCHES].reshape(BATCHES, -1, 5).mean(axis=1)
    histogram = [
        steady.mean(steady.choices.assets),
        steady.mean(steady.productivity * steady.choices.hours),
        steady.mean(steady.choices.consumption),
        steady.share_with_debt,
        steady.share_at_limit,
    ]
    return pd.DataFrame(
        {
            "simulated": batches.mean(axis=0),
            "standard_error": batches.std(axis=0, ddof=1) / np.sqrt(BATCHES),
            "histogram": histogram,
        },
        index=pd.Index(["assets", "labour", "consumption", "share with debt", "share at limit"], name="mean of"),
    )


def _read(tables: tuple[np.ndarray, ...], unit: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, ...]:
    """Tables at each household, linear in assets; `unit`: the root of its place between limit and top."""
    last = len(tables[0]) - 1
    i = np.minimum((unit * last).astype(np.int64), last - 1)
    share = ((unit * last) ** 2 - i**2) / (2 * i + 1)
    return tuple((1 - share) * table[i, state] + share * table[i + 1, state] for table in tables)


def _policies(steady: DeterministicSteadyState, assets: np.ndarray) -> tuple[np.ndarray, ...]:
    """Next assets, effective labour and consumption by (assets, productivity), from the Euler equation and budget."""
    from scipy.interpolate import PchipInterpolator  # slow to import

    value = {name: float(getattr(steady.theta, name)) for name in ("gamma", "eta", "sigma", "chi")}
    keep, nodes = 1 - value["gamma"], steady.nodes
    later, consumption, labor = (np.empty((len(assets), len(steady.productivity))) for _ in range(3))
    for k, productivity in enumerate(steady.productivity):
        wage = steady.wage * productivity

        def hours(c, wage=wage):
            """Equation (70), solved for H."""
            return (steady.tax_level * keep * wage**keep * c ** -value["sigma"] / value["chi"]) ** (
                1 / (value["eta"] + value["gamma"])
            )

        income = lambda c, wage=wage: steady.tax_level * (wage * hours(c, wage)) ** keep
        cash = steady.real_return * assets + steady.labor * (1 - steady.wage) * productivity
        euler = steady.euler_consumption[:, k]
        needed = euler + nodes - income(euler)
        free = PchipInterpolator(needed, euler)(np.maximum(cash, needed[0]))
        low, high = np.full(len(assets), 1e-6), np.full(len(assets), 100.0)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            short = middle - income(middle) < cash - nodes[0]
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        consumption[:, k] = np.where(cash < needed[0], low, free)
        labor[:, k] = productivity * hours(consumption[:, k])
        later[:, k] = np.clip(income(consumption[:, k]) + cash - consumption[:, k], nodes[0], nodes[-1])
        later[cash < needed[0], k] = nodes[0]
    return later, labor, consumption
