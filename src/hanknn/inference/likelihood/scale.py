"""A warning where data and model live on different scales: a mean that was not taken out, shares for percent."""

import functools
from warnings import warn

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ...economy import Economy
from ...machine.compiled import once
from ...machine.precision import in_float64
from ..data.observed import Observed

PAIRS, BURN, QUARTERS = 100, 100, 40
"""Of the simulation that tells the model's own mean and s.d. of each series, at the baseline parameters."""
FEW_FOR_SPREAD, FEW_FOR_MEAN = 20, 60
"""Values of a series below which its s.d. or its mean tells too little: a persistent one strays for years."""
FACTOR = 30.0
"""Between s.d. of data and model: percent for shares is a hundred; parameters seldom change an s.d. tenfold."""
ERRORS, SPREADS = 6.0, 4.0
"""Distance between means: standard errors of the data's, and s.d. of the model's series (one of the data's will do)."""


class ScaleWarning(UserWarning):
    """Data whose mean or s.d. the model cannot have meant."""


def warn_of_scale(economy: Economy, data: Observed) -> None:
    """Warn of each series whose mean or s.d. is far from the model's at the baseline parameters.

    Nothing is said of a model with an array among its states, which takes long to simulate, or of one whose moments
    are not finite.
    """
    if economy.equations.model.arrays:
        return
    moments = _moments(economy)
    for i, name in enumerate(data.names):
        error = float(data.noises[:, i, i].mean())
        told = _told(data.table[name].to_numpy(np.float64), *moments[name], error, name in data.means)
        if told:
            warn(f"series '{name}' {told}", ScaleWarning, stacklevel=5)


@functools.lru_cache(maxsize=4)  # an estimation builds several likelihoods of one solution
@in_float64
def _moments(economy: Economy) -> dict[str, tuple[float, float]]:
    """Mean and s.d. of everything that data can show, without measurement error, at the baseline parameters."""
    names = tuple(economy.equations.observables)
    theta = jnp.asarray(economy.equations.model.parameters.baseline)
    paths = np.asarray(once(lambda t, k: _paths(economy, names, t, k))(theta, jax.random.key(0)))
    return {name: (float(paths[:, i].mean()), float(paths[:, i].std())) for i, name in enumerate(names)}


def _paths(
    economy: Economy, names: tuple[str, ...], vector: Float[Array, " parameters"], key: PRNGKeyArray
) -> Float[Array, "n observables"]:
    """Quarters of paths that have left their start behind; each has a mirror image, so that shocks have no mean."""
    equations, theta = economy.equations, economy.parameters(vector)
    first, second = jax.random.split(key)
    starts = jax.random.normal(first, (PAIRS, len(equations.scalar_states)), theta.dtype)
    shocks = jax.random.normal(second, (PAIRS, BURN + QUARTERS, len(equations.shocks)), theta.dtype)

    def one(start, shocks):
        show = lambda last, now, _: economy.observe(last, now, theta, names)
        return economy.path(equations.ergodic_state(start, theta), shocks, theta, show)[BURN:]

    found = jax.vmap(one)(jnp.concatenate([starts, -starts]), jnp.concatenate([shocks, -shocks]))
    return found.reshape(-1, found.shape[-1])


def _told(values: np.ndarray, mean: float, spread: float, noise: float, demeaned: bool) -> str:
    """What is wrong with a series, in words; empty where nothing is, or too little is known."""
    seen = values[np.isfinite(values)]
    if len(seen) < FEW_FOR_SPREAD or not np.isfinite([mean, spread]).all():
        return ""
    with np.errstate(over="ignore"):  # an s.d. too large for numbers is too large for the model
        own, total = float(seen.std(ddof=1)), float(np.sqrt(spread**2 + noise))
    baseline = "in the model, at its baseline parameters"
    if not total / FACTOR < own < FACTOR * total:
        return (
            f"has an s.d. of {own:.3g} in the data and {total:.3g} {baseline} (measurement error included): are they "
            "in the same unit (percent or share, a quarter or a year)?"
        )
    if demeaned and abs(mean) > spread:
        return f"is demeaned in the data, but has a mean of {mean:.3g} {baseline}: give its level (demean=False)"
    gap = abs(float(seen.mean()) - mean)
    far = gap > own or gap > SPREADS * spread
    if len(seen) >= FEW_FOR_MEAN and far and gap > ERRORS * _standard_error(values, noise):
        return (
            f"has a mean of {seen.mean():.3g} in the data and {mean:.3g} {baseline}: take its mean out "
            "(demean=True) for a model in deviations, give its level to a model in levels, or change what sets the mean"
        )
    return ""


def _standard_error(values: np.ndarray, noise: float) -> float:
    """Of the mean of an autoregression as persistent as these values may well be, seen with errors of that variance."""
    moved = values - np.nanmean(values)
    count, variance = int(np.isfinite(moved).sum()), float(np.nanmean(moved**2))
    pairs = moved[1:] * moved[:-1]
    rho = float(np.nanmean(pairs)) / max(variance - noise, 0.1 * variance) if np.isfinite(pairs).any() else 1.0
    rho += (1 + 3 * rho) / count  # Kendall's correction of the bias in short samples
    rho = min(rho + 3 * np.sqrt(max(1 - rho**2, 0.02) / count), 0.99)
    return float(np.sqrt(variance * (1 + rho) / (1 - rho) / count))
