"""Observed series: what a filter reads."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import DataError, UnknownNameError
from ..model import Model


@dataclass(frozen=True, eq=False)
class Observed:
    """Series of a model's observables, one row a quarter, NaN where missing.

    `table`: columns named by observables, in the model's units. `noise`: covariance of the
    measurement errors, shape (series, series). `source`: where the numbers come from, in words.
    Raises `DataError` where a series has no value, a value is infinite, or `noise` is not a
    symmetric positive definite matrix of that shape.
    """

    table: pd.DataFrame
    noise: np.ndarray
    source: str = ""

    def __post_init__(self) -> None:
        values = self.table.to_numpy(np.float64)
        if not values.size:
            raise DataError("the data have no rows or no series")
        for name, column in zip(self.table.columns, values.T, strict=True):
            if np.isnan(column).all():
                raise DataError(f"series '{name}' has no value at all; drop it or mend its source")
            if np.isinf(column).any():
                raise DataError(f"series '{name}' is infinite at {self.table.index[int(np.argmax(np.isinf(column)))]}")
        self._check_noise(values.shape[1])

    def _check_noise(self, series: int) -> None:
        noise = np.asarray(self.noise, np.float64)
        if noise.shape != (series, series):
            raise DataError(
                f"the measurement errors' covariance has shape {noise.shape}; {series} series need a square"
            )
        if not np.isfinite(noise).all() or not np.allclose(noise, noise.T, rtol=1e-10, atol=0):
            raise DataError("the measurement errors' covariance is not a symmetric finite matrix")
        scale = np.sqrt(np.diag(noise)) if (np.diag(noise) > 0).all() else None
        if scale is None or np.linalg.eigvalsh(noise / np.outer(scale, scale))[0] < 1e-12:
            names = ", ".join(self.table.columns)
            raise DataError(
                f"the measurement errors' covariance ({names}) is not positive definite; every series needs an error "
                "of its own"
            )

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.table.columns)

    @property
    def periods(self) -> int:
        return len(self.table)

    def require_observables(self, model: Model) -> None:
        """Raise `UnknownNameError` for a series that the model does not define."""
        known = [*model.states, *model.policies, *model.observables]
        for name in self.names:
            if name not in known:
                raise UnknownNameError("observable", name, known, f"model '{model.name}'")

    def fingerprint(self) -> dict[str, object]:
        """What identifies the data in a run's settings."""
        values = self.table.to_numpy(np.float64)
        return {
            "series": list(self.names),
            "periods": self.periods,
            "sums": [float(s) for s in np.nansum(values, axis=0)],
            "noise": [float(v) for v in np.diag(self.noise)],
        }
