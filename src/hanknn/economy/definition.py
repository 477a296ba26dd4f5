"""What a solution is a solution of: names, ranges, settings, and what the equations compute."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..machine.compiled import once
from ..machine.errors import SettingError
from ..machine.fingerprint import fingerprint
from ..machine.precision import in_float64
from . import Equations
from .model import Model
from .points import Point, join, pack

AMPLITUDES = (0.5, 1.0, 2.0, 4.0)
"""How far from the centre the equations are looked at, in the model's own scales: constraints bind at some."""

SAME, NOTHING = 1e-6, 1e-12
"""Relative difference that machines and versions may make to a value; what counts as zero."""

EQUATIONS = "equations"


def definition(equations: Equations) -> dict[str, Any]:
    """What a solution must agree on with its model, ready for JSON; `disagreement` compares two.

    What the model declares (`declared`), and numbers that its equations give at a few points: an edited equation is
    another definition, the same mathematics written otherwise is none.
    """
    return {**declared(equations.model), EQUATIONS: computed(equations)}


def declared(model: Model) -> dict[str, Any]:
    """Names in order, shapes of arrays, baselines and ranges, and every setting of the model (`HANK.relaxation`)."""
    shapes = {name: list(v.shape) for name, v in {**model.states, **model.policies}.items() if v.shape}
    return {
        **({"shapes": shapes} if shapes else {}),
        "states": list(model.states),
        "shocks": list(model.shocks),
        "policies": [*model.policies, *model.outputs],
        "parameters": {
            name: [float(value), float(low), float(high)]
            for name, value, low, high in zip(
                model.parameters.names,
                model.parameters.baseline,
                model.parameters.lower,
                model.parameters.upper,
                strict=True,
            )
        },
        "settings": settings(model),
    }


def settings(model: Model) -> dict[str, Any]:
    """The model's own attributes: numbers and words as they are, tables by their fingerprints."""
    names = {f.name for f in dataclasses.fields(model)} if dataclasses.is_dataclass(model) else set()
    told = {}
    names |= {"relaxation"} if model.bounded else set()
    for name in sorted((names | set(vars(model))) - {"parameters", "steady_tables"}):
        value = getattr(model, name)
        if isinstance(value, np.generic | np.ndarray | jax.Array) and np.ndim(value) == 0:
            value = np.asarray(value).item()
        if not isinstance(value, str | int | float | None):
            try:
                value = fingerprint(value)
            except SettingError:  # a function, say: what it does shows in what the equations compute
                continue
        told[name] = value
    return told


@in_float64
def computed(equations: Equations) -> dict[str, list[list[float | None]]]:
    """Each function of the model at a few points: a weighted sum of its values and their size; None where not finite.

    States are drawn as the model draws them, policies follow from outputs around their centre.
    """
    points = [_point(equations, k, amplitude) for k, amplitude in enumerate(AMPLITUDES)]
    stacked = (jnp.stack(part) for part in zip(*points, strict=True))
    values = once(jax.vmap(lambda *rows: functions_at(equations, *rows)))(*stacked)
    return {name: [[_plain(x) for x in row] for row in np.asarray(rows)] for name, rows in values.items()}


def disagreement(saved: Mapping[str, Any], own: Mapping[str, Any]) -> str | None:
    """Where a file's definition differs from the model's `own`, in words; None where it agrees in all of that."""
    for part in own:
        if part not in saved:
            return f"the file does not say its {part}"
        if part == EQUATIONS:
            other = [name for name, rows in own[part].items() if not _agree(saved[part].get(name), rows)]
            if other:
                return f"what the equations compute ({', '.join(other)})"
        elif saved[part] != own[part]:
            return _difference(part, saved[part], own[part])
    return None


def _difference(part: str, saved: Any, own: Any) -> str:
    if not (isinstance(saved, Mapping) and isinstance(own, Mapping)):
        return f"{part}: {saved} there, {own} here"
    name = next(name for name in {**own, **saved} if saved.get(name) != own.get(name))
    told = lambda side: "missing" if name not in side else f"{name} = {side[name]}"
    return f"{part}: {told(saved)} there, {told(own)} here"


def _agree(saved: list[list[float | None]] | None, own: list[list[float | None]]) -> bool:
    one, other = (np.array([] if rows is None else rows, np.float64) for rows in (saved, own))
    if one.shape != other.shape:
        return False
    near = np.abs(one - other) <= SAME * np.maximum(np.abs(one[:, 1:]), np.abs(other[:, 1:])) + NOTHING
    return bool((near | (np.isnan(one) & np.isnan(other))).all())


def _point(equations: Equations, k: int, amplitude: float) -> tuple[Array, ...]:
    """Parameters, a normal for each state, outputs in their scales, a shock."""
    space = equations.model.parameters
    theta = space.from_unit(jnp.asarray(_spread(len(space.free), 2 * k)))
    parts = len(equations.scalar_states), equations.output_size, len(equations.shocks)
    moved = (amplitude * (2 * _spread(n, 2 * k + 1 + j) - 1) for j, n in enumerate(parts))
    return theta, *(jnp.asarray(m) for m in moved)


def _spread(count: int, start: int) -> Float[np.ndarray, " count"]:
    """Numbers in (0, 1), the same for ever."""
    return (np.arange(1, count + 1) * (math.sqrt(5) - 1) / 2 + start * math.sqrt(2)) % 1.0


def functions_at(equations: Equations, vector, normal, moved, shock) -> dict[str, Float[Array, " 2"]]:
    """Each function of the model at one point, in two numbers."""
    theta = equations.parameters(vector)
    units = equations.units(theta)
    state = equations.ergodic_state(normal, theta)
    center, scale = equations.about(state, theta)
    policy = equations.policies_at(center + scale * moved, state, theta)
    later = equations.transition(state, policy, shock, theta)
    later_policy = equations.policies_at(center + scale * moved, later, theta)
    averaged = equations.expectands(join(state, policy), join(later, later_policy), theta)
    values = {
        **{name: pack(value) for name, value in units._asdict().items()},
        "inputs": equations.inputs(later, theta),
        "policies_from": pack(policy),
        "transition": pack(later),
        "expectands": pack(averaged),
        "residuals": equations.residuals_given(state, policy, averaged, theta),
        "slackness": equations.slackness(state, policy, theta),
    }
    if equations.bounded:
        values["bounds"] = _bound(equations, center + scale * moved, state, theta, averaged)
    return {name: _summary(value) for name, value in values.items()}


def _bound(equations: Equations, outputs, state: Point, theta: Point, averaged: Point) -> Float[Array, " n"]:
    """Policies and residuals where every constraint binds: network outputs moved far enough to its other side."""
    at = theta.linear.bounds
    beyond = outputs.at[: len(equations.policies)].add(-2 * at.turn @ (at.slack + 4 * at.spread))
    policy = equations.policies_at(beyond, state, theta)
    return jnp.concatenate([pack(policy), equations.residuals_given(state, policy, averaged, theta)])


def _summary(value: Float[Array, " n"]) -> Float[Array, " 2"]:
    weights = jnp.cos(jnp.arange(1, len(value) + 1, dtype=value.dtype))
    return jnp.stack([jnp.sum(weights * value), jnp.sqrt(jnp.sum(value**2))])


def _plain(x: float) -> float | None:
    return float(x) if np.isfinite(x) else None
