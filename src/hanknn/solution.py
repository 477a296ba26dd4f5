"""A solved model: the hinge between solving and everything that reads a solution."""

import functools
import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from warnings import warn

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Bool, Float

from . import storage
from .compiled import jit
from .definition import declared, definition, disagreement
from .economy import Economy, Equations
from .economy.misfit import SOLVED, misfit
from .errors import ModelError, NotSolvedError, SettingError, ShapeError, SolutionFileError, UnknownNameError
from .model import Model
from .models import SHIPPED, shipped
from .networks import Architecture, PolicyNetwork, architectures, network_policy
from .parameters import common_length, named_columns
from .points import Point, replaced, scalars
from .precision import in_float64
from .version import __version__

P = ParamSpec("P")
R = TypeVar("R")

Values = Mapping[str, Any] | pd.DataFrame
"""Named scalars or one-dimensional columns."""


AT_ONCE, ARRAYS_AT_ONCE = 256, 4
"""Economies whose misfit is computed at once: one with arrays among its states takes longer."""


NAMES = tuple(model.name for model in SHIPPED)
WEIGHTS = Path(__file__).parent / "weights"
FILE = "solution.npz"
"""What a solution is called in a run's folder."""


REMEMBERED = 100_000
"""Misfits of so many economies are kept."""


class ExtrapolationWarning(UserWarning):
    """Policies were asked for at parameters outside the solved ranges."""


@dataclass(frozen=True, eq=False)
class Solution:
    """Policies of `model` for every parameter value in its ranges.

    `architecture` describes `network`; `header` says where it comes from: model, version,
    settings, ranges, seed, package versions, how training ended.
    """

    model: Model
    architecture: Architecture
    network: PolicyNetwork
    header: dict[str, Any]

    def __reduce__(self):
        # Weights travel as NumPy arrays: JAX would make them float32 where float64 is off.
        return _unpickled, (self.model, self.architecture, storage.leaves_to_numpy(self.network), self.header)

    @functools.cached_property
    def equations(self) -> Equations:
        """The model's equations, checked."""
        return Equations(self.model)

    @functools.cached_property
    def economy(self) -> Economy:
        """The model under these policies: what simulations, checks and filters run."""
        return Economy(self.equations, network_policy(self.network, self.equations))

    @functools.cached_property
    def _programs(self) -> dict[Any, Callable]:
        return {}

    def program(self, make: Callable[..., Callable], *settings: Hashable) -> Callable:
        """`make(economy, *settings)`, compiled: made once for this solution, so that a second call answers at once.

        `make` is a function of a module; what it returns takes arrays and points.
        """
        if (make, settings) not in self._programs:
            self._programs[make, settings] = jit(make(self.economy, *settings))
        return self._programs[make, settings]

    def policy(self, state: Values, parameters: Values | None = None, extrapolate: bool = False):
        """Policies at named states and parameters (the rest of the parameters at baseline).

        `state` names every scalar state; values are scalars or one-dimensional columns of one length. Where the model
        has a distribution of households it is at its steady state, and so are states that are left out.
        Scalars give a Series, columns a DataFrame (with the index of the inputs, where they are
        pandas) with one column a policy, in the model's units. Outside the solved ranges raises
        `OutOfRangeError`, and where there is no equilibrium `NotSolvedError`; with `extrapolate=True` warns, and
        adds a column `extrapolated`.
        """
        states = self.states(state)
        theta = self.model.parameters.resolve(parameters)
        outside = self.require_solved(theta, extrapolate)
        given = dict(states) if theta.ndim == 1 else {**states, "parameters": theta[:, 0]}
        length = common_length(given)
        rows = length or 1
        thetas = np.broadcast_to(theta, (rows, theta.shape[-1]))
        values = self._policies(states, thetas)
        frame = pd.DataFrame(
            values, columns=list(self.equations.scalar_policies), index=_index(state, parameters, rows)
        )
        if extrapolate:
            frame["extrapolated"] = np.broadcast_to(outside, rows)
        return frame if length is not None else frame.iloc[0].rename(None)

    def require_solved(self, theta: np.ndarray, extrapolate: bool = False) -> np.ndarray:
        """Which rows of `theta` the solution does not hold for: refused, or warned of if extrapolating."""
        outside = np.asarray(self.model.parameters.outside(theta).any(axis=-1))
        if outside.any() and not extrapolate:
            self.model.parameters.require_inside(theta)
        if outside.any():
            message = "policies outside the solved parameter ranges are extrapolated and may be far off"
            warn(message, ExtrapolationWarning, stacklevel=3)
        unsolved = ~self.solved(theta)
        if unsolved.any() and not extrapolate:
            raise NotSolvedError(self._unsolved(np.atleast_2d(theta)[np.argmax(np.atleast_1d(unsolved))]))
        if unsolved.any():
            message = (
                "there may be no equilibrium at some of these parameters; what is returned there solves no equations"
            )
            warn(message, ExtrapolationWarning, stacklevel=3)
        return np.asarray(outside | unsolved)

    def one_value(self, parameters: Values | None, extrapolate: bool = False) -> np.ndarray:
        """One full parameter vector that is solved for; columns raise `ShapeError`."""
        theta = self.model.parameters.resolve(parameters)
        if theta.ndim != 1:
            raise ShapeError("give one value of each parameter here; call it once for each draw")
        self.require_solved(theta, extrapolate)
        return theta

    def states(self, state: Values) -> dict[str, np.ndarray]:
        """Named states as columns or scalars; raises `ShapeError` where one is missing."""
        names = self.equations.scalar_states
        states = named_columns("state", state, names)
        missing = [name for name in names if name not in states]
        if missing and not self.model.arrays:
            raise ShapeError(f"state '{missing[0]}' has no value; give all of {', '.join(names)}")
        return states

    @in_float64
    def states_at(self, states: Mapping[str, np.ndarray], thetas: np.ndarray) -> Point:
        """States, one a row of `thetas`, at named values of scalar states, the rest at its centre."""
        columns = {name: jnp.broadcast_to(jnp.asarray(v, jnp.float64), len(thetas)) for name, v in states.items()}
        return self.program(_placed)(jnp.asarray(thetas), columns)

    @in_float64
    def _policies(self, states: Mapping[str, np.ndarray], thetas: np.ndarray) -> np.ndarray:
        """Scalar policies (rows, policies)."""
        dtype = jax.tree.leaves(self.network)[0].dtype
        rows = jax.tree.map(lambda a: a.astype(dtype), self.states_at(states, thetas))
        return np.asarray(self.program(_scalar_policies)(rows, jnp.asarray(thetas, dtype)), np.float64)

    def misfit(self, parameters: Values | None = None) -> float | np.ndarray:
        """How badly the equations are solved at these parameters (the rest at baseline): see `economy.misfit`.

        The root mean square, over the ergodic distribution, of the estimated policy errors as a share of the
        policies' scale: a number, or one for each row.
        """
        theta = self.model.parameters.resolve(parameters)
        found = self._misfits(np.atleast_2d(theta))
        return found if theta.ndim == 2 else float(found[0])

    def strain(self, parameters: Values | None = None) -> float | np.ndarray:
        """How large shocks are relative to the largest that an equilibrium is known to survive: a number or one a row.

        Above one there may be none, and what `policy` says is an approximation to nothing exact. Zero where the model
        does not know (`Model.strain`). Raises `UnknownNameError` for parameters that it does not have.
        """
        theta = self.model.parameters.resolve(parameters)
        found = self.strains(np.atleast_2d(theta))
        return found if theta.ndim == 2 else float(found[0])

    @in_float64
    def strains(self, thetas: np.ndarray) -> np.ndarray:
        """As `strain`, of rows of full parameter vectors."""
        return np.asarray(self.program(_strains)(jnp.asarray(thetas)))

    def solved(self, theta: np.ndarray) -> np.ndarray:
        """Whether full parameter vectors (..., parameters) have a misfit of at most `SOLVED`.

        Always true for a model without occasionally binding constraints: its equilibrium is taken to exist.
        """
        if not self.model.constraints:
            return np.ones(theta.shape[:-1], bool)
        rows, where = np.unique(np.atleast_2d(theta), axis=0, return_inverse=True)
        return (self._misfits(rows) <= SOLVED)[where.reshape(-1)].reshape(theta.shape[:-1])

    def solved_function(self, theta: Float[Array, " parameters"]) -> Bool[Array, ""]:
        """As `solved`, for one vector, as a JAX function; its derivative is zero."""
        if not self.model.constraints:
            return jnp.asarray(True)
        return _misfit(self.economy, jax.lax.stop_gradient(theta)) <= SOLVED

    @functools.cached_property
    def _misfits_asked(self) -> dict[bytes, float]:
        return {}

    @in_float64
    def _misfits(self, thetas: np.ndarray) -> np.ndarray:
        """So many at once that any number of rows takes one program: compiling it can take half a minute.

        Remembered: every question about an economy asks this first, and one with a distribution has to be simulated.
        """
        rows = np.ascontiguousarray(thetas, np.float64)
        names, asked = [row.tobytes() for row in rows], self._misfits_asked
        new = {name: row for name, row in zip(names, rows, strict=True) if name not in asked}
        if new:
            if len(asked) + len(new) > REMEMBERED:
                asked.clear()
                new = dict(zip(names, rows, strict=True))
            at_once = ARRAYS_AT_ONCE if self.model.arrays else AT_ONCE
            wanted = np.stack(list(new.values()))
            filled = np.pad(wanted, ((0, -len(wanted) % at_once), (0, 0)), mode="edge")
            run = self.program(_misfits)
            parts = [run(jnp.asarray(part)) for part in np.split(filled, range(at_once, len(filled), at_once))]
            asked.update(zip(new, np.concatenate(parts).tolist(), strict=False))
        return np.array([asked[name] for name in names])

    def _unsolved(self, theta: np.ndarray) -> str:
        space = self.model.parameters
        where = ", ".join(f"{name} = {theta[space.names.index(name)]:.4g}" for name in space.free)
        return (
            f"the equations of '{self.model.name}' are not solved at {where}: misfit "
            f"{self._misfits(theta[None])[0]:.2g} of the policies' scale, more than {SOLVED:g}. "
            "Most likely there is no equilibrium (shocks too large or too persistent for the constraint), or "
            "training was too short; choose other values, or extrapolate "
            "(extrapolate=True, --extrapolate) at your own risk"
        )

    def save(self, path: str | Path) -> Path:
        """Write to one file without pickle; returns its path."""
        path = Path(path)
        header = {**self.header, "kind": "solution", "architecture": described(self.architecture)}
        storage.write(path, header, storage.leaves_to_numpy(self.network))
        return path


def _placed(economy: Economy) -> Callable[[Array, dict[str, Array]], Point]:
    def at(vector, given):
        center = economy.equations.units(economy.parameters(vector)).state_center
        return replaced(center, **given)

    return jax.vmap(at)


def _scalar_policies(economy: Economy) -> Callable[[Point, Array], Array]:
    names = economy.equations.scalar_policies
    at = lambda state, vector: scalars(economy.policy(state, economy.parameters(vector)), names, vector.dtype)
    return jax.vmap(at)


def _strains(economy: Economy) -> Callable[[Array], Array]:
    return jax.vmap(lambda vector: economy.equations.strain(economy.equations.given(vector)))


def _misfit(economy: Economy, vector: Float[Array, " parameters"]) -> Float[Array, ""]:
    return misfit(economy, economy.parameters(vector), economy.equations.judging_rule)


def _misfits(economy: Economy) -> Callable[[Array], Array]:
    return jax.vmap(lambda vector: _misfit(economy, vector))


@in_float64
def load(source: str | Path, model: Model | None = None) -> Solution:
    """A saved solution: a file, a run folder, or the one that ships with the library for a model's name ("nk").

    A name means what ships also where a file or folder is called so; write "./nk", or a `Path`, for that one. A model
    of your own must be passed as `model`, and so must a shipped one with other settings. Raises `SolutionFileError`
    where the file is missing, damaged or of another model, and `UnknownNameError` for an unknown name.

    Example: `load("rank")`, `load("runs/first")`, `load("growth.npz", Growth())`.
    """
    path = Path(source)
    if source in NAMES:
        path = WEIGHTS / f"{source}.npz"
    elif path.is_dir():
        path = path / FILE
    elif not path.suffix and not path.exists():
        raise UnknownNameError("solution", str(source), NAMES, "the library, and no such file exists")
    header, arrays = storage.read(path, "solution")
    if model is None:
        if header["model"] not in NAMES:
            raise SolutionFileError(f"'{path}' solves your own model '{header['model']}'; pass it: load(path, model=…)")
        model = _narrowed(shipped(header["model"]), header["definition"]["parameters"])
    known = Equations(model)
    # The library's own equations do not change within a version, and a test holds the shipped files to them.
    ours = type(model) in SHIPPED and header["version"] == __version__
    differs = disagreement(header["definition"], declared(model) if ours else definition(known))
    if differs is not None:
        raise SolutionFileError(
            f"'{path}' was solved for another definition of model '{header['model']}' ({differs}); pass the model that "
            "was solved, load(path, model=…), or solve again"
        )
    architecture = _architecture(header["architecture"], path)
    return Solution(model, architecture, _network(known, architecture, arrays, path), header)


@in_float64
def _unpickled(model: Model, architecture: Architecture, arrays: list[np.ndarray], header: dict[str, Any]) -> Solution:
    network = _network(Equations(model), architecture, arrays, Path("a pickled solution"))
    return Solution(model, architecture, network, header)


def _network(known: Equations, architecture: Architecture, arrays: list[np.ndarray], path: Path) -> PolicyNetwork:
    """The network of this architecture with these weights."""
    counts = len(known.inputs_seen), len(known.model.parameters.free), known.output_size
    dtype = arrays[0].dtype if arrays else np.float64
    like = jax.eval_shape(lambda: architecture.build(*counts, jax.random.key(0), dtype))
    return storage.leaves_from_numpy(like, arrays, path)


def _narrowed(model: Model, solved: dict[str, list[float]]) -> Model:
    """The model over the part of its box that the solution was given."""
    space = model.parameters
    narrower = {
        name: value if low == high else (low, high)
        for name, (value, low, high) in solved.items()
        if name in space.free and (low, high) != space[name].bounds
    }
    if not narrower:
        return model
    try:
        return model.only(*(name for name in space.free if name not in narrower), **narrower)
    except ModelError:
        return model  # of another definition: who compares the two says where


def as_solution(given: object) -> Solution:
    """The solution itself, or what `load` finds under a name or path; raises `SettingError` for anything else.

    What ships is loaded once: a second question under its name finds it compiled.
    """
    if isinstance(given, Solution):
        return given
    if isinstance(given, str | Path):
        return _shipped(given) if given in NAMES else load(given)
    what = f"the model class {given.__name__}" if isinstance(given, type) else f"of type {type(given).__name__}"
    solve = "; solve it first: hanknn.solve(model).solution" if _is_model(given) else ""
    raise SettingError(
        f"a solution is wanted, or the name of one that ships ('nk', 'rank', 'hank') or a file; this is {what}{solve}"
    )


@functools.cache
def _shipped(name: str) -> Solution:
    return load(name)


def reads_solution(function: Callable[P, R]) -> Callable[P, R]:
    """Let the first argument of `function`, a solution, be whatever `as_solution` takes."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> R:
        if args:
            args = as_solution(args[0]), *args[1:]
        elif "solution" in kwargs:
            kwargs["solution"] = as_solution(kwargs["solution"])
        return function(*args, **kwargs)

    return wrapped


def _is_model(given: object) -> bool:
    return isinstance(given, Model) or (isinstance(given, type) and issubclass(given, Model))


def described(architecture: Architecture) -> dict[str, Any]:
    """An architecture as a file holds it; raises `SettingError` for one that is no dataclass of plain values."""
    try:
        settings = {field.name: getattr(architecture, field.name) for field in fields(architecture)}
        if json.loads(json.dumps(settings)) == settings:
            return {"kind": type(architecture).__name__, **settings}
    except TypeError:
        pass
    raise SettingError(
        f"network '{type(architecture).__name__}' cannot be written to a file: make it a frozen dataclass whose fields "
        "are numbers, words or None"
    )


def _architecture(described: dict[str, Any], path: Path) -> Architecture:
    described = dict(described)
    kind = described.pop("kind", None)
    known = {architecture.__name__: architecture for architecture in architectures()}
    if kind not in known:
        raise SolutionFileError(
            f"'{path}' uses network '{kind}', which is none of {', '.join(known)}; if it is your own, import "
            "the module that defines it first"
        )
    names = {field.name for field in fields(known[kind])}
    if odd := sorted(set(described) - names):
        raise SolutionFileError(f"'{path}' describes network '{kind}' by other settings than it has ({', '.join(odd)})")
    return known[kind](**described)


def _index(state: Values, parameters: Values | None, rows: int) -> pd.Index:
    for values in (state, parameters):
        columns = values.values() if isinstance(values, Mapping) else [values]
        for column in columns:
            if isinstance(column, pd.Series | pd.DataFrame) and len(column) == rows:
                return column.index
    return pd.RangeIndex(rows)
