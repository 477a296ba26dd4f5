"""How far a surrogate is from log-likelihoods that are known better."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from ...machine.compiled import jit
from ...machine.precision import in_float64
from .surrogate import Surrogate


@in_float64
def errors(surrogate: Surrogate, thetas: np.ndarray, known: np.ndarray, within: float | None = None) -> pd.DataFrame:
    """Errors against `known` log-likelihoods at rows of full parameter vectors, in log-likelihood units.

    Rows: uncorrected (μ) and corrected (μ + σ²/2). Columns: mean, s.d. and root mean square of the
    error, and the number of draws. `within` keeps draws that close below the surrogate's reference, or above it;
    by default those in the surrogate's uncompressed part.
    """
    keep = known > surrogate.reference - (surrogate.exact_within if within is None else within)
    rows = {}
    for name, function in (("uncorrected", surrogate.uncorrected), ("corrected", surrogate.at)):
        found = np.asarray(jit(jax.vmap(function))(jnp.asarray(thetas[keep], jnp.float64)))
        error = found - known[keep]
        rows[name] = {"mean": error.mean(), "sd": error.std(), "rmse": np.sqrt((error**2).mean()), "draws": keep.sum()}
    return pd.DataFrame.from_dict(rows, orient="index")
