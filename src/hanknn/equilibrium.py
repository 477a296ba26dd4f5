"""A model's one-point equations as functions of vectors, checked once when they are built."""

import copy
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .errors import ModelError
from .expectations import Expectation, judging_rule
from .model import Model, Scalars, Variable
from .points import Point, join, pack, unpack
from .precision import in_float64

PolicyFunction = Callable[[Float[Array, " states"], Float[Array, " parameters"]], Float[Array, " policies"]]


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
        self.model = model
        self.states, self.shocks, self.policies = tuple(model.states), tuple(model.shocks), tuple(model.policies)
        self.outputs, self.constraints = tuple(model.outputs) or self.policies, tuple(model.constraints)
        shared = [name for name in self.states if name in self.policies]
        if shared:
            raise ModelError(f"'{shared[0]}' is both a state and a policy of model '{model.name}'; rename one")
        taken = [name for name in model.observables if name in (*self.states, *self.policies)]
        if taken:
            raise ModelError(
                f"observable '{taken[0]}' of model '{model.name}' has the name of a state or policy, which data "
                "can show without a definition; remove or rename it"
            )
        self._expectands: tuple[str, ...] = ()
        self.equations: tuple[str, ...] = ()
        self._inspect()

    def _inspect(self) -> None:
        state, policy, shock, theta = (
            jax.ShapeDtypeStruct((n,), jnp.float64)
            for n in (len(self.states), len(self.policies), len(self.shocks), len(self.model.parameters))
        )

        def names(s, p, e, t) -> None:
            now = join(self._state(s), self._policy(p))
            s_next = self.transition(s, p, e, t)
            self.units(t)
            self.ergodic_state(s, t)
            self.policies_from(s, jnp.zeros(len(self.outputs), p.dtype), t)
            self.slackness(s, p, t)
            self.observe(s, p, s_next, p, t, tuple(self.observables))
            averaged = self.model.expectands(now, join(self._state(s_next), self._policy(p)), self._theta(t))
            self._expectands = tuple(averaged)
            expected = Point(dict(averaged), "expected value")
            self.equations = tuple(self.model.residuals(now, expected, self._theta(t)))
            pack(averaged, self._expectands, self._where("expectands"), p.dtype)
            pack(self.model.residuals(now, expected, self._theta(t)), self.equations, self._where("residuals"), p.dtype)

        jax.eval_shape(names, state, policy, shock, theta)
        if not self.equations:
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
        return unpack(self.states, vector, "state")

    def _policy(self, vector: Array) -> Point:
        return unpack(self.policies, vector, "policy")

    def _theta(self, vector: Array) -> Point:
        return unpack(self.model.parameters.names, vector, "parameter")

    def transition(
        self,
        state: Float[Array, " states"],
        policy: Float[Array, " policies"],
        shock: Float[Array, " shocks"],
        theta: Float[Array, " parameters"],
    ) -> Float[Array, " states"]:
        """Next period's state."""
        now = join(self._state(state), self._policy(policy))
        values = self.model.transition(now, unpack(self.shocks, shock, "shock"), self._theta(theta))
        return pack(values, self.states, self._where("transition"), state.dtype)

    def policies_from(
        self,
        state: Float[Array, " states"],
        outputs: Float[Array, " outputs"],
        theta: Float[Array, " parameters"],
    ) -> Float[Array, " policies"]:
        """The policies that go with network outputs."""
        values = self.model.policies_from(
            self._state(state), unpack(self.outputs, outputs, "output"), self._theta(theta)
        )
        return pack(values, self.policies, self._where("policies_from"), state.dtype)

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
    ) -> Float[Array, " equations"]:
        """Residuals at given conditional expectations."""
        now = join(self._state(state), self._policy(policy))
        values = self.model.residuals(now, unpack(self._expectands, expected, "expected value"), self._theta(theta))
        return pack(values, self.equations, self._where("residuals"), state.dtype)

    def expectand_draws(
        self,
        policy: PolicyFunction,
        state: Float[Array, " states"],
        theta: Float[Array, " parameters"],
        nodes: Float[Array, "nodes shocks"],
    ) -> Float[Array, "nodes expectands"]:
        """What is averaged, at each node of next period's shocks."""
        now = policy(state, theta)

        def at(shock):
            later = self.transition(state, now, shock, theta)
            return self.expectands(state, now, later, policy(later, theta), theta)

        return jax.vmap(at)(nodes)

    def residuals(
        self,
        policy: PolicyFunction,
        state: Float[Array, " states"],
        theta: Float[Array, " parameters"],
        expectation: Expectation,
        key: PRNGKeyArray,
    ) -> Float[Array, " equations"]:
        """Residuals of a policy function at one point; a deterministic `expectation` ignores `key`."""
        now = policy(state, theta)

        def slackness(shock):
            later = self.transition(state, now, shock, theta)
            return self.slackness(later, policy(later, theta), theta)

        nodes, weights = expectation.nodes(key, len(self.shocks), state.dtype, slackness)
        expected = weights @ self.expectand_draws(policy, state, theta, nodes)
        return self.residuals_given(state, now, expected, theta)

    @property
    def observables(self) -> dict[str, Variable]:
        """Everything that data can show: states, policies, and the model's own observables."""
        return {**self.model.states, **self.model.policies, **self.model.observables}

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

    def units(self, theta: Float[Array, " parameters"]) -> dict[str, Float[Array, " n"]]:
        """The model's centres and scales: keys state_center, state_scale, policy_scale, output_center, output_scale."""
        point, model = self._theta(theta), self.model
        named: Mapping[str, tuple[Scalars, tuple[str, ...]]] = {
            "state_center": (model.state_center(point), self.states),
            "state_scale": (model.state_scale(point), self.states),
            "policy_scale": (model.policy_scale(point), self.policies),
            "output_center": (model.output_center(point), self.outputs),
            "output_scale": (model.output_scale(point), self.outputs),
        }
        return {key: pack(values, names, self._where(key), theta.dtype) for key, (values, names) in named.items()}

    def ergodic_state(
        self, normal: Float[Array, " states"], theta: Float[Array, " parameters"]
    ) -> Float[Array, " states"]:
        """Standard normals mapped to a draw from the (approximate) ergodic distribution."""
        values = self.model.ergodic_state(self._state(normal), self._theta(theta))
        return pack(values, self.states, self._where("ergodic_state"), theta.dtype)

    def closed_form(
        self, state: Float[Array, " states"], theta: Float[Array, " parameters"]
    ) -> Float[Array, " policies"] | None:
        """The exact policies, None where the model has no closed form."""
        values = self.model.closed_form(self._state(state), self._theta(theta))
        return None if values is None else pack(values, self.policies, self._where("closed_form"), state.dtype)
