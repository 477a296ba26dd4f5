"""An economy in which a few numbers, and a law that says how they move, stand for states that are arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .model import Model, Scalars, Variable
from .networks import Dense, Layer, silu_network
from .points import Point, join, pack

T = TypeVar("T")

HIDDEN = 64, 64
"""Widths of the network's hidden layers."""


class SummaryLaw(eqx.Module):
    """Next period's summaries: linear in what the network sees and answers, plus a small network for the curvature.

    `names`: of the summaries, inputs of the policy network. `shown`: observables that summaries are enough for.
    """

    center: Float[Array, " features"]
    spread: Float[Array, " features"]
    linear: Layer
    curved: Dense
    scale: Float[Array, " summaries"]
    names: tuple[str, ...] = eqx.field(static=True)
    shown: tuple[str, ...] = eqx.field(static=True)

    def __call__(self, features: Float[Array, " features"]) -> Float[Array, " summaries"]:
        x = (features - self.center) / self.spread
        return self.linear(x) + self.scale * self.curved(x)

    @classmethod
    def blank(cls, features: int, names: tuple[str, ...], shown: tuple[str, ...]) -> "SummaryLaw":
        """Of these sizes, with no content: what a file's arrays fill."""
        zeros, count = lambda *shape: jnp.zeros(shape, jnp.float64), len(names)
        network = silu_network(jax.random.key(0), (features, *HIDDEN, count))
        line = Layer(zeros(features, count), zeros(count))
        return cls(zeros(features), zeros(features), line, network, zeros(count), names, shown)


@dataclass(frozen=True, eq=False)
class Summarised(Model):
    """`model` with `summaries` as states in place of its arrays: a filter moves a handful of numbers.

    Summaries are what the network sees of the arrays (`Model.inputs`). A policy function of `model` that is a network
    of its inputs is one of this economy, too. Wherever an equation of `model` wants the arrays it is given their
    centre, so only what does not depend on them is answered. The equilibrium conditions do; they are NaN here, and a
    check of this economy fails.
    """

    model: Model
    law: SummaryLaw

    @property
    def summaries(self) -> tuple[str, ...]:
        return self.law.names

    @property
    def name(self):
        return self.model.name

    @property
    def parameters(self):
        return self.model.parameters

    @property
    def shocks(self):
        return self.model.shocks

    @property
    def policies(self):
        return self.model.policies

    @property
    def outputs(self):
        return self.model.outputs

    @property
    def constraints(self):
        return self.model.constraints

    @property
    def observables(self):
        return {name: self.model.observables[name] for name in self.law.shown}

    @property
    def states(self):
        text = lambda name: name.replace("_", " ")
        return self._scalars(self.model.states) | {
            name: Variable(text(name), text(name), "s.d.") for name in self.summaries
        }

    @property
    def settles(self) -> bool:
        return self.model.settles

    def summary(self, state: Point, theta: Point) -> Point:
        """A state of `model` with summaries in place of its arrays."""
        seen = self.model.inputs(state, theta)
        own = {name: getattr(state, name) for name in self.states if name not in self.summaries}
        return Point(own | {name: seen[name] for name in self.summaries}, "state")

    def derived(self, theta: Point) -> Scalars:
        return self.model.derived(theta)

    def ahead(self, now: Point, theta: Point) -> Scalars:
        seen = pack(Point(self.inputs(now, theta)))
        moved = self.law(features(self.model, seen, now, theta))
        return {**self.model.ahead(self._whole(now, theta), theta), SUMMARIES_AHEAD: moved}

    def transition(self, now: Point, shock: Point, theta: Point) -> Scalars:
        moved = self._scalars(self.model.moved(self._whole(now, theta), shock, theta))
        return moved | dict(zip(self.summaries, getattr(now, SUMMARIES_AHEAD), strict=True))

    def expectands(self, now: Point, next: Point, theta: Point) -> Scalars:
        return {}

    def residuals(self, now: Point, expected: Point, theta: Point) -> Scalars:
        return {"summarised": jnp.nan}

    def inputs(self, state: Point, theta: Point) -> Scalars:
        seen = self.model.inputs(self._whole(state, theta), theta)
        return {name: getattr(state, name) if name in self.summaries else value for name, value in seen.items()}

    def policies_from(self, state: Point, outputs: Point, theta: Point) -> Scalars:
        return self.model.policies_from(self._whole(state, theta), outputs, theta)

    def slackness(self, now: Point, theta: Point) -> Scalars:
        return self.model.slackness(self._whole(now, theta), theta)

    def observe(self, now: Point, last: Point, theta: Point) -> Scalars:
        shown = self.model.observe(self._whole(now, theta), self._whole(last, theta), theta)
        return {name: shown[name] for name in self.law.shown}

    def strain(self, theta: Point) -> Array | float:
        return self.model.strain(theta)

    def state_center(self, theta: Point) -> Scalars:
        return self._scalars(self.model.state_center(theta)) | dict.fromkeys(self.summaries, 0.0)

    def state_scale(self, theta: Point) -> Scalars:
        return self._scalars(self.model.state_scale(theta)) | dict.fromkeys(self.summaries, 1.0)

    def policy_center(self, theta: Point) -> Scalars:
        return self.model.policy_center(theta)

    def policy_scale(self, theta: Point) -> Scalars:
        return self.model.policy_scale(theta)

    def output_center(self, theta: Point) -> Scalars:
        return self.model.output_center(theta)

    def output_scale(self, theta: Point) -> Scalars:
        return self.model.output_scale(theta)

    def ergodic_state(self, normal: Point, theta: Point) -> Scalars:
        own = [name for name in normal if name not in self.summaries]
        start = self.model.ergodic_state(Point({name: getattr(normal, name) for name in own}), theta)
        return self._scalars(start) | dict.fromkeys(self.summaries, 0.0)

    def _scalars(self, values: Mapping[str, T]) -> dict[str, T]:
        """What belongs to the scalar states of `model`."""
        return {name: values[name] for name, variable in self.model.states.items() if variable.shape == ()}

    def _whole(self, now: Point, theta: Point) -> Point:
        """With the arrays at their centre."""
        center = self.model.state_center(theta)
        return join(now, Point({name: center[name] for name in self.model.arrays}))


SUMMARIES_AHEAD = "summaries_ahead"


def features(model: Model, seen: Float[Array, " inputs"], policy: Point, theta: Point) -> Float[Array, " features"]:
    """What the law of motion sees: the network's inputs, the policies around their centre, the parameters."""
    answered = {name: jnp.asarray(value) for name, value in model.answered(policy, theta).items()}
    vector = jnp.stack([getattr(theta, name) for name in model.parameters.names])
    return jnp.concatenate([seen, pack(Point(answered)), model.parameters.scaled(vector)])
