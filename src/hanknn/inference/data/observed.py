"""Observed series: what a filter reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ...economy.model import Model, Variable
from ...machine.arguments import require, require_mapping, require_once
from ...machine.errors import DataError, UnknownNameError
from ...machine.fingerprint import fingerprint
from .dates import quarterly


@dataclass(frozen=True, eq=False)
class Observed:
    """Series of a model's observables, one row a quarter, NaN where missing.

    `table`: columns named by observables, in the model's units; its index holds quarters (dates become calendar
    quarters) or, for data without dates, numbers. `noise`: covariance of the measurement errors, shape (series,
    series), or (periods, series, series) where it differs by quarter. `source`: where the numbers come from, in words.
    `means`: what was taken out of each demeaned series; added to a forecast, it gives levels again. Raises `DataError`
    where a series has no value or appears twice, a value is infinite, dates are no quarters in order, or `noise` is not
    symmetric, positive definite and of that shape.

    Example: `Observed(pd.DataFrame({"inflation_rate": [2.0, 1.5]}), np.diag([0.25]))`.
    """

    table: pd.DataFrame
    noise: np.ndarray
    source: str = ""
    means: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require(self.table, pd.DataFrame, "observed series as a pandas DataFrame")
        if not self.table.size:
            raise DataError("the data have no rows or no series")
        require_once(self.table.columns, "series", DataError)
        object.__setattr__(self, "table", _as_numbers(self.table))
        if not pd.api.types.is_numeric_dtype(self.table.index):
            object.__setattr__(self, "table", quarterly(self.table))
        require_values(self.table)
        self._check_noise(self.table.shape[1])
        require_mapping(self.means, int | float, "the means taken out", "{'interest_rate': 4.7}")
        for name in self.means:
            if name not in self.names:
                raise UnknownNameError("series", name, self.names, "the means taken out")

    def _check_noise(self, series: int) -> None:
        noise = np.asarray(self.noise, np.float64)
        if noise.shape not in ((series, series), (self.periods, series, series)):
            raise DataError(
                f"the measurement errors' covariance has shape {noise.shape}; {series} series need a square, or one "
                f"for each of the {self.periods} periods"
            )
        if not np.isfinite(noise).all() or not np.allclose(noise, np.swapaxes(noise, -1, -2), rtol=1e-10, atol=0):
            raise DataError("the measurement errors' covariance is not a symmetric finite matrix")
        variances = np.diagonal(noise, axis1=-2, axis2=-1)
        scale = np.sqrt(variances) if (variances > 0).all() else None
        if scale is None or np.linalg.eigvalsh(noise / (scale[..., None] * scale[..., None, :])).min() < 1e-12:
            names = ", ".join(map(str, self.table.columns))
            raise DataError(
                f"the measurement errors' covariance ({names}) is not positive definite; every series needs an error "
                "of its own"
            )

    @property
    def noises(self) -> np.ndarray:
        """The errors' covariance in each period, shape (periods, series, series)."""
        noise = np.asarray(self.noise, np.float64)
        return np.broadcast_to(noise, (self.periods, *noise.shape[-2:]))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.table.columns)

    @property
    def periods(self) -> int:
        return len(self.table)

    def require_observables(self, model: Model) -> None:
        """Raise `UnknownNameError` for a series that the model does not define."""
        for name in self.names:
            observable(model, name)

    def attributes(self, name: str) -> dict[str, float]:
        """What a labelled array of a series says of its data: `demeaned_by`, the mean that was taken out, if any."""
        return {"demeaned_by": self.means[name]} if name in self.means else {}

    def fingerprint(self) -> dict[str, object]:
        """What identifies the data in a run's settings: a hash over every value, date and error, and what it is of."""
        return {
            "series": list(self.names),
            "periods": self.periods,
            "first": str(self.table.index[0]),
            "last": str(self.table.index[-1]),
            "content": fingerprint(self.table, np.asarray(self.noise, np.float64)),
        }


def require_model(model: object) -> None:
    """Raise `SettingError` for a class, a name or a solution where a model belongs."""
    example = f"{model.__name__}()" if isinstance(model, type) else "solution.model or hanknn.models.LinearNK()"
    require(model, Model, f"a model, such as {example}")


def require_observed(data: object) -> None:
    """Raise `DataError` for a table, or for all that `simulate_data` returns, where data belong."""
    wanted = "data made with hanknn.data.prepare(table, model, series), or simulate_data(…).observed"
    require(data, Observed, wanted, DataError)


def observables(model: Model) -> dict[str, Variable]:
    """Everything that data can show of a model: scalar states and policies, and its own observables."""
    require_model(model)
    known = {**model.states, **model.policies, **model.observables}
    return {name: variable for name, variable in known.items() if variable.shape == ()}


def observable(model: Model, name: str) -> Variable:
    """One of them; raises `UnknownNameError` for a name that is none."""
    known = observables(model)
    if name not in known:
        raise UnknownNameError("observable", name, known, f"model '{model.name}'")
    return known[name]


def require_values(table: pd.DataFrame) -> None:
    """Raise `DataError` for a series without any value, or with an infinite one."""
    for name in table.columns:
        values = table[name].to_numpy(np.float64)
        if np.isnan(values).all():
            raise DataError(f"series '{name}' has no value at all; drop it or mend its source")
        if np.isinf(values).any():
            raise DataError(f"series '{name}' is infinite at {table.index[int(np.argmax(np.isinf(values)))]}")


def _as_numbers(table: pd.DataFrame) -> pd.DataFrame:
    try:
        return table.astype(np.float64)
    except (ValueError, TypeError) as error:
        raise DataError(f"the series hold what is no number ({error}); prepare() reads tables and says where") from None
