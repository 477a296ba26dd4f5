"""The running economy: a model under a policy function. Whatever solves, checks, simulates or filters takes one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ..machine.errors import ModelError
from .equations import Equations, PolicyFunction
from .expectations import Expectation, Nodes
from .points import Point

SETTLING = 100
"""Quarters after which an economy has forgotten where it started."""


LOOKS, SPACING = 10, 10
"""How often a path is looked at for draws from the ergodic distribution, and quarters between."""


class Now(NamedTuple):
    """Where an economy is: this period's state, and the policies there."""

    state: Point
    policy: Point


@dataclass(frozen=True, eq=False)
class Economy:
    """`equations` under `policy`: a network in training, a solution, a closed form, another method's answer.

    All of its functions see one point and are pure, for `vmap` and `jit`. `theta` is a point of parameters that holds
    what is derived from them, too (`parameters`): a steady state is computed once, by whoever makes it.
    `summarised`: the same economy with summaries in place of states that are arrays, if there is one.
    """

    equations: Equations
    policy: PolicyFunction
    summarised: "Economy | None" = None

    def parameters(self, vector: Float[Array, " parameters"]) -> Point:
        """Parameters in the model's order as a point, with all that the model derives from them."""
        return self.equations.parameters(vector)

    def relaxed(self, share: Float[Array, ""] | float) -> "Economy":
        """The same with the model's constraints relaxed by `share`; the policy function stays."""
        return Economy(self.equations.relaxed(share), self.policy)

    @property
    def linearised(self) -> "Economy":
        """The same equations under the linear solution; raises `ModelError` where the library does not linearise."""
        model = self.equations.model
        if not model.linearises:
            raise ModelError(
                f"model '{model.name}' has no linear solution beside it: it writes its own state_scale, or has arrays"
            )
        return Economy(self.equations, self.equations.linear_policy)

    def at(self, state: Point, theta: Point) -> Now:
        """The state and the policies there."""
        return Now(state, self.policy(state, theta))

    def center(self, theta: Point) -> Now:
        """At the centre of the ergodic distribution."""
        return self.at(self.equations.units(theta).state_center, theta)

    def start(self, key: PRNGKeyArray, theta: Point) -> Now:
        """At a draw from the ergodic distribution."""
        first, second = jax.random.split(key)
        return self.at(self.settled(self.equations.normals(first, theta.dtype), second, theta), theta)

    def starts(self, key: PRNGKeyArray, theta: Point, count: int) -> Now:
        """`count` draws from the ergodic distribution, stacked.

        Where the economy settles, few paths are simulated and each looked at several times, `SPACING` quarters apart: a
        draw is as good as any other, though not independent of its path's.
        """
        if not self.equations.model.settles:
            return jax.vmap(lambda k: self.start(k, theta))(jax.random.split(key, count))
        paths = -(-count // LOOKS)

        def one(key):
            first, second = jax.random.split(key)
            looks = jax.random.normal(second, (LOOKS, SPACING, len(self.equations.shocks)), theta.dtype)
            move = lambda state, shocks: (later := self.after(state, shocks, theta), later)
            return jax.lax.scan(move, self.start(first, theta).state, looks)[1]

        states = jax.vmap(one)(jax.random.split(key, paths))
        every = jax.tree.map(lambda a: jnp.swapaxes(a, 0, 1).reshape(-1, *a.shape[2:])[:count], states)
        return jax.vmap(lambda state: self.at(state, theta))(every)

    def settled(self, normal: Float[Array, " normals"], key: PRNGKeyArray, theta: Point) -> Point:
        """A state of the ergodic distribution: where the model settles, moved on from where `ergodic_state` starts."""
        start = self.equations.ergodic_state(normal, theta)
        if not self.equations.model.settles:
            return start
        return self.after(start, jax.random.normal(key, (SETTLING, len(self.equations.shocks)), theta.dtype), theta)

    def step(self, now: Now, shock: Float[Array, " shocks"], theta: Point) -> Now:
        """The next period."""
        return self.at(self.equations.transition(*now, shock, theta), theta)

    def after(self, state: Point, shocks: Float[Array, "periods shocks"], theta: Point) -> Point:
        """The state after these periods' shocks."""
        step = lambda state, shock: (self.equations.transition(*self.at(state, theta), shock, theta), None)
        return jax.lax.scan(step, state, shocks)[0]

    def path(
        self,
        start: Point,
        shocks: Float[Array, "periods shocks"],
        theta: Point,
        show: Callable[[Now, Now, Float[Array, " shocks"]], Any],
    ) -> Any:
        """What `show(last, now, shock)` says of each period, stacked; `shock` is what led from `last` to `now`.

        Row t holds period t, before shock t + 1 moves it. The first period is its own last period: nothing is known
        of what came before.
        """

        def step(carry, shock):
            last, now, hit = carry
            return (now, self.step(now, shock, theta), shock), show(last, now, hit)

        first = self.at(start, theta)
        return jax.lax.scan(step, (first, first, 0 * shocks[0]), shocks)[1]

    def residuals(
        self, state: Point, theta: Point, expectation: Expectation, key: PRNGKeyArray
    ) -> Float[Array, " rows"]:
        """Residuals at one point; a deterministic `expectation` ignores `key`."""
        return self.equations.residuals(self.policy, state, theta, expectation, key)

    def nodes(self, state: Point, theta: Point, expectation: Expectation, key: PRNGKeyArray) -> Nodes:
        """Where a rule looks at next period's shocks from one point."""
        return self.equations.nodes(self.policy, state, theta, expectation, key)

    def residuals_over(self, state: Point, theta: Point, nodes: Nodes) -> Float[Array, " rows"]:
        """Residuals where expectations are averages over these nodes."""
        return self.equations.residuals_over(self.policy, state, theta, nodes)

    def observe(self, last: Now, now: Now, theta: Point, names: tuple[str, ...]) -> Float[Array, " observables"]:
        """The named observables without measurement error."""
        return self.equations.observe(last, now, theta, names)
