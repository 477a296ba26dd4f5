"""A model's one-point equations, checked once when they are built."""

import copy
import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from ..machine.errors import ModelError
from ..machine.precision import in_float64
from .bounds import Pair, conditions, held, said, said_by_linear, said_size
from .company import Company, with_steady
from .coordinates import Coordinates
from .declared import require_declared
from .expectations import Expectation, Nodes
from .markov import nodes_over_chains
from .mistakes import in_writers_words
from .model import Model, Scalars, Variable
from .points import Point, checked, join, named, pack, scalars, size, unpack
from .which_rule import judging_rule

PolicyFunction = Callable[[Point, Point], Point]
"""From a state and parameters to policies."""

LawOfMotion = Callable[[Float[Array, " shocks"]], Point]


class Units(NamedTuple):
    """The model's centres and scales at some parameters."""

    state_center: Point
    state_scale: Point
    policy_scale: Point
    output_center: Point
    output_scale: Point


class Equations:
    """The functions of `model` at one point: states, policies and parameters are points, shocks a vector.

    Every value that the model returns is checked: name, shape, number type. Building calls each function once on
    abstract scalars, so a misspelt name, a missing value or a vector where a scalar belongs is reported before
    anything runs. Raises `ModelError` or `UnknownNameError`.
    """

    @in_float64
    @in_writers_words
    def __init__(self, model: Model) -> None:
        require_declared(model)
        model.require()
        model = model.prepared()
        self.model = model
        self.states, self.shocks, self.policies = tuple(model.states), tuple(model.shocks), tuple(model.policies)
        self.outputs, self.constraints = tuple(model.outputs) or self.policies, tuple(model.constraints)
        self._states, self._policies, self._outputs = (
            {name: variable.shape for name, variable in kind.items()}
            for kind in (model.states, model.policies, model.outputs or model.policies)
        )
        self.scalar_states = tuple(name for name, shape in self._states.items() if shape == ())
        self.scalar_policies = tuple(name for name, shape in self._policies.items() if shape == ())
        self.bounded = model.bounded
        self.coordinates = (
            Coordinates(model.states, "state"),
            Coordinates(model.outputs or model.policies, "output"),
            Coordinates(model.policies, "policy"),
        )
        self._rows: dict[str, tuple[int, ...]] = {}
        self.inputs_seen: tuple[str, ...] = ()
        self._inspect()
        self.equation_names = tuple(self._rows)
        self.company = Company(self) if model.linearises else None
        self._inspect_units()

    def _inspect(self) -> None:
        """Call each function once on abstract values, and note what it returns."""
        arrays = any((*self._states.values(), *self._policies.values()))
        # Only a model that declares arrays may return them; elsewhere checks refuse what is no scalar.
        shapes_of = lambda values: {n: jnp.shape(v) for n, v in values.items()} if arrays else dict.fromkeys(values, ())

        def call(state, policy, output, shock, vector) -> None:
            now = join(state, policy)
            theta = self.derived(vector)
            theta = with_steady(theta, now) if self.model.linearises else theta
            for name in self.model.ahead(now, theta):
                if name in now:
                    raise ModelError(f"'{name}' in {self._where('ahead')} is a state or a policy already; rename it")
            later = self.transition(state, policy, shock, theta)
            self.policies_from(state, output, theta)
            self._pairs(state, policy, theta) if self.bounded else self.slackness(state, policy, theta)
            self.observe((state, policy), (later, policy), theta, tuple(self.model.observables))
            averaged = named(self.model.expectands(now, join(later, policy), theta), self._where("expectands"))
            checked(averaged, shapes_of(averaged), self._where("expectands"), vector.dtype)
            expected = Point(dict(averaged), "expected value")
            found = named(self.model.residuals(now, expected, theta), self._where("residuals"))
            self._rows = shapes_of(found)
            checked(found, self._rows, self._where("residuals"), vector.dtype)

        jax.eval_shape(
            call,
            _abstract_point(self._states, "state"),
            _abstract_point(self._policies, "policy"),
            _abstract_point(self._outputs, "output"),
            _abstract(len(self.shocks)),
            _abstract(len(self.model.parameters)),
        )
        twice = [name for name in self._rows if self.bounded and name in self.constraints]
        if twice:
            raise ModelError(
                f"residual '{twice[0]}' of model '{self.model.name}' has the name of a constraint, whose equation "
                "bounds gives; rename it, or remove it"
            )
        if self.bounded:
            self._rows |= dict.fromkeys(self.constraints, ())
        if not self._rows:
            raise ModelError(f"model '{self.model.name}' has no equations: residuals() returned nothing")

    def _inspect_units(self) -> None:
        """The same for what the model says of its scales, or leaves to its linear solution."""

        def call(state, normal, vector) -> None:
            theta = self.parameters(vector)
            self.units(theta)
            self.ergodic_state(normal, theta)
            self.inputs_seen = tuple(self.model.inputs(state, theta))
            self.inputs(state, theta)
            self.closed_form(state, theta)

        parts = _abstract_point(self._states, "state"), _abstract(len(self.scalar_states))
        jax.eval_shape(call, *parts, _abstract(len(self.model.parameters)))

    def determinate(self, theta: Point) -> Bool[Array, ""]:
        """Whether the linearised economy has one stable solution; true where the library does not linearise it."""
        return theta.linear.determinate if self.model.linearises else jnp.asarray(True)

    def linear_policy(self, state: Point, theta: Point) -> Point:
        """The policies of the linear solution without bounds, exact in what is not linear of `Model.policies_from`."""
        return self.policies_from(state, self.outputs_from(theta.linear.outputs_at(state)), theta)

    @property
    def output_size(self) -> int:
        """How many numbers a network puts out."""
        return said_size(size(self._policies), len(self.constraints)) if self.bounded else size(self._outputs)

    def about(self, state: Point, theta: Point) -> tuple[Float[Array, " outputs"], Float[Array, " outputs"]]:
        """The center and the scale of what a network puts out: what is learned is the departure from the second-order
        solution, where the library linearises the model."""
        if not self.model.linearises:
            units = self.units(theta)
            return pack(units.output_center), pack(units.output_scale)
        linear = theta.linear
        center, spread = linear.second_order_at(state), linear.output_spread
        return said_by_linear(center, spread, linear.bounds) if self.bounded else (center, spread)

    def policies_at(self, outputs: Float[Array, " outputs"], state: Point, theta: Point) -> Point:
        """The policies that go with what a network puts out."""
        if not self.bounded:
            return self.policies_from(state, self.outputs_from(outputs), theta)
        linear, policies = theta.linear, self.coordinates[2]
        what = said(outputs, size(self._policies), len(self.constraints))
        pairs = lambda vector: self._pairs(state, policies.point(vector), theta)
        return policies.point(held(pairs, what, linear.bounds.gain, self.model.relaxation, linear.output_spread))

    def relaxed(self, share: Float[Array, ""] | float) -> "Equations":
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

    def given(self, vector: Float[Array, " parameters"]) -> Point:
        """Parameters in the model's order as a point, without what is derived from them: enough for `strain`."""
        return unpack(self.model.parameters.names, vector, "parameter")

    def parameters(self, vector: Float[Array, " parameters"]) -> Point:
        """Parameters in the model's order as a point, with all that the model derives from them."""
        theta = self.derived(vector)
        return theta if self.company is None else self.company.beside(theta)

    def derived(self, vector: Float[Array, " parameters"]) -> Point:
        """The same without the linear solution."""
        theta = self.given(vector)
        derived = named(self.model.known(theta), self._where("derived"))
        typed = lambda value: jax.tree.map(lambda leaf: jnp.asarray(leaf, vector.dtype), value)
        own = Point({name: typed(value) for name, value in derived.items()}, "parameter")
        return join(theta, own) if derived else theta

    def vector(self, theta: Point) -> Float[Array, " parameters"]:
        """The parameters of a point in the model's order."""
        return jnp.stack([getattr(theta, name) for name in self.model.parameters.names])

    def normals(self, key: PRNGKeyArray, dtype: jnp.dtype | type) -> Float[Array, " normals"]:
        """Standard normals, one a scalar state, for `ergodic_state`."""
        return jax.random.normal(key, (len(self.scalar_states),), dtype)

    def by_equation(self, rows: Float[Array, "*batch rows"]) -> Float[Array, "*batch equations"]:
        """Each equation's mean over its own rows: an equation that holds for many households has many."""
        ends = np.cumsum([math.prod(shape) for shape in self._rows.values()])
        return jnp.stack([part.mean(axis=-1) for part in jnp.split(rows, ends[:-1], axis=-1)], axis=-1)

    @property
    def row_equations(self) -> tuple[str, ...]:
        """The equation that each row of the residuals belongs to."""
        return tuple(name for name, shape in self._rows.items() for _ in range(math.prod(shape)))

    def transition(self, state: Point, policy: Point, shock: Float[Array, " shocks"], theta: Point) -> Point:
        """Next period's state."""
        return self.law(state, policy, theta)(shock)

    def law(self, state: Point, policy: Point, theta: Point) -> LawOfMotion:
        """Next period's state as a function of its shocks; what is settled before them is computed here, once."""
        now = join(state, policy)
        settled = join(now, Point(self.model.ahead(now, theta)))

        def move(shock: Float[Array, " shocks"]) -> Point:
            values = self.model.moved(settled, unpack(self.shocks, shock, "shock"), theta)
            return checked(values, self._states, self._where("transition"), theta.dtype, "state")

        return move

    def outputs_from(self, vector: Float[Array, " outputs"]) -> Point:
        """A network's outputs by name."""
        return self.coordinates[1].point(vector)

    def policies_from(self, state: Point, outputs: Point, theta: Point) -> Point:
        """The policies that go with a network's outputs."""
        values = self.model.policies_from(state, outputs, theta)
        return checked(values, self._policies, self._where("policies_from"), theta.dtype, "policy")

    def inputs(self, state: Point, theta: Point) -> Float[Array, " inputs"]:
        """What a network sees of a state."""
        values = self.model.inputs(state, theta)
        return scalars(
            checked(values, self.inputs_seen, self._where("inputs"), theta.dtype), self.inputs_seen, theta.dtype
        )

    def slackness(self, state: Point, policy: Point, theta: Point) -> Float[Array, " constraints"]:
        """How far each constraint is from binding; negative where it binds."""
        if self.bounded:
            pair = self._pairs(state, policy, theta)
            return pair.first - self._gain(theta) * pair.second
        values = self.model.slackness(join(state, policy), theta)
        found = checked(values, self.constraints, self._where("slackness"), theta.dtype)
        return scalars(found, self.constraints, theta.dtype)

    def expectands(self, now: Point, later: Point, theta: Point) -> Point:
        """What is averaged, at states and policies of this period and the next."""
        values = self.model.expectands(now, later, theta)
        return Point({name: jnp.asarray(value, theta.dtype) for name, value in values.items()}, "expected value")

    def residuals_given(self, state: Point, policy: Point, expected: Point, theta: Point) -> Float[Array, " rows"]:
        """Residuals at given conditional expectations."""
        values = self.model.residuals(join(state, policy), expected, theta)
        rows = {**values, **self._conditions(state, policy, theta)} if self.bounded else values
        return pack(checked(rows, self._rows, self._where("residuals"), theta.dtype))

    def expectand_draws(
        self, policy: PolicyFunction, state: Point, theta: Point, nodes: Float[Array, "nodes shocks"]
    ) -> Point:
        """What is averaged, stacked over nodes of next period's shocks."""
        now = policy(state, theta)
        return self._draws(policy, join(state, now), self.law(state, now, theta), theta, nodes)

    def _draws(self, policy: PolicyFunction, now: Point, law: LawOfMotion, theta: Point, nodes) -> Point:
        def at(shock):
            later = law(shock)
            return self.expectands(now, join(later, policy(later, theta)), theta)

        return jax.vmap(at)(nodes)

    def residuals(
        self, policy: PolicyFunction, state: Point, theta: Point, expectation: Expectation, key: PRNGKeyArray
    ) -> Float[Array, " rows"]:
        """Residuals of a policy function at one point; a deterministic `expectation` ignores `key`."""
        now = policy(state, theta)
        law = self.law(state, now, theta)
        nodes = self._nodes(policy, join(state, now), law, theta, expectation, key)
        return self._over(policy, (state, now), law, theta, nodes)

    def nodes(
        self, policy: PolicyFunction, state: Point, theta: Point, expectation: Expectation, key: PRNGKeyArray
    ) -> Nodes:
        """Where a rule looks at next period's shocks from one point, under a policy function."""
        now = policy(state, theta)
        return self._nodes(policy, join(state, now), self.law(state, now, theta), theta, expectation, key)

    def residuals_over(self, policy: PolicyFunction, state: Point, theta: Point, nodes: Nodes) -> Float[Array, " rows"]:
        """Residuals where expectations are averages over these nodes."""
        now = policy(state, theta)
        return self._over(policy, (state, now), self.law(state, now, theta), theta, nodes)

    def _nodes(self, policy: PolicyFunction, now: Point, law: LawOfMotion, theta: Point, expectation, key) -> Nodes:
        def slackness(shock):
            later = law(shock)
            return self.slackness(later, policy(later, theta), theta)

        chains = self.model.chains
        if chains:
            return nodes_over_chains(chains, self.shocks, (now, theta), expectation, key, slackness)
        return Nodes(*expectation.nodes(key, len(self.shocks), theta.dtype, slackness))

    def _over(self, policy: PolicyFunction, here: tuple[Point, Point], law: LawOfMotion, theta: Point, nodes: Nodes):
        draws = self._draws(policy, join(*here), law, theta, nodes.places)
        expected = jax.tree.map(lambda value: jnp.tensordot(nodes.weights, value, 1), draws)
        return self.residuals_given(*here, expected, theta)

    def pairs(self, state: Point, policy: Point, theta: Point) -> Pair:
        """The two expressions of each constraint of `Model.bounds`; none of other models."""
        if self.bounded:
            return self._pairs(state, policy, theta)
        return Pair(*[jnp.zeros(0, theta.dtype)] * 2)

    def _pairs(self, state: Point, policy: Point, theta: Point) -> Pair:
        values = named(self.model.bounds(join(state, policy), theta), self._where("bounds"))
        for name, pair in values.items():
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise ModelError(
                    f"'{name}' in {self._where('bounds')} is no pair: give two expressions, what is zero where it "
                    "binds and what is zero elsewhere"
                )
        sides = [{name: pair[side] for name, pair in values.items()} for side in (0, 1)]
        checks = [checked(side, self.constraints, self._where("bounds"), theta.dtype) for side in sides]
        return Pair(*(pack(side) for side in checks))

    def _conditions(self, state: Point, policy: Point, theta: Point) -> dict[str, Array]:
        """The equation of each constraint in the regime that rules."""
        pair, gain = self._pairs(state, policy, theta), self._gain(theta)
        binds = pair.first < gain * pair.second
        return dict(zip(self.constraints, conditions(pair, binds, gain, self.model.relaxation), strict=True))

    def _gain(self, theta: Point) -> Array | float:
        return theta.linear.bounds.gain if "linear" in theta else 1.0

    @property
    def observables(self) -> dict[str, Variable]:
        """Everything that data can show: scalar states and policies, and the model's own observables."""
        known = {**self.model.states, **self.model.policies, **self.model.observables}
        return {name: variable for name, variable in known.items() if variable.shape == ()}

    def observe(
        self, last: tuple[Point, Point], now: tuple[Point, Point], theta: Point, names: tuple[str, ...]
    ) -> Float[Array, " observables"]:
        """The named observables without measurement error, from last period's state and policies and this one's."""
        here = join(*now)
        defined = self.model.observe(here, join(*last), theta)
        shown = checked(defined, tuple(self.model.observables), self._where("observe"), theta.dtype)
        return scalars(join(here, shown), names, theta.dtype)

    def strain(self, theta: Point) -> Float[Array, ""]:
        """How large shocks are relative to the largest that an equilibrium is known to survive."""
        return jnp.asarray(self.model.strain(theta), theta.dtype)

    def units(self, theta: Point) -> Units:
        """The model's centres and scales."""

        def unit(function: str, names: Mapping[str, tuple[int, ...]], kind: str) -> Point:
            values: Scalars = getattr(self.model, function)(theta)
            return checked(values, names, self._where(function), theta.dtype, kind)

        return Units(
            unit("state_center", self._states, "state"),
            unit("state_scale", self._states, "state"),
            unit("policy_scale", self._policies, "policy"),
            unit("output_center", self._outputs, "output"),
            unit("output_scale", self._outputs, "output"),
        )

    @property
    def policy_unit(self) -> Float[Array, " policies"] | np.ndarray:
        """The policies' scale at the baseline."""
        if self.company is not None:
            return self.company.policy_unit
        return pack(self.units(self.parameters(jnp.asarray(self.model.parameters.baseline))).policy_scale)

    def ergodic_state(self, normal: Float[Array, " normals"], theta: Point) -> Point:
        """Standard normals, one a scalar state, mapped to a draw from the (approximate) ergodic distribution."""
        values = self.model.ergodic_state(unpack(self.scalar_states, normal, "state"), theta)
        return checked(values, self._states, self._where("ergodic_state"), theta.dtype, "state")

    def closed_form(self, state: Point, theta: Point) -> Point | None:
        """The exact policies, None where the model has no closed form."""
        values = self.model.closed_form(state, theta)
        if values is None:
            return None
        return checked(values, self._policies, self._where("closed_form"), theta.dtype, "policy")


def _abstract(length: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((length,), jnp.float64)


def _abstract_point(names: Mapping[str, tuple[int, ...]], kind: str) -> Point:
    return jax.eval_shape(lambda: Point({name: jnp.zeros(shape) for name, shape in names.items()}, kind))
