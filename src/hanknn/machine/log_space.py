"""Sums of numbers that are kept as logarithms, in NumPy."""

import numpy as np
from jaxtyping import Float


def log_mean(logs: Float[np.ndarray, "*batch n"]) -> Float[np.ndarray, "*batch"]:
    """The log of the mean of exp(`logs`) over the last axis, whose largest is finite."""
    top = logs.max(axis=-1)
    return np.asarray(np.log(np.mean(np.exp(logs - top[..., None]), axis=-1)) + top)
