"""A solved model: the hinge between solving and everything that reads a solution."""

import functools
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from warnings import warn

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Bool, Float

from ..economy import Economy, Equations
from ..economy.draws import KNOWN
from ..economy.misfit import SOLVED, misfit
from ..economy.model import Model
from ..economy.networks import Architecture, PolicyNetwork, network_policy
from ..economy.parameters import common_length, named_columns
from ..economy.points import Point, replaced, scalars
from ..economy.summarised import Summarised, SummaryLaw
from ..machine import storage
from ..machine.compiled import jit
from ..machine.errors import NotSolvedError, ShapeError
from ..machine.precision import in_float64
from .network_file import described, described_law, weights_from
from .tables_file import described_tables

Values = Mapping[str, Any] | pd.DataFrame
"""Named scalars or one-dimensional columns."""

AT_ONCE, ARRAYS_AT_ONCE = 256, 4
"""Economies whose misfit is computed at once: one with arrays among its states takes longer."""

PREPARED_AT_ONCE = 64
"""Economies whose steady states are computed at once."""


REMEMBERED = 100_000
"""Misfits of so many economies are kept."""


class ExtrapolationWarning(UserWarning):
    """Policies were asked for at parameters outside the solved ranges."""


@dataclass(frozen=True, eq=False)
class Solution:
    """Policies of `model` for every parameter value in its ranges.

    `architecture` describes `network`; `header` says where it comes from: model, version,
    settings, ranges, seed, package versions, how training ended. `law`: how summaries of states that are arrays move,
    where `hanknn.summarise` has learned it.
    """

    model: Model
    architecture: Architecture
    network: PolicyNetwork
    header: dict[str, Any]
    law: SummaryLaw | None = None

    def __reduce__(self):
        # Weights travel as NumPy arrays: JAX would make them float32 where float64 is off.
        law = None if self.law is None else described_law(self.law)
        return _unpickled, (self.model, self.architecture, self._arrays, self.header, law)

    @functools.cached_property
    def equations(self) -> Equations:
        """The model's equations, checked."""
        return Equations(self.model)

    @functools.cached_property
    def economy(self) -> Economy:
        """The model under these policies: what simulations, checks and filters run."""
        summarised = None
        if self.law is not None:
            equations = Equations(Summarised(self.model, self.law))
            summarised = Economy(equations, network_policy(self.network, equations))
        return Economy(self.equations, network_policy(self.network, self.equations), summarised)

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

    @in_float64
    def prepared(self, thetas: np.ndarray) -> Point:
        """Rows of full parameter vectors as points with all that the model derives from them, stacked.

        Programs take these: what is derived, a steady state say, is computed and compiled once.
        """
        rows, where = np.unique(np.atleast_2d(thetas), axis=0, return_inverse=True)
        size = 1 if len(rows) == 1 else ARRAYS_AT_ONCE if self.model.arrays else PREPARED_AT_ONCE
        filled = np.pad(rows, ((0, -len(rows) % size), (0, 0)), mode="edge")
        run = self.program(_prepared)
        parts = [run(jnp.asarray(part)) for part in np.split(filled, range(size, len(filled), size))]
        if len(where.reshape(-1)) == 1:  # as it is: a gather for each of its values takes longer than a response
            return parts[0]
        return jax.tree.map(lambda *values: jnp.concatenate(values)[where.reshape(-1)], *parts)

    def states(self, state: Values) -> dict[str, np.ndarray]:
        """Named states as columns or scalars; raises `ShapeError` where one is missing."""
        names = self.equations.scalar_states
        states = named_columns("state", state, names)
        missing = [name for name in names if name not in states]
        if missing and not self.model.arrays:
            raise ShapeError(f"state '{missing[0]}' has no value; give all of {', '.join(names)}")
        return states

    @in_float64
    def states_at(self, states: Mapping[str, np.ndarray], thetas: Point) -> Point:
        """States, one a row of `prepared` parameters, at named values of scalar states, the rest at its centre."""
        columns = {name: jnp.broadcast_to(jnp.asarray(v, jnp.float64), thetas.rows) for name, v in states.items()}
        return self.program(_placed)(thetas, columns)

    @in_float64
    def _policies(self, states: Mapping[str, np.ndarray], thetas: np.ndarray) -> np.ndarray:
        """Scalar policies (rows, policies)."""
        dtype = jax.tree.leaves(self.network)[0].dtype
        known = self.prepared(thetas)
        rows = self.states_at(states, known), known
        cast = lambda a: a.astype(dtype) if jnp.issubdtype(a.dtype, jnp.floating) else a
        return np.asarray(self.program(_scalar_policies)(*jax.tree.map(cast, rows)), np.float64)

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

        Always true for a model without occasionally binding constraints whose scales are its own: its equilibrium is
        taken to exist. One that the library linearises has to be determinate.
        """
        if not (self.model.constraints or self.model.linearises):
            return np.ones(theta.shape[:-1], bool)
        rows, where = np.unique(np.atleast_2d(theta), axis=0, return_inverse=True)
        found = self._misfits(rows) <= SOLVED if self.model.constraints else self._determinate(rows)
        return found[where.reshape(-1)].reshape(theta.shape[:-1])

    def solved_function(self, theta: Float[Array, " parameters"]) -> Bool[Array, ""]:
        """As `solved`, for one vector, as a JAX function for samplers; its derivative is zero.

        Where a state is an array it says whether the strain is at most `KNOWN`: a misfit takes a simulation.
        """
        theta = jax.lax.stop_gradient(theta)
        if not self.model.constraints:
            return self.equations.determinate(self.equations.parameters(theta))
        if self.model.arrays:
            return self.equations.strain(self.equations.given(theta)) <= KNOWN
        return _misfit(self.economy, self.equations.parameters(theta)) <= SOLVED

    @in_float64
    def _determinate(self, thetas: np.ndarray) -> np.ndarray:
        """Whether the linearised economy has one stable solution, for rows of full parameter vectors."""
        if not self.model.linearises:
            return np.ones(len(thetas), bool)
        return np.asarray(self.prepared(thetas).linear.determinate)

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
            parts = [run(self.prepared(part)) for part in np.split(filled, range(at_once, len(filled), at_once))]
            asked.update(zip(new, np.concatenate(parts).tolist(), strict=False))
        return np.array([asked[name] for name in names])

    def _unsolved(self, theta: np.ndarray) -> str:
        space = self.model.parameters
        where = ", ".join(f"{name} = {theta[space.names.index(name)]:.4g}" for name in space.free)
        if not self._determinate(theta[None])[0]:
            return (
                f"model '{self.model.name}', linearised, has no steady state with one stable path to it at {where}: "
                "none, or many (indeterminacy); choose other values, or extrapolate (extrapolate=True, "
                "--extrapolate) at your own risk"
            )
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
        law = {} if self.law is None else {"law": described_law(self.law)}
        tables, arrays = described_tables(self.model)
        header = {**self.header, "kind": "solution", "architecture": described(self.architecture), **law, **tables}
        storage.write(path, header, [*self._arrays, *arrays])
        return path

    @property
    def _arrays(self) -> list[np.ndarray]:
        return storage.leaves_to_numpy((self.network, self.law))


def _prepared(economy: Economy) -> Callable[[Array], Point]:
    return jax.vmap(economy.parameters)


def _placed(economy: Economy) -> Callable[[Point, dict[str, Array]], Point]:
    return jax.vmap(lambda theta, given: replaced(economy.equations.units(theta).state_center, **given))


def _scalar_policies(economy: Economy) -> Callable[[Point, Point], Array]:
    names = economy.equations.scalar_policies
    return jax.vmap(lambda state, theta: scalars(economy.policy(state, theta), names, theta.dtype))


def _strains(economy: Economy) -> Callable[[Array], Array]:
    return jax.vmap(lambda vector: economy.equations.strain(economy.equations.given(vector)))


def _misfit(economy: Economy, theta: Point) -> Float[Array, ""]:
    return misfit(economy, theta, economy.equations.judging_rule)


def _misfits(economy: Economy) -> Callable[[Point], Array]:
    return jax.vmap(lambda theta: _misfit(economy, theta))


@in_float64
def _unpickled(
    model: Model,
    architecture: Architecture,
    arrays: list[np.ndarray],
    header: dict[str, Any],
    law: dict[str, Any] | None,
) -> Solution:
    network, moved = weights_from(Equations(model), architecture, law, arrays, Path("a pickled solution"))
    return Solution(model, architecture, network, header, moved)


def _index(state: Values, parameters: Values | None, rows: int) -> pd.Index:
    for values in (state, parameters):
        columns = values.values() if isinstance(values, Mapping) else [values]
        for column in columns:
            if isinstance(column, pd.Series | pd.DataFrame) and len(column) == rows:
                return column.index
    return pd.RangeIndex(rows)
