"""What ArviZ says of chains and of importance weights.

Only the part of ArviZ that reads arrays, and imported where it is needed: it is slow to import.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from ...machine.errors import SettingError

FEWEST_DRAWS = 4
"""Of a chain whose effective draws can be told: each half of it needs two."""


def diagnostics() -> Any:
    """ArviZ's functions of arrays; `estimate` asks for them before its work, as it cannot end without them."""
    try:
        from arviz_stats.base.array import array_stats
    except ImportError as error:
        raise SettingError(
            f"posteriors need arviz-stats, which cannot be imported ({error}); install it with pip install arviz-stats"
        ) from error
    return array_stats


def r_hat(chains: Float[np.ndarray, "chains draws"]) -> float:
    """Rank-normalised split R-hat (Vehtari et al. 2021); NaN for one chain, and where no chain ever moves."""
    still = not np.ptp(chains, axis=1).any()
    return float("nan") if still or _too_short(chains) or len(chains) < 2 else float(diagnostics().rhat(chains))


def effective_draws(chains: Float[np.ndarray, "chains draws"]) -> float:
    """Effective draws for the bulk (Vehtari et al. 2021): 1 where all draws are the same, NaN for very short chains."""
    if np.ptp(chains) == 0:
        return 1.0
    return float("nan") if _too_short(chains) else float(diagnostics().ess(chains, method="bulk"))


def pareto_smoothed(log_ratios: Float[np.ndarray, " draws"]) -> tuple[Float[np.ndarray, " draws"], float]:
    """Pareto-smoothed importance weights (Vehtari et al. 2024) that sum to one, and their tail's shape k.

    Zero where as many as make the tail share the largest weight: there is nothing heavy to smooth.
    """
    ratios = np.asarray(log_ratios, np.float64)
    if np.sum(ratios == ratios.max()) >= min(len(ratios) / 5, 3 * np.sqrt(len(ratios))):
        smoothed, k = ratios, 0.0
    else:
        # ArviZ takes log-likelihoods that are left out, which are minus the log ratios.
        smoothed, k = map(np.asarray, diagnostics().psislw(-ratios))
    weights = np.exp(smoothed - smoothed.max())
    return weights / weights.sum(), float(k)


def _too_short(chains: np.ndarray) -> bool:
    return chains.shape[1] < FEWEST_DRAWS
