"""A model's one-point equations as functions of vectors, checked once when they are built."""

import copy
import math
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from .errors import ModelError
from .expectations import Expectation, judging_rule
from .model import Model, Scalars, Variable
from .points import Names, Point, join, pack, size, unpack
from .precision import in_float64

PolicyFunction = Callable[[Float[Array, " states"], Float[Array, " parameters"]], Float[Array, " policies"]]
LawOfMotion = Callable[[Float[Array, " shocks"]], Float[Array, " states"]]


class Equilibrium:
    """The equilibrium conditions of `model` at one point, on vectors in the model's own order.

    Building it calls every function of the model once on abstract scalars, so a misspelt name,
    a missing return value or a vector where a scalar belongs is reported before anything runs.
    Raises `ModelError` or `UnknownNameError`.
    """

    @in_float64
    def __init__(self, model: Model) -> None:
        for attribute in ("name", "parameters", "states", "shocks", "policies"):
            if not hasattr(model, attribute):
                raise ModelError(f"model {type(model).__name__} has no '{attribute}'; see docs/extend")
        model.require()
        self.model = model
        self.states, self.shocks, self.policies = tuple(model.states), tuple(model.shocks), tuple(model.policies)
        self.outputs, self.constraints = tuple(model.outputs) or self.policies, tuple(model.constraints)
        self._states, self._policies, self._outputs = (
            {name: variable.shape for name, variable in kind.items()}
            for kind in (model.states, model.policies, model.outputs or model.policies)
        )
        self.scalar_states = tuple(name for name, shape in self._states.items() if shape == ())
        self.scalar_policies = tuple(name for name, shape in self._policies.items() if shape == ())
        self.scalar_state_places, self.scalar_policy_places = map(_scalar_places, (self._states, self._policies))
        self.state_size, self.policy_size, self.output_size = map(size, (self._states, self._policies, self._outputs))
        shared = [name for name in self.states if name in self.policies]
        if shared:
            raise ModelError(f"'{shared[0]}' is both a state and a policy of model '{model.name}'; rename one")
        taken = [name for name in model.observables if name in (*self.states, *self.policies)]
        if taken:
            raise ModelError(
                f"observable '{taken[0]}' of model '{model.name}' has the name of a state or policy, which data "
                "can show without a definition; remove or rename it"
            )
        self._expectands: dict[str, tuple[int, ...]] = {}
        self._equations: dict[str, tuple[int, ...]] = {}
        self._derived: dict[str, tuple[int, ...]] = {}
        self.inputs_seen: tuple[str, ...] = ()
        self._inspect()
        self.equations = tuple(self._equations)

    def _inspect(self) -> None:
        state, normal, policy, output, shock, theta = (
            jax.ShapeDtypeStruct((n,), jnp.float64)
            for n in (
                self.state_size,
                len(self.scalar_states),
                self.policy_size,
                self.output_size,
                len(self.shocks),
                len(self.model.parameters),
            )
        )

        arrays = any((*self._states.values(), *self._policies.values()))

        def names(s, n, p, o, e, t) -> None:
            self._derived = _shapes_of(self.model.derived(self._parameters(t)))
            t = self.prepared(t)
            now = join(self._state(s), self._policy(p))
            for name in self.model.ahead(now, self._theta(t)):
                if name in now:
                    raise ModelError(f"'{name}' in {self._where('ahead')} is a state or a policy already; rename it")
            s_next = self.transition(s, p, e, t)
            self.units(t)
            self.ergodic_state(n, t)
            self.inputs_seen = tuple(self.model.inputs(self._state(s), self._theta(t)))
            self.inputs(s, t)
            self.policies_from(s, o, t)
            self.slackness(s, p, t)
            self.observe(s, p, s_next, p, t, tuple(self.model.observables))
            averaged = self.model.expectands(now, join(self._state(s_next), self._policy(p)), self._theta(t))
            # Only a model that declares arrays may return them; elsewhere packing refuses what is no scalar.
            found_shapes = _shapes_of if arrays else lambda values: dict.fromkeys(values, ())
            self._expectands = found_shapes(averaged)
            expected = Point(dict(averaged), "expected value")
            found = self.model.residuals(now, expected, self._theta(t))
            self._equations = found_shapes(found)
            pack(averaged, self._expectands, self._where("expectands"), p.dtype)
            pack(found, self._equations, self._where("residuals"), p.dtype)

        jax.eval_shape(names, state, normal, policy, output, shock, theta)
        if not self._equations:
            raise ModelError(f"model '{self.model.name}' has no equations: residuals() returned nothing")

    def relaxed(self, share: Float[Array, ""] | float) -> "Equilibrium":
        """The same with the model's constraints relaxed by `share`, which may be traced."""
        other = copy.copy(self)
        other.model = self.model.relaxed(share)
        return other

    @property
    def judging_rule(self) -> Expectation:
        """An expectation finer than those of training, by which solutions are judged."""
        return judging_rule(len(self.shocks), len(self.constraints))

    def _where(self, function: str) -> str:
        return f"{type(self.model).__name__}.{function}"

    def _state(self, vector: Array) -> Point:
        return unpack(self._states, vector, "state")

    def _policy(self, vector: Array) -> Point:
        return unpack(self._policies, vector, "policy")

    def _parameters(self, vector: Array) -> Point:
        """The parameters of a vector, without what may have been derived from them."""
        return unpack(self.model.parameters.names, vector[: len(self.model.parameters)], "parameter")

    def _theta(self, vector: Array) -> Point:
        theta, count = self._parameters(vector), len(self.model.parameters)
        if len(vector) > count:
            return join(theta, unpack(self._derived, vector[count:], "parameter"))
        derived = self.model.derived(theta)
        return join(theta, Point(derived, "parameter")) if derived else theta

    def named(
        self, state: Float[Array, " states"], policy: Float[Array, " policies"], theta: Float[Array, " parameters"]
    ) -> tuple[Point, Point]:
        """States and policies, and parameters, as the model's own functions see them."""
        return join(self._state(state), self._policy(policy)), self._theta(theta)

    def prepared(self, theta: Float[Array, " parameters"]) -> Float[Array, " prepared"]:
        """`theta` followed by what the model derives from it: every method takes it in place of `theta`.

        Where one economy is evaluated many times, its steady state, say, is then computed once. What is prepared
        already comes back as it is.
        """
        if len(theta) > len(self.model.parameters):
            return theta
        derived = self.model.derived(self._parameters(theta))
        return jnp.concatenate([theta, pack(derived, self._derived, self._where("derived"), theta.dtype)])

    def by_equation(self, rows: Float[Array, "*batch rows"]) -> Float[Array, "*batch equations"]:
        """Each equation's mean over its own rows: an equation that holds for many households has many."""
        ends = np.cumsum([math.prod(shape) for shape in self._equations.values()])
        return jnp.stack([part.mean(axis=-1) for part in jnp.split(rows, ends[:-1], axis=-1)], axis=-1)

    @property
    def row_equations(self) -> tuple[str, ...]:
        """The equation that each row of the residuals belongs to."""
        return tuple(name for name, shape in self._equations.items() for _ in range(math.prod(shape)))

    def transition(
        self,
        state: Float[Array, " states"],
        policy: Float[Array, " policies"],
        shock: Float[Array, " shocks"],
        theta: Float[Array, " parameters"],
    ) -> Float[Array, " states"]:
        """Next period's state."""
        return self._law(state, policy, theta)(shock)

    def _law(
        self, state: Float[Array, " states"], policy: Float[Array, " policies"], theta: Float[Array, " parameters"]
    ) -> LawOfMotion:
        """Next period's state as a function of its shocks; what is settled before them is computed here, once."""
        now, point = join(self._state(state), self._policy(policy)), self._theta(theta)
        settled = join(now, Point(self.model.ahead(now, point)))

        def move(shock: Float[Array, " shocks"]) -> Float[Array, " states"]:
            values = self.model.transition(settled, unpack(self.shocks, shock, "shock"), point)
            return pack(values, self._states, self._where("transition"), state.dtype)

        return move

    def policies_from(
        self,
        state: Float[Array, " states"],
        outputs: Float[Array, " outputs"],
        theta: Float[Array, " parameters"],
    ) -> Float[Array, " policies"]:
        """The policies that go with network outputs."""
        values = self.model.policies_from(
            self._state(state), unpack(self._outputs, outputs, "output"), self._theta(theta)
        )
        return pack(values, self._policies, self._where("policies_from"), state.dtype)

    def inputs(self, state: Float[Array, " states"], theta: Float[Array, " parameters"]) -> Float[Array, " inputs"]:
        """What the network sees of a state."""
        values = self.model.inputs(self._state(state), self._theta(theta))
        return pack(values, self.inputs_seen, self._where("inputs"), state.dtype)

    def slackness(
        self,
        state: Float[Array, " states"],
        policy: Float[Array, " policies"],
        theta: Float[Array, " parameters"],
    ) -> Float[Array, " constraints"]:
        """How far each constraint is from binding; negative where it binds."""
        now = join(self._state(state), self._policy(policy))
        return pack(
            self.model.slackness(now, self._theta(theta)), self.constraints, self._where("slackness"), state.dtype
        )

    def expectands(
        self,
        state: Float[Array, " states"],
        policy: Float[Array, " policies"],
        next_state: Float[Array, " states"],
        next_policy: Float[Array, " policies"],
        theta: Float[Array, " parameters"],
    ) -> Float[Array, " expectands"]:
        """What is averaged, at one draw of next period's shocks."""
        now = join(self._state(state), self._policy(policy))
        later = join(self._state(next_state), self._policy(next_policy))
        values = self.model.expectands(now, later, self._theta(theta))
        return pack(values, self._expectands, self._where("expectands"), state.dtype)

    def residuals_given(
        self,
        state: Float[Array, " states"],
        policy: Float[Array, " policies"],
        expected: Float[Array, " expectands"],
        theta: Float[Array, " parameters"],
    ) -> Float[Array, " rows"]:
        """Residuals at given conditional expectations."""
        now = join(self._state(state), self._policy(policy))
        values = self.model.residuals(now, unpack(self._expectands, expected, "expected value"), self._theta(theta))
        return pack(values, self._equations, self._where("residuals"), state.dtype)

    def expectand_draws(
        self,
        policy: PolicyFunction,
        state: Float[Array, " states"],
        theta: Float[Array, " parameters"],
        nodes: Float[Array, "nodes shocks"],
    ) -> Float[Array, "nodes expectands"]:
        """What is averaged, at each node of next period's shocks."""
        now = policy(state, theta)
        return self._draws(policy, state, now, self._law(state, now, theta), theta, nodes)

    def _draws(
        self,
        policy: PolicyFunction,
        state: Float[Array, " states"],
        now: Float[Array, " policies"],
        law: LawOfMotion,
        theta: Float[Array, " parameters"],
        nodes: Float[Array, "nodes shocks"],
    ) -> Float[Array, "nodes expectands"]:
        def at(shock):
            later = law(shock)
            return self.expectands(state, now, later, policy(later, theta), theta)

        return jax.vmap(at)(nodes)

    def residuals(
        self,
        policy: PolicyFunction,
        state: Float[Array, " states"],
        theta: Float[Array, " parameters"],
        expectation: Expectation,
        key: PRNGKeyArray,
    ) -> Float[Array, " rows"]:
        """Residuals of a policy function at one point; a deterministic `expectation` ignores `key`."""
        now = policy(state, theta)
        law = self._law(state, now, theta)

        def slackness(shock):
            later = law(shock)
            return self.slackness(later, policy(later, theta), theta)

        nodes, weights = expectation.nodes(key, len(self.shocks), state.dtype, slackness)
        expected = weights @ self._draws(policy, state, now, law, theta, nodes)
        return self.residuals_given(state, now, expected, theta)

    @property
    def observables(self) -> dict[str, Variable]:
        """Everything that data can show: scalar states and policies, and the model's own observables."""
        known = {**self.model.states, **self.model.policies, **self.model.observables}
        return {name: variable for name, variable in known.items() if variable.shape == ()}

    def observe(
        self,
        last_state: Float[Array, " states"],
        last_policy: Float[Array, " policies"],
        state: Float[Array, " states"],
        policy: Float[Array, " policies"],
        theta: Float[Array, " parameters"],
        names: tuple[str, ...],
    ) -> Float[Array, " observables"]:
        """The named observables without measurement error, from last period and this one."""
        now = join(self._state(state), self._policy(policy))
        last = join(self._state(last_state), self._policy(last_policy))
        defined = dict(self.model.observe(now, last, self._theta(theta)))
        pack(defined, tuple(self.model.observables), self._where("observe"), state.dtype)
        values = {name: getattr(now, name) for name in now} | defined
        return pack({name: values[name] for name in names}, names, self._where("observe"), state.dtype)

    def strain(self, theta: Float[Array, " parameters"]) -> Float[Array, ""]:
        """How large shocks are relative to the largest that an equilibrium is known to survive."""
        return jnp.asarray(self.model.strain(self._parameters(theta)), theta.dtype)

    def units(self, theta: Float[Array, " parameters"]) -> dict[str, Float[Array, " n"]]:
        """The model's centres and scales: keys state_center, state_scale, policy_scale, output_center, output_scale."""
        point, model = self._theta(theta), self.model
        named: Mapping[str, tuple[Scalars, Names]] = {
            "state_center": (model.state_center(point), self._states),
            "state_scale": (model.state_scale(point), self._states),
            "policy_scale": (model.policy_scale(point), self._policies),
            "output_center": (model.output_center(point), self._outputs),
            "output_scale": (model.output_scale(point), self._outputs),
        }
        return {key: pack(values, names, self._where(key), theta.dtype) for key, (values, names) in named.items()}

    def ergodic_state(
        self, normal: Float[Array, " normals"], theta: Float[Array, " parameters"]
    ) -> Float[Array, " states"]:
        """Standard normals, one a scalar state, mapped to a draw from the (approximate) ergodic distribution."""
        values = self.model.ergodic_state(unpack(self.scalar_states, normal, "state"), self._theta(theta))
        return pack(values, self._states, self._where("ergodic_state"), theta.dtype)

    def closed_form(
        self, state: Float[Array, " states"], theta: Float[Array, " parameters"]
    ) -> Float[Array, " policies"] | None:
        """The exact policies, None where the model has no closed form."""
        values = self.model.closed_form(self._state(state), self._theta(theta))
        return None if values is None else pack(values, self._policies, self._where("closed_form"), state.dtype)


def _scalar_places(shapes: Mapping[str, tuple[int, ...]]) -> np.ndarray:
    """Where in the vector the scalars stand."""
    starts = np.cumsum([0, *(math.prod(shape) for shape in shapes.values())])[:-1]
    return np.array([at for at, shape in zip(starts, shapes.values(), strict=True) if shape == ()], dtype=int)


def _shapes_of(values: Scalars) -> dict[str, tuple[int, ...]]:
    return {name: jnp.shape(value) for name, value in values.items()}
