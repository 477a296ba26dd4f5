"""A warning where data and model live on different scales: a mean that was not taken out, shares for percent."""

import functools
from typing import NamedTuple
from warnings import warn

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ...economy import Economy
from ...machine.compiled import once
from ...machine.precision import in_float64
from ..data.observed import Observed

PLACES, PAIRS, BURN, QUARTERS = 63, 20, 100, 40
"""Of the simulations that tell the model's own mean and s.d. of each series: parameter values over the box beside the
baseline; paths, each with its mirror image, and their length at every one of them."""
FEW_FOR_SPREAD, FEW_FOR_MEAN = 20, 60
"""Values of a series below which its s.d. or its mean tells too little: a persistent one strays for years."""
FACTOR = 10.0
"""Between s.d. of data and the model's least or largest over the box; percent for shares is a hundred."""
ERRORS, SPREADS = 6.0, 4.0
"""Distance between means: standard errors of the data's, and s.d. of the model's series (one of the data's will do)."""


class ScaleWarning(UserWarning):
    """Data whose mean or s.d. the model cannot have meant."""


class Reach(NamedTuple):
    """What a series can be in the model: its mean and s.d. at the baseline, the least and the largest over the box."""

    mean: float
    spread: float
    means: tuple[float, float]
    spreads: tuple[float, float]


def warn_of_scale(economy: Economy, data: Observed) -> None:
    """Warn of each series whose mean or s.d. is far from what the model has anywhere in its box.

    Nothing is said of a model with an array among its states, which takes long to simulate, or of one whose moments
    are finite nowhere.
    """
    if economy.equations.model.arrays:
        return
    reach = _reach(economy)
    for i, name in enumerate(data.names):
        error = float(data.noises[:, i, i].mean())
        told = _told(data.table[name].to_numpy(np.float64), reach[name], error, name in data.means)
        if told:
            warn(f"series '{name}' {told}", ScaleWarning, stacklevel=5)


@functools.lru_cache(maxsize=4)  # an estimation builds several likelihoods of one solution
@in_float64
def _reach(economy: Economy) -> dict[str, Reach]:
    """Of everything that data can show, without measurement error, at the baseline and over the box."""
    space, names = economy.equations.model.parameters, tuple(economy.equations.observables)
    places = np.concatenate([space.baseline[None], space.sample(PLACES if space.free else 0, 0)])
    look = once(lambda thetas, key: jax.lax.map(lambda theta: _moments(economy, names, theta, key), thetas))
    means, spreads = (np.asarray(found) for found in look(jnp.asarray(places), jax.random.key(0)))
    # Where there is no equilibrium, nothing is known.
    known = np.isfinite(means).all(axis=1) & np.isfinite(spreads).all(axis=1)
    ends = lambda values: (float(values.min()), float(values.max())) if len(values) else (np.nan, np.nan)
    return {
        name: Reach(float(means[0, i]), float(spreads[0, i]), ends(means[known, i]), ends(spreads[known, i]))
        for i, name in enumerate(names)
    }


def _moments(
    economy: Economy, names: tuple[str, ...], vector: Float[Array, " parameters"], key: PRNGKeyArray
) -> tuple[Float[Array, " observables"], Float[Array, " observables"]]:
    """Mean and s.d. over quarters of paths that have left their start behind.

    Each path has a mirror image, so that shocks have no mean.
    """
    equations, theta = economy.equations, economy.parameters(vector)
    first, second = jax.random.split(key)
    starts = jax.random.normal(first, (PAIRS, len(equations.scalar_states)), theta.dtype)
    shocks = jax.random.normal(second, (PAIRS, BURN + QUARTERS, len(equations.shocks)), theta.dtype)

    def one(start, shocks):
        show = lambda last, now, _: economy.observe(last, now, theta, names)
        return economy.path(equations.ergodic_state(start, theta), shocks, theta, show)[BURN:]

    found = jax.vmap(one)(jnp.concatenate([starts, -starts]), jnp.concatenate([shocks, -shocks]))
    found = found.reshape(-1, found.shape[-1])
    return jnp.mean(found, axis=0), jnp.std(found, axis=0)


def _told(values: np.ndarray, reach: Reach, noise: float, demeaned: bool) -> str:
    """What is wrong with a series, in words; empty where nothing is, or too little is known."""
    seen = values[np.isfinite(values)]
    if len(seen) < FEW_FOR_SPREAD or not np.isfinite([*reach.means, *reach.spreads]).all():
        return ""
    with np.errstate(over="ignore"):  # an s.d. too large for numbers is too large for the model
        own, (least, largest) = float(seen.std(ddof=1)), reach.spreads
        totals = float(np.sqrt(least**2 + noise)), float(np.sqrt(largest**2 + noise))
    anywhere = "in the model, wherever its parameters are in their ranges"
    if not totals[0] / FACTOR < own < FACTOR * totals[1]:
        return (
            f"has an s.d. of {own:.3g} in the data and {_between(totals)} {anywhere} (measurement error included): are "
            "they in the same unit (percent or share, a quarter or a year)?"
        )
    # Whether a model is one in levels is no matter of its parameters.
    if demeaned and abs(reach.mean) > reach.spread:
        return (
            f"is demeaned in the data, but has a mean of {reach.mean:.3g} in the model, at its baseline parameters: "
            "give its level (demean=False)"
        )
    gap = _distance(float(seen.mean()), reach.means)
    far = gap > own or gap > SPREADS * largest
    if len(seen) >= FEW_FOR_MEAN and far and gap > ERRORS * _standard_error(values, noise):
        return (
            f"has a mean of {seen.mean():.3g} in the data and {_between(reach.means)} {anywhere}: take its mean out "
            "(demean=True) for a model in deviations, give its level to a model in levels, or change what sets the mean"
        )
    return ""


def _distance(value: float, ends: tuple[float, float]) -> float:
    """From an interval; 0 inside."""
    return max(ends[0] - value, value - ends[1], 0.0)


def _between(ends: tuple[float, float]) -> str:
    least, largest = f"{ends[0]:.3g}", f"{ends[1]:.3g}"
    return least if least == largest else f"{least} to {largest}"


def _standard_error(values: np.ndarray, noise: float) -> float:
    """Of the mean of an autoregression as persistent as these values may well be, seen with errors of that variance."""
    moved = values - np.nanmean(values)
    count, variance = int(np.isfinite(moved).sum()), float(np.nanmean(moved**2))
    pairs = moved[1:] * moved[:-1]
    rho = float(np.nanmean(pairs)) / max(variance - noise, 0.1 * variance) if np.isfinite(pairs).any() else 1.0
    rho += (1 + 3 * rho) / count  # Kendall's correction of the bias in short samples
    rho = min(rho + 3 * np.sqrt(max(1 - rho**2, 0.02) / count), 0.99)
    return float(np.sqrt(variance * (1 + rho) / (1 - rho) / count))
