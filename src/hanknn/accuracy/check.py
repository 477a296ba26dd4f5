"""Measure a solution on draws that it was not trained on."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from ..batches import in_batches
from ..compiled import jit
from ..equilibrium import Equilibrium
from ..errors import SettingError
from ..expectations import Expectation
from ..networks import evaluate
from ..precision import in_float64
from ..simulation import settled_states
from ..solution import Solution, Values, reads_solution
from ..training.problem import Problem
from ..training.sampling import SURE, ergodic_sample, ergodic_states
from ..training.walk import AT_ONCE
from ..training.weighting import PolicyUnits
from .report import AccuracyReport
from .thirds import THIRDS, thirds

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
    equilibrium = solution.equilibrium
    rule = equilibrium.judging_rule if expectation is None else expectation
    thetas, states = _sample(solution, draws, seed, parameters)
    draws = len(thetas)
    solved = solution.solved(np.asarray(thetas))
    if not solved.any():
        raise SettingError("the equations are solved at no draw of the parameters; train longer, or narrow the ranges")
    drawn, thetas, states = np.asarray(thetas), thetas[solved], states[solved]
    if solution.model.simulated:
        states = settled_states(solution, thetas, jax.random.key(seed))
    residuals, policies, exact = _measure(solution, equilibrium, states, thetas, rule)
    if not np.isfinite(residuals).all():
        bad = int(np.argwhere(~np.isfinite(residuals))[0, 1])
        raise SettingError(
            f"equation '{equilibrium.row_equations[bad]}' is not finite on the ergodic draws; solve again, or look at "
            "its logs and divisions"
        )
    return AccuracyReport(
        model=solution.model.name,
        draws=draws,
        given=parameters is not None,
        solved_share=float(solved.mean()),
        residuals=_residual_table(residuals, equilibrium),
        constraints=_constraints(equilibrium, states, thetas, policies, residuals),
        existence=_existence(equilibrium, thetas, residuals),
        policy_errors=None if exact is None else _error_table(solution, states, thetas, policies, exact, rule),
        probes=_probes(solution, equilibrium, rule),
        regions=_regions(solution, drawn, solved, residuals, policies, exact),
    )


def _sample(solution: Solution, draws: int | None, seed: int, parameters: Values | None):
    """Parameters (draws, parameters) and an ergodic state for each."""
    given = solution.model.parameters.resolve(parameters)
    if given.ndim == 2 and draws is not None:
        raise SettingError(f"parameters have {len(given)} entries and draws is {draws}; give one or the other")
    usual = 500 if solution.model.simulated else 10_000
    draws = len(given) if given.ndim == 2 else usual if draws is None else draws
    if draws < 100:
        raise SettingError(f"a check needs at least 100 draws, not {draws}")
    key = jax.random.key(seed)
    if parameters is None:
        return ergodic_sample(solution.equilibrium, key, draws, jnp.float64)
    solution.model.parameters.require_inside(given)
    thetas = jnp.broadcast_to(jnp.asarray(given), (draws, given.shape[-1]))
    return thetas, ergodic_states(solution.equilibrium, thetas, key)


def _measure(solution: Solution, equilibrium: Equilibrium, states, thetas, expectation: Expectation):
    """Residuals (draws, rows), policies and exact policies (draws, policies) or None."""
    # Judged in float64 also where it was trained in float32: rounding is not the network's error.
    network = jax.tree.map(lambda leaf: leaf.astype(jnp.float64), solution.network)
    problem, key = Problem(equilibrium, jnp.float64), jax.random.key(0)
    residual = lambda s, t: problem.residuals(network, s, equilibrium.prepared(t), expectation, key)
    policy = lambda s, t: evaluate(network, equilibrium, s, t)
    at_once = AT_ONCE if equilibrium.model.simulated else len(states)
    measure = jit(lambda *rows: in_batches(residual, rows, at_once))
    residuals = np.asarray(measure(states, thetas))
    policies = np.asarray(jit(jax.vmap(policy))(states, thetas))
    known = jax.eval_shape(equilibrium.closed_form, states[0], thetas[0]) is not None
    exact = np.asarray(jit(jax.vmap(equilibrium.closed_form))(states, thetas)) if known else None
    return residuals, policies, exact


def _residual_table(residuals: np.ndarray, equilibrium: Equilibrium) -> pd.DataFrame:
    """One row an equation, over draws; of an equation with many rows, the root mean square of its rows."""
    root_mean_square = lambda rows: np.sqrt(np.asarray(equilibrium.by_equation(jnp.asarray(rows) ** 2)))
    size = root_mean_square(residuals)
    return pd.DataFrame(
        {
            "mean_square": np.mean(size**2, axis=0),
            "bias": root_mean_square(residuals.mean(axis=0)),
            "median": np.median(size, axis=0),
            "p90": np.quantile(size, 0.9, axis=0),
            "p99": np.quantile(size, 0.99, axis=0),
            "max": np.max(size, axis=0),
            "log10_mean": np.log10(np.mean(size, axis=0)),
            "log10_max": np.log10(np.max(size, axis=0)),
        },
        index=pd.Index(equilibrium.equations, name="equation"),
    )


def _constraints(equilibrium: Equilibrium, states, thetas, policies, residuals) -> pd.DataFrame | None:
    """Residuals where each constraint binds and where it is slack, with the share of draws there."""
    if not equilibrium.constraints:
        return None
    slackness = np.asarray(jit(jax.vmap(equilibrium.slackness))(states, jnp.asarray(policies), thetas))
    parts = {}
    for i, name in enumerate(equilibrium.constraints):
        parts |= {(name, "binding"): slackness[:, i] < 0, (name, "slack"): slackness[:, i] >= 0}
    return _tables_by_part(residuals, equilibrium, parts, ["constraint", "state"])


def _existence(equilibrium: Equilibrium, thetas, residuals) -> pd.DataFrame | None:
    """Residuals where an equilibrium is known to exist and where it is in doubt, with the share of draws there."""
    strains = np.asarray(jax.vmap(equilibrium.strain)(thetas))
    if not (strains > 0).any():
        return None
    parts = {"known": strains <= SURE, "in doubt": strains > SURE}
    return _tables_by_part(residuals, equilibrium, parts, ["equilibrium"])


def _tables_by_part(
    residuals: np.ndarray, equilibrium: Equilibrium, parts: dict[Any, np.ndarray], names: list[str]
) -> pd.DataFrame:
    """A residual table for each part of the draws in which there are any, with its share of them."""
    tables = {
        label: _residual_table(residuals[where], equilibrium).assign(share=where.mean())
        for label, where in parts.items()
        if where.any()
    }
    return pd.concat(tables, names=names)


def _error_table(solution: Solution, states, thetas, policies, exact, expectation: Expectation) -> pd.DataFrame:
    """Errors against the closed form, and those that residuals imply: a closed form may belong to other equations."""
    error, few = policies - exact, slice(IMPLIED)
    implied = _implied_errors(solution, states[few], thetas[few], expectation)
    return pd.DataFrame(
        {
            "relative_l2": _relative_l2(error, exact),
            "max_error": np.abs(error).max(axis=0),
            "implied": _relative_l2(implied, exact[few]),
        },
        index=pd.Index(solution.equilibrium.policies, name="policy"),
    )


def _implied_errors(solution: Solution, states, thetas, expectation: Expectation) -> np.ndarray:
    """Policy errors (draws, policies) that would leave these residuals, see `PolicyUnits`."""
    equilibrium, key = solution.equilibrium, jax.random.key(0)
    network = jax.tree.map(lambda leaf: leaf.astype(jnp.float64), solution.network)
    problem = Problem(equilibrium, jnp.float64)
    unit = equilibrium.units(jnp.asarray(solution.model.parameters.baseline))["policy_scale"]

    def at(state, theta):
        matrix = PolicyUnits().matrix(problem, network, state, theta)
        return unit * (matrix @ problem.residuals(network, state, theta, expectation, key))

    return np.asarray(jit(jax.vmap(at))(states, thetas))


def _relative_l2(error: np.ndarray, exact: np.ndarray) -> np.ndarray:
    return np.sqrt(np.sum(error**2, axis=0) / np.sum(exact**2, axis=0))


def _probes(solution: Solution, equilibrium: Equilibrium, expectation: Expectation) -> pd.DataFrame:
    probes = solution.model.probe_states
    names = equilibrium.equations, equilibrium.policies
    if not probes:
        return pd.DataFrame()
    states = jnp.asarray([[probe[name] for name in equilibrium.states] for probe in probes], jnp.float64)
    thetas = jnp.broadcast_to(
        jnp.asarray(solution.model.parameters.baseline), (len(probes), len(solution.model.parameters))
    )
    residuals, policies, exact = _measure(solution, equilibrium, states, thetas, expectation)
    table = pd.DataFrame(np.asarray(states), columns=list(equilibrium.states))
    for i, name in enumerate(names[0]):
        table[f"residual_{name}"] = np.abs(residuals[:, i])
    if exact is not None:
        for i, name in enumerate(names[1]):
            table[f"error_{name}"] = policies[:, i] / exact[:, i] - 1
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
            if exact is not None and policies is not None:
                errors = _relative_l2((policies - exact)[inside], exact[inside])
                row |= {f"error_{p}": float(e) for p, e in zip(solution.model.policies, errors, strict=True)}
            rows[name, label] = row
    index = pd.MultiIndex.from_tuples(rows, names=["parameter", "third"]) if rows else None
    return pd.DataFrame(list(rows.values()), index=index)
