"""Measure a solution on draws that it was not trained on."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from ...economy import Economy, Equations
from ...economy.draws import SURE, ergodic_sample, ergodic_states
from ...economy.expectations import Expectation
from ...economy.misfit import AT_ONCE
from ...economy.networks import network_policy
from ...economy.points import Point, pack
from ...economy.policy_errors import policy_error_matrix
from ...machine.arguments import require_counts, require_seed
from ...machine.batches import in_batches
from ...machine.compiled import jit
from ...machine.errors import SettingError
from ...machine.precision import in_float64
from .. import Solution, Values, reads_solution
from ..simulation.paths import settled_states
from .report import AccuracyReport
from .thirds import THIRDS, thirds

EXACT = 1e-20
"""A residual that is zero, as of an equation that policies solve by construction, counts as this where logarithms are
taken."""

RESIDUALS_AT_ONCE = 2_500

IMPLIED = 500
"""Draws at which residuals are turned into policy errors."""


@reads_solution
@in_float64
def check(
    solution: Solution,
    draws: int | None = None,
    seed: int = 1_000_003,
    expectation: Expectation | None = None,
    parameters: Values | None = None,
) -> AccuracyReport:
    """Residuals and, where the model has a closed form, policy errors over box and ergodic distribution.

    `draws` independent draws of parameters, each with an ergodic state of its own: 10,000 by default, or 500 where
    the model knows its ergodic distribution by simulation only. Those at which the economy is not solved (see
    `Solution.solved`) are counted and left out of the other figures. `expectation`: by default a rule finer than
    training's. `parameters`: named values (the rest at baseline) to check at instead of the whole box: of one economy,
    with `draws` states, or arrays with an economy an entry, each with a state, such as the draws of a posterior.

    Raises `SettingError` for fewer than 100 draws or economies, for `draws` beside arrays, and where none is solved;
    `UnknownNameError` and `OutOfRangeError` for parameters that the solution does not have.
    """
    equations = solution.equations
    seed = require_seed(seed)
    rule = equations.judging_rule if expectation is None else expectation
    thetas, states = _sample(solution, draws, seed, parameters)
    draws = len(thetas)
    solved = solution.solved(np.asarray(thetas))
    if not solved.any():
        raise SettingError("the equations are solved at no draw of the parameters; train longer, or narrow the ranges")
    drawn, thetas, states = np.asarray(thetas), thetas[solved], jax.tree.map(lambda a: a[solved], states)
    if solution.model.arrays:
        states = settled_states(solution, solution.prepared(np.asarray(thetas)), jax.random.key(seed))
    known = solution.prepared(np.asarray(thetas))
    residuals, policies, exact = _measure(solution, states, known, rule)
    if not np.isfinite(residuals).all():
        bad = int(np.argwhere(~np.isfinite(residuals))[0, 1])
        raise SettingError(
            f"equation '{equations.row_equations[bad]}' is not finite on the ergodic draws; solve again, or look at "
            "its logs and divisions"
        )
    return AccuracyReport(
        model=solution.model.name,
        draws=draws,
        given=parameters is not None,
        solved_share=float(solved.mean()),
        residuals=_residual_table(residuals, equations),
        constraints=_constraints(equations, states, known, policies, residuals),
        existence=_existence(solution, thetas, residuals),
        linear=_from_linear(solution, states, known, policies),
        policy_errors=None if exact is None else _error_table(solution, states, known, policies, exact, rule),
        probes=_probes(solution, rule),
        regions=_regions(solution, drawn, solved, residuals, policies, exact),
    )


def _sample(solution: Solution, draws: int | None, seed: int, parameters: Values | None):
    """Parameters (draws, parameters) and an ergodic state for each."""
    given = solution.model.parameters.resolve(parameters)
    if given.ndim == 2 and draws is not None:
        raise SettingError(f"parameters have {len(given)} entries and draws is {draws}; give one or the other")
    usual = 500 if solution.model.arrays else 10_000
    draws = len(given) if given.ndim == 2 else usual if draws is None else draws
    require_counts(draws=(draws, 1))
    if draws < 100:
        raise SettingError(f"a check needs at least 100 draws, not {draws}")
    key = jax.random.key(seed)
    if parameters is None:
        drawn = ergodic_sample(solution.equations, key, draws, jnp.float64)
        return drawn.theta, drawn.state
    solution.model.parameters.require_inside(given)
    thetas = jnp.broadcast_to(jnp.asarray(given), (draws, given.shape[-1]))
    return thetas, ergodic_states(solution.equations, thetas, key)


def _measure(solution: Solution, states: Point, thetas: Point, expectation: Expectation):
    """Residuals (draws, rows), policies and exact policies as points, stacked, or None."""
    equations = solution.equations
    # Judged in float64 also where it was trained in float32: rounding is not the network's error.
    economy = _in_doubles(solution)

    def residual(state, theta):
        return economy.residuals(state, theta, expectation, jax.random.key(0))

    def at(state, theta):
        return economy.policy(state, theta), equations.closed_form(state, theta)

    at_once = AT_ONCE if equations.model.arrays else RESIDUALS_AT_ONCE
    residuals = np.asarray(jit(lambda *rows: in_batches(residual, rows, at_once))(states, thetas))
    return residuals, *jit(jax.vmap(at))(states, thetas)


def _in_doubles(solution: Solution) -> Economy:
    network = jax.tree.map(lambda leaf: leaf.astype(jnp.float64), solution.network)
    return Economy(solution.equations, network_policy(network, solution.equations))


def _residual_table(residuals: np.ndarray, equations: Equations) -> pd.DataFrame:
    """One row an equation, over draws; of an equation with many rows, the root mean square of its rows."""
    root_mean_square = lambda rows: np.sqrt(np.asarray(equations.by_equation(jnp.asarray(rows) ** 2)))
    size = root_mean_square(residuals)
    return pd.DataFrame(
        {
            "mean_square": np.mean(size**2, axis=0),
            "bias": root_mean_square(residuals.mean(axis=0)),
            "median": np.median(size, axis=0),
            "p90": np.quantile(size, 0.9, axis=0),
            "p99": np.quantile(size, 0.99, axis=0),
            "max": np.max(size, axis=0),
            "log10_mean": np.log10(np.maximum(np.mean(size, axis=0), EXACT)),
            "log10_max": np.log10(np.maximum(np.max(size, axis=0), EXACT)),
        },
        index=pd.Index(equations.equation_names, name="equation"),
    )


def _constraints(equations: Equations, states, thetas, policies, residuals) -> pd.DataFrame | None:
    """Residuals where each constraint binds and where it is slack, with the share of draws there."""
    if not equations.constraints:
        return None
    slackness = np.asarray(jit(jax.vmap(equations.slackness))(states, policies, thetas))
    parts = {}
    for i, name in enumerate(equations.constraints):
        parts |= {(name, "binding"): slackness[:, i] < 0, (name, "slack"): slackness[:, i] >= 0}
    return _tables_by_part(residuals, equations, parts, ["constraint", "state"])


def _existence(solution: Solution, thetas, residuals) -> pd.DataFrame | None:
    """Residuals where an equilibrium is known to exist and where it is in doubt, with the share of draws there."""
    strains = np.asarray(solution.strains(np.asarray(thetas)))
    if not (strains > 0).any():
        return None
    parts = {"known": strains <= SURE, "in doubt": strains > SURE}
    return _tables_by_part(residuals, solution.equations, parts, ["equilibrium"])


def _from_linear(solution: Solution, states: Point, thetas: Point, policies: Point) -> pd.DataFrame | None:
    """How far each policy is from the linear solution's, in ergodic standard deviations."""
    equations = solution.equations
    if not equations.model.linearises:
        return None
    linear = solution.program(_linear_policies)(states, thetas)
    distance = np.abs(_columns(policies) - _columns(linear)) / _columns(thetas.linear.policy_scale)
    measures = {"rms": np.sqrt(np.mean(distance**2, axis=0)), "p99": np.quantile(distance, 0.99, axis=0)}
    return pd.DataFrame(measures, index=pd.Index(equations.policies, name="policy"))


def _linear_policies(economy: Economy) -> Callable[[Point, Point], Point]:
    return jax.vmap(economy.equations.linear_policy)


def _tables_by_part(
    residuals: np.ndarray, equations: Equations, parts: dict[Any, np.ndarray], names: list[str]
) -> pd.DataFrame:
    """A residual table for each part of the draws in which there are any, with its share of them."""
    tables = {
        label: _residual_table(residuals[where], equations).assign(share=where.mean())
        for label, where in parts.items()
        if where.any()
    }
    return pd.concat(tables, names=names)


def _error_table(solution: Solution, states, thetas, policies, exact, expectation: Expectation) -> pd.DataFrame:
    """Errors against the closed form, and those that residuals imply: a closed form may belong to other equations."""
    found, known = _columns(policies), _columns(exact)
    few = lambda tree: jax.tree.map(lambda a: a[:IMPLIED], tree)
    implied = _implied_errors(solution, few(states), few(thetas), expectation)
    return pd.DataFrame(
        {
            "relative_l2": _relative_l2(found - known, known),
            "max_error": np.abs(found - known).max(axis=0),
            "implied": _relative_l2(implied, few(known)),
        },
        index=pd.Index(solution.equations.policies, name="policy"),
    )


def _columns(policies: Point) -> np.ndarray:
    """Policies that are all scalars, shape (draws, policies)."""
    return np.stack([np.asarray(getattr(policies, name)) for name in policies], axis=1)


def _implied_errors(solution: Solution, states: Point, thetas: Point, expectation: Expectation) -> np.ndarray:
    """Policy errors (draws, policies) that would leave these residuals, see `policy_error_matrix`."""
    economy = _in_doubles(solution)
    baseline = economy.parameters(jnp.asarray(solution.model.parameters.baseline))
    unit = pack(economy.equations.units(baseline).policy_scale)

    def at(state, theta):
        residuals = economy.residuals(state, theta, expectation, jax.random.key(0))
        return unit * (policy_error_matrix(economy, state, theta) @ residuals)

    return np.asarray(jit(jax.vmap(at))(states, thetas))


def _relative_l2(error: np.ndarray, exact: np.ndarray) -> np.ndarray:
    return np.sqrt(np.sum(error**2, axis=0) / np.sum(exact**2, axis=0))


def _probes(solution: Solution, expectation: Expectation) -> pd.DataFrame:
    probes, equations = solution.model.probe_states, solution.equations
    if not probes:
        return pd.DataFrame()
    table = pd.DataFrame([{name: float(probe[name]) for name in equations.states} for probe in probes])
    baseline = solution.model.parameters.baseline
    thetas = solution.prepared(np.tile(baseline, (len(probes), 1)))
    states = Point({name: jnp.asarray(table[name].to_numpy()) for name in equations.states}, "state")
    residuals, policies, exact = _measure(solution, states, thetas, expectation)
    for i, name in enumerate(equations.equation_names):
        table[f"residual_{name}"] = np.abs(residuals[:, i])
    if exact is not None:
        for i, name in enumerate(equations.policies):
            table[f"error_{name}"] = _columns(policies)[:, i] / _columns(exact)[:, i] - 1
    return table


def _regions(solution: Solution, drawn: np.ndarray, solved: np.ndarray, residuals, policies, exact) -> pd.DataFrame:
    """By thirds of each parameter's range; `drawn` are all draws, the other arrays hold the solved ones."""
    space = solution.model.parameters
    rows = {}
    for name in space.free:
        i = space.names.index(name)
        third = thirds(drawn[:, i], *space[name].bounds)
        for k, label in enumerate(THIRDS):
            inside = third[solved] == k
            if not (third == k).any():
                continue
            row = {"mean_square": float(np.mean(residuals[inside] ** 2)) if inside.any() else np.nan}
            if solution.model.constraints:
                row["solved_share"] = float(solved[third == k].mean())
            if exact is not None:
                found, known = _columns(policies)[inside], _columns(exact)[inside]
                errors = _relative_l2(found - known, known)
                row |= {f"error_{p}": float(e) for p, e in zip(solution.model.policies, errors, strict=True)}
            rows[name, label] = row
    index = pd.MultiIndex.from_tuples(rows, names=["parameter", "third"]) if rows else None
    return pd.DataFrame(list(rows.values()), index=index)
