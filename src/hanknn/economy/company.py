"""The linear company of an economy: its steady state and first-order solution, at every value of the parameters."""

import functools
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..machine.compiled import jit
from ..machine.errors import ModelError, UnknownNameError
from .expectations import Monomial
from .linearised import Around, Averaged, Functions, Linearised, Told, linearised
from .model import Model
from .points import Point, join, named, pack
from .steady_state import searched, steady_state


class Company:
    """Finds steady states of a model's `Equations` (`of`), and linearises them there.

    Raises `ModelError` where equations and policies are not as many, and where no steady state is found at the
    baseline.
    """

    def __init__(self, of: Any) -> None:
        # Entirely relaxed, a bound is what it is away from it, wherever a search may look.
        self.of = of.relaxed(1.0) if of.bounded else of
        self._require()
        self._start = self._begin()

    def beside(self, theta: Point) -> Point:
        """Parameters, with what the model derives from them, with the steady state and the linear solution as well."""
        linear = self.linearised(theta)
        steady = join(linear.state_center, linear.policy_center)
        return join(with_steady(theta, steady), Point({"linear": linear}, "parameter"))

    @functools.cached_property
    def policy_unit(self) -> np.ndarray:
        """The policies' scale at the baseline, computed once and outside of whatever program asks for it."""
        model = self.of.model
        scale = lambda vector: pack(self.of.units(self.beside(self.of.derived(vector))).policy_scale)
        with jax.ensure_compile_time_eval():
            return np.asarray(jit(scale)(jnp.asarray(model.parameters.baseline)))

    def _require(self) -> None:
        model, rows = self.of.model, self.of.row_equations
        for name in ("state_center", "policy_center", "output_center", "output_scale"):
            if getattr(type(model), name) is not getattr(Model, name):
                raise ModelError(
                    f"model '{model.name}' gives a {name}, but no state_scale: give that too, or leave both to the "
                    "library, which linearises the economy"
                )
        if len(rows) != len(self.of.outputs):
            raise ModelError(
                f"model '{model.name}' has {len(rows)} equations for {len(self.of.outputs)} {self._unknowns}: "
                f"{', '.join(rows)} for {', '.join(self.of.outputs)}. As many are needed of each; of two equations "
                "with one name only the last counts"
            )

    def _begin(self) -> np.ndarray:
        """Where the search for steady states begins, at every value of the parameters: the baseline's, as far as the
        model does not say."""
        model = self.of.model
        theta = self.of.derived(jnp.asarray(model.parameters.baseline))
        given = np.asarray(self._guess(theta, np.full(len(self.of.states) + len(self.of.outputs), np.nan)))
        self._require_numbers(theta, given)
        start, known = searched(lambda x: self._at_rest(x, theta), given)
        if not known:
            self._refuse(start, theta)
        return start

    def _require_numbers(self, theta: Point, given: np.ndarray) -> None:
        """Raise `ModelError` where the model's own guess has no place among the variables."""
        values = self.of.model.steady_state(theta)
        for name, x in zip((*self.of.states, *self.of.outputs), given, strict=True):
            if name in values and not np.isfinite(x):
                raise ModelError(
                    f"{type(self.of.model).__name__}.steady_state gives {name} = {float(values[name]):.4g} at the "
                    "baseline: not a number, or not above 0 where the variable is positive"
                )

    def _refuse(self, end: np.ndarray, theta: Point) -> NoReturn:
        """Raise `ModelError` where the search for the steady state ended in vain; `FloatingPointError` from the very
        line of the model, where its equations are no numbers there."""
        rows = np.asarray(self._at_rest(jnp.asarray(end), theta))
        if not np.isfinite(rows).all():
            self._run_into_nan(end, theta)
        names = (*(f"law of motion of {name}" for name in self.of.states), *self.of.row_equations)
        worst = sorted(zip(np.nan_to_num(np.abs(rows), nan=np.inf), names, strict=True), reverse=True)[:3]
        raise ModelError(
            f"no steady state of model '{self.of.model.name}' was found at its baseline; where the search ended, "
            f"{', '.join(f'{name} is off by {value:.2g}' for value, name in worst)}. Give a guess of states and "
            f"{self._unknowns} in steady_state(theta), or look at these equations"
        )

    def _run_into_nan(self, end: np.ndarray, theta: Point) -> None:
        """The equations once more, every operation watched."""
        states, outputs, _ = self.of.coordinates
        s, o = jnp.split(jnp.asarray(end), [len(self.of.states)])
        here = join(states.point(s), outputs.point(o))
        try:
            with jax.disable_jit(), jax.debug_nans(True), jax.debug_infs(True):
                self._at_rest(jnp.asarray(end), theta)
        except FloatingPointError as error:
            values = ", ".join(f"{name} = {float(getattr(here, name)):.3g}" for name in here)
            told = (
                "not a finite number (the logarithm or root of a negative number, or a division by 0) where the search "
                f"for the steady state tried {values}; look at this line, or give a guess in steady_state(self, theta)"
            )
            raise FloatingPointError(told).with_traceback(error.__traceback__) from None

    @property
    def _unknowns(self) -> str:
        return "outputs" if self.of.model.outputs else "policies"

    def _guess(self, theta: Point, otherwise: Array | np.ndarray) -> Array:
        """States and outputs as `Model.steady_state` gives them, `otherwise` what it leaves out."""
        names, where = (*self.of.states, *self.of.outputs), f"{type(self.of.model).__name__}.steady_state"
        values = named(self.of.model.steady_state(theta), where)
        for name in values:
            if name not in names:
                raise UnknownNameError("variable", name, names, where)
        own = Point({name: jnp.asarray(values.get(name, 1.0), theta.dtype) for name in names})
        part = lambda c: c.vector(Point({name: getattr(own, name) for name in c.shapes}))
        vectors = [part(c) for c in self.of.coordinates[:2]]
        return jnp.where(np.array([name in values for name in names]), jnp.concatenate(vectors), otherwise)

    def _functions(self, theta: Point) -> Functions:
        """The model's functions in vectors, at parameters that hold the steady state."""
        states, outputs, policies = self.of.coordinates

        def functions(around: Around) -> Told:
            state, later = states.point(around.state), states.point(around.next_state)
            policy = self.of.policies_from(state, outputs.point(around.output), theta)
            later_policy = self.of.policies_from(later, outputs.point(around.next_output), theta)
            averaged = self.of.expectands(join(state, policy), join(later, later_policy), theta)
            return Told(
                states.vector(self.of.transition(state, policy, around.shock, theta)),
                self.of.residuals_given(state, policy, averaged, theta),
                policies.vector(policy),
                self.of.pairs(state, policy, theta).first,
            )

        return functions

    def _averaged(self, state: Float[Array, " states"], theta: Point) -> Averaged:
        """Residuals in the steady state, at parameters that hold it, where shocks have their size."""
        states, outputs, _ = self.of.coordinates

        def averaged(outputs_at):
            policy = lambda at, theta: self.of.policies_from(at, outputs.point(outputs_at(states.vector(at))), theta)
            return self.of.residuals(policy, states.point(state), theta, Monomial(3), jax.random.key(0))

        return averaged

    def _at_rest(self, x: Float[Array, " unknowns"], theta: Point) -> Float[Array, " unknowns"]:
        """Zero where states and outputs `x` are a steady state, to which the equations themselves may refer."""
        s, o = jnp.split(x, [len(self.of.states)])
        here = Around(s, o, jnp.zeros(len(self.of.shocks), x.dtype), s, o)
        told = self._functions(self._resting(x, theta))(here)
        return jnp.concatenate([s - told.law, told.rows])

    def _resting(self, x: Float[Array, " unknowns"], theta: Point) -> Point:
        """Parameters with states and policies at `x` as the steady state."""
        s, o = jnp.split(x, [len(self.of.states)])
        states, outputs, _ = self.of.coordinates
        state = states.point(s)
        return with_steady(theta, join(state, self.of.policies_from(state, outputs.point(o), theta)))

    def linearised(self, theta: Point) -> Linearised:
        """The first-order solution around the steady state, at parameters with what the model derives from them."""
        still = jax.lax.stop_gradient(theta)
        start = self._guess(still, jnp.asarray(self._start, theta.dtype))
        found = steady_state(lambda x: self._at_rest(x, theta), lambda x: self._at_rest(x, still), start)
        s, o = jnp.split(found.values, [len(self.of.states)])
        resting = self._resting(found.values, theta)
        functions, averaged = self._functions(resting), self._averaged(s, resting)
        return linearised(functions, averaged, s, o, len(self.of.shocks), self.of.coordinates, found.known)


def with_steady(theta: Point, steady: Point) -> Point:
    """Parameters by which equations know a steady state."""
    return join(theta, Point({"steady": steady}, "parameter"))
