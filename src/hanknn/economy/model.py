"""The protocol by which an economist writes an economy: equations for one point."""

import abc
import copy
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import jax.numpy as jnp
from jaxtyping import Array

from ..machine.errors import ModelError, UnknownNameError
from ..machine.work import Report, silent
from .exogenous import Process
from .markov import MarkovChain
from .parameters import ParameterSpace
from .points import Point, named
from .variable import Variable as Variable

Scalars = Mapping[str, Array | float]
"""Named values, as a model's functions return them: scalars, or arrays where a `Variable` declares a shape."""

Pairs = Mapping[str, tuple[Array | float, Array | float]]
"""Two scalars of each name."""


class Model(abc.ABC):
    """An economy. Every function sees one point: values in (read by name), values out, scalars unless declared.

    A period's timing: the state `now` and parameters `theta` are known, policies follow, then
    next period's shocks (independent standard normals) move the state. Subclasses give the class
    attributes, `transition` (of states that are no `AR1`) and the two abstract functions; the others have defaults.
    """

    name: ClassVar[str]
    parameters: ParameterSpace
    states: ClassVar[Mapping[str, Any]]
    """Each a `Variable`, or a process (`AR1`, `MarkovChain`); `states` and `shocks` then hold its variables."""
    shocks: ClassVar[Mapping[str, Variable]]
    policies: ClassVar[Mapping[str, Variable]]

    exogenous: ClassVar[Mapping[str, Process]] = {}
    """Those of the `states` that are written as processes; the library knows their laws of motion and shocks."""

    outputs: ClassVar[Mapping[str, Variable]] = {}
    """What the network approximates, where that is not the policies themselves: smooth quantities, such as
    conditional expectations, from which `policies_from` solves the rest of the equations exactly."""

    constraints: ClassVar[Mapping[str, Variable]] = {}
    """Occasionally binding constraints, each a pair of expressions (`bounds`), or measured by `slackness`."""

    relaxation: Array | float = 0.0
    """How far the constraints of `bounds` give way: 0 in the economy itself, 1 where there are none."""

    observables: ClassVar[Mapping[str, Variable]] = {}
    """What data can show beside the states and policies themselves, defined by `observe`."""

    wide_scale: ClassVar[float] = 3.0
    """How many times wider than ergodic the wide training draws are: raise it where the solution
    must hold far out, lower it where the equations break down there."""

    probe_states: ClassVar[Sequence[Mapping[str, float]]] = ()
    """States at which a check reports errors one by one, at the baseline parameters."""

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        states = cls.__dict__.get("states")
        processes = {n: v for n, v in states.items() if isinstance(v, Process)} if isinstance(states, Mapping) else {}
        if not processes:
            return
        assert isinstance(states, Mapping)
        cls.exogenous = processes
        cls.states, shocks = {}, {}
        for name, variable in states.items():
            cls.states |= variable.states(name) if isinstance(variable, Process) else {name: variable}
            shocks |= variable.shocks(name) if isinstance(variable, Process) else {}
        cls.shocks = {**shocks, **cls.__dict__.get("shocks", {})}

    @property
    def arrays(self) -> tuple[str, ...]:
        """States that are arrays, such as a distribution of households.

        An economy with one takes long to compute, and its ergodic distribution is known by simulation only:
        `ergodic_state` says where to start.
        """
        return tuple(name for name, variable in self.states.items() if variable.shape)

    @property
    def chains(self) -> dict[str, MarkovChain]:
        """Those of the `exogenous` states that have a few values only."""
        return {name: process for name, process in self.exogenous.items() if isinstance(process, MarkovChain)}

    @property
    def settles(self) -> bool:
        """Whether `ergodic_state` only says where a simulation starts, which has to settle (default: with arrays)."""
        return bool(self.arrays)

    @property
    def bounded(self) -> bool:
        """Whether its `constraints` are those of `bounds`."""
        return type(self).bounds is not Model.bounds

    @property
    def linearises(self) -> bool:
        """Whether the library linearises the economy around its steady state, at every value of the parameters.

        It does unless the model writes its own `state_scale`, or a state or policy is an array. Centres, scales and
        ergodic draws then come from the linear solution, and policies start from it. Equations may read the steady
        state as `theta.steady`; the whole solution is `theta.linear`.
        """
        arrays = any(variable.shape for variable in (*self.states.values(), *self.policies.values()))
        return not arrays and type(self).state_scale is Model.state_scale

    def only(self, *names: str, **values: float | tuple[float, float]) -> "Model":
        """The same economy with only these parameters free, the others fixed at their baselines or at `values`.

        A value that is a pair is a narrower range: `HANK().only("theta_pi", sigma_zeta=(0.01, 0.0135), varphi=120)`.
        A narrower box is solved sooner and more exactly. Raises as `ParameterSpace.only`.
        """
        return self.changed(parameters=self.parameters.only(*names, **values))

    def changed(self, **attributes: Any) -> "Model":
        """A copy with other values of attributes that the model has, such as `RANK().changed(relaxation=1.0)`.

        Raises `UnknownNameError` for an attribute that it does not have, and `ModelError` where it follows from others
        or where `require` refuses the copy.
        """
        other = copy.copy(self)
        for name, value in attributes.items():
            if not hasattr(self, name):
                known = [k for k in dir(self) if not k.startswith("_") and not callable(getattr(self, k))]
                raise UnknownNameError("setting", name, known, f"model '{self.name}'")
            if isinstance(getattr(type(self), name, None), property):
                raise ModelError(f"'{name}' of model '{self.name}' follows from its other settings; change those")
            object.__setattr__(other, name, value)
        other.require()
        return other

    def prepared(self, report: Report = silent) -> "Model":
        """With what is made once before anything is solved (default: nothing is); `report` is told how far it is."""
        return self

    def require(self) -> None:
        """Raise `ModelError` where settings and fixed parameters do not fit together (default: they do)."""
        return None

    def transition(self, now: Point, shock: Point, theta: Point) -> Scalars:
        """Next period's states but `exogenous` ones, from this period's states and policies (`now`) and next period's
        shocks."""
        return {}

    def moved(self, now: Point, shock: Point, theta: Point) -> Scalars:
        """Next period's states, all of them."""
        own, processes = named(self.transition(now, shock, theta), f"{type(self).__name__}.transition"), {}
        for name, process in self.exogenous.items():
            processes |= process.transition(name, now, shock, theta)
        twice = [name for name in own if name in processes]
        if twice:
            raise ModelError(
                f"'{twice[0]}' of model '{self.name}' has the law of motion of its "
                f"{type(self.exogenous[twice[0]]).__name__}; leave it out of {type(self).__name__}.transition"
            )
        return {**processes, **own}

    @abc.abstractmethod
    def expectands(self, now: Point, next: Point, theta: Point) -> Scalars:
        """What is averaged over next period's shocks; `now` and `next` hold states and policies."""

    @abc.abstractmethod
    def residuals(self, now: Point, expected: Point, theta: Point) -> Scalars:
        """Named equilibrium conditions, zero in equilibrium; `expected` holds the averaged expectands."""

    def derived(self, theta: Point) -> Scalars:
        """What the parameters alone determine, such as a steady state: equations read it from `theta` by name."""
        return {}

    def known(self, theta: Point) -> Mapping[str, Any]:
        """All that parameters alone determine (default: what is `derived`)."""
        return self.derived(theta)

    def ahead(self, now: Point, theta: Point) -> Scalars:
        """What is settled of next period before its shocks: `transition` reads it from `now` by name.

        Computed once where many shocks are tried: for a law of motion whose larger part does not depend on them.
        """
        return {}

    def inputs(self, state: Point, theta: Point) -> Scalars:
        """What the network sees of the state, scalars of order one (default: ergodic standard deviations)."""
        if self.linearises:
            return dict(zip(self.states, theta.linear.inputs(state), strict=True))
        center, scale = self.state_center(theta), self.state_scale(theta)
        return {name: (getattr(state, name) - center[name]) / scale[name] for name in self.states}

    def policies_from(self, state: Point, outputs: Point, theta: Point) -> Scalars:
        """The policies at given network outputs (default: the outputs are the policies)."""
        return {name: getattr(outputs, name) for name in self.policies}

    def bounds(self, now: Point, theta: Point) -> Pairs:
        """The two expressions of each of the `constraints`: both at least zero, and one of them zero.

        The second is zero in the steady state and wherever the constraint does not bind, as the multiplier of a
        borrowing limit is, or the distance of the rate from the rule's; the first is zero where it binds, as the rate
        at its lower bound is. These are equations of the model, beside its `residuals`: the library finds the two
        regimes and where they meet (at most two constraints).

        Example: `{"zlb": (now.log_rate, now.log_rate - notional)}`, `{"floor": (now.investment, now.multiplier)}`.
        """
        return {}

    def slackness(self, now: Point, theta: Point) -> Scalars:
        """How far each of the `constraints` is from binding: positive where slack, negative where it binds.

        Policies may have a kink where it changes its sign; expectations and checks look there. For a model that solves
        for its two regimes itself (`policies_from`); elsewhere it follows from `bounds`.
        """
        return {}

    def strain(self, theta: Point) -> Array | float:
        """How large shocks are relative to the largest that an equilibrium is known to survive (default: 0).

        Above one there may be none. Training with a walk looks mostly below, and checks tell the two apart. Reads
        parameters only, not what is `derived` from them.
        """
        return 0.0

    def steady_state(self, theta: Point) -> Scalars:
        """States and policies (or `outputs`, where there are any) where nothing happens (default: nothing is known).

        Exact, or a guess from which Newton's method starts; of some, or of all. What is left out starts from the
        steady state of the baseline, which is searched for.
        """
        return {}

    def relaxed(self, share: Array | float) -> "Model":
        """The economy with its constraints relaxed: not at all at share 0, entirely at share 1 (default: `bounds` are,
        and nothing else).

        Training phases hard constraints in along this path.
        """
        return self.changed(relaxation=jnp.maximum(share, self.relaxation)) if self.bounded else self

    def state_center(self, theta: Point) -> Scalars:
        """Where the ergodic distribution is centred (default: the steady state; 0 beside an own `state_scale`)."""
        return _linear(theta, "state_center", self.states, 0.0)

    def state_scale(self, theta: Point) -> Scalars:
        """Ergodic standard deviations (default: of the linearised economy); they scale the network's inputs."""
        return _linear(theta, "state_scale", self.states, 1.0)

    def policy_center(self, theta: Point) -> Scalars:
        """A rough level of each policy (default: its steady state)."""
        return _linear(theta, "policy_center", self.policies, 0.0)

    def answered(self, policy: Point, theta: Point) -> Scalars:
        """What a law of motion of summaries sees of the policies, a few numbers or arrays around zero (`summarised`).

        Default: each around its centre.
        """
        center = self.policy_center(theta)
        return {name: getattr(policy, name) - center[name] for name in self.policies}

    def output_center(self, theta: Point) -> Scalars:
        """As `policy_center`, for the `outputs` of a model that has them."""
        return _linear(theta, "output_center", self.outputs, 0.0) if self.outputs else self.policy_center(theta)

    def output_scale(self, theta: Point) -> Scalars:
        """As `policy_scale`, for the `outputs` of a model that has them."""
        return _linear(theta, "output_scale", self.outputs, 1.0) if self.outputs else self.policy_scale(theta)

    def policy_scale(self, theta: Point) -> Scalars:
        """A rough size of each policy's movement (default: its standard deviation in the linearised economy)."""
        return _linear(theta, "policy_scale", self.policies, 1.0)

    def ergodic_state(self, normal: Point, theta: Point) -> Scalars:
        """A draw from the ergodic distribution, or near it, from one standard normal a scalar state.

        Default: the ergodic distribution of the linearised economy. Where the model gives a `state_scale`, independent
        normals with that and its `state_center`; arrays at their centre.
        """
        if self.linearises:
            drawn = theta.linear.ergodic_state(normal)
            return {name: getattr(drawn, name) for name in self.states}
        center, scale = self.state_center(theta), self.state_scale(theta)
        move = lambda name: scale[name] * getattr(normal, name) if self.states[name].shape == () else 0.0
        return {name: center[name] + move(name) for name in self.states}

    def observe(self, now: Point, last: Point, theta: Point) -> Scalars:
        """The `observables`, without measurement error, from this period's and last period's states and policies.

        States and policies need no definition: data may show them under their own names.
        """
        return {}

    def closed_form(self, state: Point, theta: Point) -> Scalars | None:
        """The exact policies, where they are known (default: None)."""
        return None


def filled(variables: Mapping[str, Variable], value: float) -> Scalars:
    """The same value for each variable, in its shape."""
    return {name: value if v.shape == () else jnp.full(v.shape, value) for name, v in variables.items()}


def _linear(theta: Point, part: str, variables: Mapping[str, Variable], otherwise: float) -> Scalars:
    """What the linearised economy says, where there is one."""
    if "linear" not in theta:
        return filled(variables, otherwise)
    found = getattr(theta.linear, part)
    return {name: getattr(found, name) for name in variables}
