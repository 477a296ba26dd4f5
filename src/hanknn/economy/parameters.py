"""Parameters: value, range, prior, label and text on one line, read everywhere else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from numbers import Real

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, PRNGKeyArray

from ..machine.errors import ModelError, OutOfRangeError, SettingError, ShapeError, UnknownNameError
from ..machine.precision import in_float64
from .priors import Prior, Uniform


@dataclass(frozen=True)
class Parameter:
    """One structural parameter.

    `value`: baseline. `range`: (lower, upper) over which the model is solved; without one the
    parameter stays fixed at `value`. `prior`: density over the range. `label`: TeX for figures.
    `text`: what it is, in words. `unit`: empty where it has none.
    """

    value: float
    range: tuple[float, float] | None = None
    prior: Prior = field(default_factory=Uniform)
    label: str = ""
    text: str = ""
    unit: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """The range; the value twice where the parameter is fixed."""
        return (self.value, self.value) if self.range is None else self.range


def _require_prior(name: str, parameter: Parameter) -> None:
    if not isinstance(parameter.prior, Prior):
        raise ModelError(
            f"parameter '{name}': the prior is {parameter.prior!r:.60}; give one of hanknn.priors, such as "
            "Beta(mean=0.5, sd=0.2)"
        )
    if parameter.range is None:
        return
    try:
        parameter.prior.require_mass(*parameter.bounds)
    except SettingError as error:
        raise ModelError(f"parameter '{name}': {error}") from None


class ParameterSpace:
    """The parameters of a model, in order.

    Raises `ModelError` where a baseline lies outside its range or a range is empty, and where a prior is none or has no
    mass on the range.
    """

    def __init__(self, **parameters: Parameter) -> None:
        for name, p in parameters.items():
            if not isinstance(p, Parameter):
                raise ModelError(f"parameter '{name}' is {p!r:.40}; write {name}=Parameter(value, (lower, upper))")
            if p.range is not None and not (np.shape(p.range) == (2,) and np.isfinite(p.range).all()):
                raise ModelError(f"parameter '{name}': range {p.range} is not two finite numbers; give (lower, upper)")
            if p.range is not None and not p.range[0] < p.range[1]:
                raise ModelError(f"parameter '{name}': range {p.range} is empty; give (lower, upper)")
            if p.range is not None and not p.range[0] <= p.value <= p.range[1]:
                raise ModelError(f"parameter '{name}': baseline {p.value} lies outside its range {p.range}")
            _require_prior(name, p)
        self._parameters = parameters

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def __getitem__(self, name: str) -> Parameter:
        if name not in self._parameters:
            raise UnknownNameError("parameter", name, self._parameters)
        return self._parameters[name]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._parameters)

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the parameters that have a range."""
        return tuple(name for name, p in self._parameters.items() if p.range is not None)

    def only(self, *names: str, **values: float | tuple[float, float]) -> "ParameterSpace":
        """The same parameters, fewer of them free: those in `names`, and over a part of their range those given one.

        The others are fixed, at their baselines or at `values`. A baseline outside a narrower range moves to its nearer
        end. Raises `UnknownNameError` for unknown names, `ModelError` where a name has no range to be free over or is
        given twice, and where a value or range is not within the parameter's range.
        """
        narrower = {name: given for name, given in values.items() if isinstance(given, tuple)}
        for name in (*names, *narrower):
            if self[name].range is None:
                raise ModelError(f"parameter '{name}' has no range to be free over; free ones: {', '.join(self.free)}")
            if name in names and name in values:
                raise ModelError(f"parameter '{name}' is to be free and {values[name]}; give one or the other")
        changed = dict(self._parameters)
        for name, given in values.items():
            ends = given if isinstance(given, tuple) else (given,)
            if len(ends) > 2 or not all(isinstance(end, Real) and np.isfinite(end) for end in ends):
                raise ModelError(f"parameter '{name}' is {given!r:.40}; give a number, or a pair (lower, upper)")
            if isinstance(given, tuple):
                (low, high), (lower, upper) = given, self[name].bounds
                if not (low >= lower and high <= upper):
                    raise ModelError(f"parameter '{name}': {given} is no part of its range [{lower:g}, {upper:g}]")
                changed[name] = replace(self[name], value=min(max(self[name].value, low), high), range=given)
            else:
                changed[name] = replace(self[name], value=float(given))
        ParameterSpace(**changed)  # refuses a value outside its range, which is dropped below
        free = {*names, *narrower}
        return ParameterSpace(**{n: p if n in free else replace(p, range=None) for n, p in changed.items()})

    @property
    def baseline(self) -> np.ndarray:
        """Baseline values, shape (parameters,)."""
        return np.array([p.value for p in self._parameters.values()])

    @property
    def lower(self) -> np.ndarray:
        """Lower bounds, shape (parameters,); the value where a parameter is fixed."""
        return np.array([p.bounds[0] for p in self._parameters.values()])

    @property
    def upper(self) -> np.ndarray:
        """Upper bounds, shape (parameters,); the value where a parameter is fixed."""
        return np.array([p.bounds[1] for p in self._parameters.values()])

    def label(self, name: str) -> str:
        return self[name].label or name

    def table(self) -> pd.DataFrame:
        """The parameter table: one row a parameter."""
        rows = {
            name: dict(text=p.text, baseline=p.value, lower=low, upper=high, prior=type(p.prior).__name__, unit=p.unit)
            for (name, p), low, high in zip(self._parameters.items(), self.lower, self.upper, strict=True)
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")

    def from_unit(self, u: Float[Array, " free"]) -> Float[Array, " parameters"]:
        """The unit cube over the free parameters, mapped to full parameter vectors."""
        lower, upper = (jnp.asarray(b, u.dtype) for b in (self.lower, self.upper))
        where = np.array([name in self.free for name in self.names])
        full = jnp.zeros(len(self), u.dtype).at[np.flatnonzero(where)].set(u)
        return lower + (upper - lower) * full

    def draw(self, key: PRNGKeyArray, dtype: jnp.dtype | type) -> Float[Array, " parameters"]:
        """One uniform draw over the ranges."""
        return self.from_unit(jax.random.uniform(key, (len(self.free),), dtype))

    @in_float64
    def sample(self, draws: int, seed: int = 0) -> np.ndarray:
        """Independent uniform draws over the ranges as rows of full parameter vectors, shape (draws, parameters)."""
        keys = jax.random.split(jax.random.key(seed), draws)
        return np.asarray(jax.vmap(lambda key: self.draw(key, jnp.float64))(keys))

    def scaled(self, theta: Float[Array, " parameters"]) -> Float[Array, " free"]:
        """The free parameters mapped from their ranges to [−1, 1]."""
        index = np.array([self.names.index(name) for name in self.free], dtype=int)
        lower, upper = (jnp.asarray(b[index], theta.dtype) for b in (self.lower, self.upper))
        return 2 * (theta[index] - lower) / (upper - lower) - 1

    def resolve(self, values: Mapping[str, object] | pd.DataFrame | None) -> np.ndarray:
        """Named values, the rest at baseline, as an array of shape (parameters,) or (n, parameters).

        Values are scalars or one-dimensional columns of one common length. Raises
        `UnknownNameError` for unknown names and `ShapeError` for anything else than that.
        """
        columns = named_columns("parameter", values, self.names)
        length = common_length(columns)
        full = np.tile(self.baseline, (length or 1, 1))
        for name, column in columns.items():
            full[:, self.names.index(name)] = column
        return full if length else full[0]

    def outside(self, theta: np.ndarray) -> np.ndarray:
        """Which values lie outside their ranges; shape of `theta` ((parameters,) or (n, parameters))."""
        slack = 1e-9 * np.maximum(self.upper - self.lower, np.abs(self.baseline))
        return ~((theta >= self.lower - slack) & (theta <= self.upper + slack))

    def require_inside(self, theta: np.ndarray) -> None:
        """Raise `OutOfRangeError` naming the first parameter outside its range."""
        outside = np.atleast_2d(self.outside(theta))
        if outside.any():
            row, column = np.argwhere(outside)[0]
            name, value = self.names[column], np.atleast_2d(theta)[row, column]
            raise OutOfRangeError(
                f"parameter '{name}' = {value:g} lies outside the solved range "
                f"[{self.lower[column]:g}, {self.upper[column]:g}]; choose a value inside, "
                "solve over a wider range, or extrapolate (extrapolate=True, --extrapolate) at your own risk"
            )


def named_columns(
    kind: str, values: Mapping[str, object] | pd.DataFrame | None, names: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Named inputs as float arrays, each a scalar or one column; unknown names are refused."""
    columns: dict[str, np.ndarray] = {}
    for name, value in {} if values is None else values.items():
        if name not in names:
            raise UnknownNameError(kind, str(name), names)
        try:
            column = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise ShapeError(f"{kind} '{name}' is not numeric: {value!r}") from None
        if column.ndim > 1:
            raise ShapeError(
                f"{kind} '{name}' has shape {column.shape}; give a scalar or a one-dimensional column "
                "(flatten it first: two axes would pair every point with every other)"
            )
        if not column.size:
            raise ShapeError(f"{kind} '{name}' has no values; give at least one")
        if not np.isfinite(column).all():
            row = f" (row {int(np.argmin(np.isfinite(column)))})" if column.ndim else ""
            raise ShapeError(f"{kind} '{name}' has a value that is not finite{row}")
        columns[str(name)] = column
    return columns


def common_length(columns: Mapping[str, np.ndarray]) -> int | None:
    """The one length of all columns, None where all are scalars; raises `ShapeError` where lengths differ."""
    lengths = {name: len(column) for name, column in columns.items() if column.ndim == 1}
    if len(set(lengths.values())) > 1:
        raise ShapeError("columns differ in length: " + ", ".join(f"{k} has {v}" for k, v in lengths.items()))
    return next(iter(lengths.values()), None)
