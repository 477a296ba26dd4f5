"""What can be said of a model before it is solved: `hanknn show`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float

from ..economy import Economy, Equations
from ..economy.determinacy import ONE, VERDICTS, Signs, signs, verdicts, why_not_linearised
from ..economy.households import HouseholdModel
from ..economy.linear.saddle import STABLE
from ..economy.linearised import SLOWEST
from ..economy.model import Model
from ..economy.parameters import ParameterSpace
from ..economy.points import Point, like, pack
from ..economy.priors import Uniform
from ..inference.likelihood.kalman import linearise
from ..inference.likelihood.space import Observation
from ..machine.compiled import once
from ..machine.precision import in_float64
from ..training import recipes

DRAWS = 500
STEP = 1e-3
"""The share of a parameter's range, or of its value, by which it is moved to see what it moves."""
MOVED = 1e-8
"""A larger relative change of the linear solution is more than rounding."""


class Linear(NamedTuple):
    """The linear model at one value of the parameters.

    `steady`, `spread`: level and ergodic standard deviation of states, policies and the model's observables, in this
    order. `move`: states' law of motion; `law`: its slopes in states, policies and shocks. `moved`: all that parameters
    may move. `explosive`: see `economy.linear.saddle.Saddle`. `signs`: of determinacy.
    """

    steady: Float[Array, " variables"]
    spread: Float[Array, " variables"]
    move: Float[Array, "states states"]
    law: Float[Array, "states moved"]
    moved: Float[Array, " numbers"]
    explosive: Float[Array, ""]
    signs: Signs


@dataclass(frozen=True)
class AroundSteadyState:
    """What the linear model says: at the values shown, and of economies drawn over the box.

    `variables`: columns "steady state" and "s.d.", one row a state, policy and observable. `moduli`: of the
    eigenvalues of the states' law of motion, the largest first. `left_out`: a modulus below those of the eigenvalues
    that the solution leaves out. `verdict`: one of `VERDICTS`. `shares`: how often each is the verdict over
    the box; empty where no parameter is free. `unmoved`: parameters that move nothing. `standing`: states whose law of
    motion leaves them where they are. `ends`: where one parameter at an end of its range, the others as shown, has
    another verdict than one stable solution.
    """

    variables: pd.DataFrame
    moduli: Float[np.ndarray, " states"]
    left_out: float
    verdict: str
    shares: Mapping[str, float]
    unmoved: tuple[str, ...]
    standing: tuple[str, ...]
    ends: tuple["End", ...]


class End(NamedTuple):
    """A parameter at an end of its range, and what is the matter there."""

    parameter: str
    value: float
    verdict: str


@dataclass(frozen=True)
class Shown:
    """A model, the parameter values that it is shown at, and what can be said of it there.

    `around`: None where the library does not linearise the model; `why_not` then says why. `at_rest`: steady-state
    values of a model of households. `recipe`, `weights`: what
    `hanknn solve` uses by default, and the size of its network. `odd`: what is missing or odd, a sentence each.
    """

    model: Model
    equations: Equations
    values: pd.Series
    around: AroundSteadyState | None
    at_rest: pd.Series | None
    why_not: str
    recipe: str
    weights: int
    odd: tuple[str, ...]


@in_float64
def shown(model: Model, values: Mapping[str, float] | None = None, draws: int = DRAWS, seed: int = 0) -> Shown:
    """All that is known of a model without training.

    `values`: other parameter values than the baseline, inside their ranges or not. `draws`: over the box, for how much
    of it has one stable solution. Raises `ModelError` and `UnknownNameError` for a model that does not fit the
    protocol, and `UnknownNameError` for unknown parameters.
    """
    theta = model.parameters.resolve(values)
    equations = Equations(_here(model, theta))
    around = _around(equations, theta, draws, seed) if model.linearises else None
    recipe = recipes.suited(model)
    sizes = len(equations.inputs_seen), len(model.parameters.free), equations.output_size
    network = jax.eval_shape(lambda key: recipe.network.build(*sizes, key, jnp.float64), jax.random.key(0))
    return Shown(
        model,
        equations,
        pd.Series(theta, model.parameters.names, name="value"),
        around,
        _at_rest(equations, theta) if isinstance(model, HouseholdModel) else None,
        why_not_linearised(model),
        next((name for name, make in recipes.RECIPES.items() if make().network == recipe.network), "default"),
        sum(leaf.size for leaf in jax.tree.leaves(network)),
        (*_undescribed(model), *_out_of_range(model, theta), *(_odd_around(equations, around) if around else ())),
    )


def _here(model: Model, theta: Float[np.ndarray, " parameters"]) -> Model:
    """A model of households at these values alone: it has one steady state, found in seconds, in place of a box's."""
    if not isinstance(model, HouseholdModel):
        return model
    return model.only(**{name: float(value) for name, value in zip(model.parameters.names, theta, strict=True)})


def _at_rest(equations: Equations, vector: Float[np.ndarray, " parameters"]) -> pd.Series:
    """Scalar states and policies, and observables, where no aggregate shock happens."""

    def look(vector):
        theta = equations.parameters(vector)
        now = Economy(equations, lambda s, t: equations.policies_at(equations.about(s, t)[0], s, t)).center(theta)
        own = [getattr(part, name) for part in now for name in part if getattr(part, name).ndim == 0]
        return jnp.concatenate([jnp.stack(own), equations.observe(now, now, theta, tuple(equations.model.observables))])

    names = *equations.scalar_states, *equations.scalar_policies, *equations.model.observables
    return pd.Series(np.asarray(once(look)(jnp.asarray(vector))), list(names), name="steady state")


def _around(equations: Equations, theta: Float[np.ndarray, " parameters"], draws: int, seed: int) -> AroundSteadyState:
    space, names = equations.model.parameters, equations.model.parameters.names
    steps = STEP * np.where(space.upper > space.lower, space.upper - space.lower, np.maximum(np.abs(theta), STEP))
    near = np.concatenate([theta[None], theta + np.diag(steps), theta - np.diag(steps)])
    corners = _ends(space, theta)
    anywhere = space.sample(draws if space.free else 0, seed)
    look = once(jax.vmap(lambda vector: linear_at(equations, vector)))
    many: Linear = jax.device_get(look(jnp.asarray(np.concatenate([near, corners, anywhere]))))
    here, found = jax.tree.map(lambda part: part[0], many), verdicts(many.signs)
    up, down = many.moved[1 : len(names) + 1], many.moved[len(names) + 1 : len(near)]
    size = np.abs(here.moved) + 1e-3 * np.max(np.abs(here.moved), initial=0.0)
    still = np.max(np.abs(up - down) / np.maximum(size, 1e-12), axis=1, initial=0.0) < MOVED
    shown = (*equations.states, *equations.policies, *equations.model.observables)
    at_ends, over = np.split(found[len(near) :], [len(corners)])
    named = zip(np.repeat(space.free, 2), corners, at_ends, strict=True)
    ends = [End(str(name), float(corner[names.index(name)]), str(verdict)) for name, corner, verdict in named]
    return AroundSteadyState(
        pd.DataFrame({"steady state": here.steady, "s.d.": here.spread}, index=list(shown)),
        _moduli(here.move),
        float(1 / here.explosive) if here.explosive > 0 else np.inf,
        str(found[0]),
        {v: float(np.mean(over == v)) for v in VERDICTS} if len(over) else {},
        tuple(name for name, idle in zip(names, still, strict=True) if idle),
        _standing(equations.states, here.law),
        tuple(end for end in ends if end.verdict != ONE),
    )


def _ends(space: ParameterSpace, theta: Float[np.ndarray, " parameters"]) -> Float[np.ndarray, "ends parameters"]:
    """Each free parameter at the lower and then the upper end of its range, the others as in `theta`."""
    rows = np.tile(theta, (2 * len(space.free), 1))
    for i, name in enumerate(space.free):
        rows[2 * i : 2 * i + 2, space.names.index(name)] = space[name].bounds
    return rows


def _standing(states: Iterable[str], law: Float[np.ndarray, "states moved"]) -> tuple[str, ...]:
    """States that stay where they are whatever else happens: any value of theirs is at rest."""
    still = np.eye(*law.shape)
    return tuple(n for n, row, own in zip(states, law, still, strict=True) if np.allclose(row, own))


def _moduli(move: Float[np.ndarray, "states states"]) -> Float[np.ndarray, " states"]:
    """The largest first; NaN where there is no linear model."""
    if not np.isfinite(move).all():
        return np.full(len(move), np.nan)
    return np.sort(np.abs(np.linalg.eigvals(move)))[::-1]


def linear_at(equations: Equations, vector: Float[Array, " parameters"]) -> Linear:
    """The linear model at one value of the parameters, `equations` being of a model that the library linearises."""
    theta = equations.parameters(vector)
    found, names = theta.linear, tuple(equations.model.observables)
    state, policy = found.state_center, found.policy_center
    level, spread, show = _observables(equations, theta, names)
    steady = jnp.concatenate([pack(state), pack(policy), level])
    return Linear(
        steady,
        jnp.concatenate([pack(found.state_scale), pack(found.policy_scale), spread]),
        found.move,
        _law(equations, theta),
        jnp.concatenate([steady, *(m.ravel() for m in (found.policy_slopes, found.move, found.hit, show))]),
        found.explosive,
        signs(equations, theta),
    )


def _law(equations: Equations, theta: Point) -> Float[Array, "states moved"]:
    """Slopes of next period's states in this period's states and policies, and in the shocks."""
    center = theta.linear.state_center, theta.linear.policy_center
    parts = *(pack(part) for part in center), jnp.zeros(len(equations.shocks), theta.dtype)

    def law(*at):
        state, policy = (like(vector, part) for vector, part in zip(at[:2], center, strict=True))
        return pack(equations.transition(state, policy, at[2], theta))

    return jnp.concatenate(jax.jacfwd(law, argnums=(0, 1, 2))(*parts), axis=1)


def _observables(
    equations: Equations, theta: Point, names: tuple[str, ...]
) -> tuple[Float[Array, " names"], Float[Array, " names"], Float[Array, "names z"]]:
    """Level, ergodic standard deviation and slopes of the model's own observables."""
    if not names:
        nothing = jnp.zeros(0, theta.dtype)
        return nothing, nothing, jnp.zeros((0, 2 * len(equations.states)), theta.dtype)
    seen = linearise(Observation(Economy(equations, equations.linear_policy), names), theta)
    variance = jnp.sum((seen.show @ seen.spread) * seen.show, axis=1)
    return seen.level, jnp.sqrt(jnp.maximum(variance, 0)), seen.show


def _undescribed(model: Model) -> list[str]:
    """What the model does not say of itself."""
    space, variables = model.parameters, {**model.states, **model.policies, **model.observables}
    silent = [name for name in space if not space[name].text]
    told = []
    if silent:
        told.append(f"{_listed('parameter', silent)} no text: give text='what it is'")
    flat = [name for name in space.free if isinstance(space[name].prior, Uniform)]
    if flat and len(flat) < len(space.free):
        told.append(f"{_listed('parameter', flat)} no prior but a uniform one over the range, others have one")
    elif flat:
        told.append("no parameter has a prior: all are uniform over their ranges when they are estimated")
    if not space.free:
        told.append("no parameter has a range: the model is solved at one point, and nothing can be estimated")
    wordless = [name for name, variable in variables.items() if not variable.text]
    if wordless:
        told.append(f"{_listed('variable', wordless)} no text")
    if not model.observables:
        told.append("no observables: only states and policies themselves can be compared with data")
    return told


def _listed(kind: str, names: list[str]) -> str:
    quoted = ", ".join(f"'{name}'" for name in names)
    return f"{kind} {quoted} has" if len(names) == 1 else f"{kind}s {quoted} have"


def _out_of_range(model: Model, theta: Float[np.ndarray, " parameters"]) -> list[str]:
    space = model.parameters
    outside = space.outside(theta) & np.isin(space.names, space.free)
    return [
        f"'{name}' is shown at {value:g}, outside its range {space[name].bounds}"
        for name, value, out in zip(space.names, theta, outside, strict=True)
        if out
    ]


def _of_standing(equations: Equations, state: str) -> str:
    """A natural slip is `"C_last": now.C_last`."""
    kept = [name for name in (*equations.policies, *equations.states) if name != state and state.startswith(name)]
    hint = f"; should it be now.{max(kept, key=len)}?" if kept else ""
    return f"the law of motion of '{state}' leaves it where it is, so the steady state is not unique{hint}"


def _odd_around(equations: Equations, around: AroundSteadyState) -> list[str]:
    """What the linear model shows that somebody may not have meant."""
    told = [_of_standing(equations, name) for name in around.standing]
    if around.unmoved and around.verdict == ONE:
        whose = "its value" if len(around.unmoved) == 1 else "their values"
        told.append(
            f"{_listed('parameter', list(around.unmoved))} no effect on the steady state, the linear solution or the "
            f"observables here: data cannot tell {whose} by the linear model"
        )
    persistent = float(around.moduli[0]) if len(around.moduli) else 0.0
    if SLOWEST < persistent <= STABLE:
        told.append(f"the economy is nearly a random walk ({persistent:.5f}): s.d. are those of one with {SLOWEST}")
    if around.verdict != ONE:
        told.append(f"{around.verdict} at these values: slopes and s.d. mean nothing")
    elif around.ends:
        ends = "; ".join(f"{verdict} where '{name}' is {value:g}" for name, value, verdict in around.ends)
        told.append(
            f"at ends of ranges, the other parameters as shown: {ends}. Where equations break down at an end, as in a "
            "division by zero, let the range stop short of it"
        )
    rest = {v: share for v, share in around.shares.items() if v != ONE and share > 0}
    if rest:
        told.append(
            "not all of the box has one stable solution: narrow the ranges, or solve all the same: such parameters are "
            "then left out"
        )
    return told
