"""The call: what is refused before the work, the work, and the verdict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from ...machine.arguments import require, require_seed
from ...machine.errors import SettingError, ShapeError
from ...machine.precision import in_float64
from ...machine.work import Report, Store, silent
from ...solution import Solution, reads_solution
from ...solution.identity import identity
from ..data.observed import Observed, require_observed
from ..likelihood import Filter, Likelihood
from ..posterior import Box
from ..posterior.diagnostics import diagnostics
from .method import Estimate, Estimation, Evaluation, Work
from .verdicts import edge_warning, little_said, ridges, strained
from .via_surrogate import ViaSurrogate


@reads_solution
@in_float64
def estimate(
    solution: Solution,
    data: Observed,
    method: Estimation = ViaSurrogate(),
    parameters: Sequence[str] | None = None,
    fixed: Mapping[str, float] | None = None,
    seed: int = 0,
    store: Store = Store(),
    report: Report = silent,
    evaluation: Evaluation | None = None,
    begin: Callable[[], None] = lambda: None,
) -> Estimate:
    """The posterior of a solved model's parameters.

    `parameters`: which to estimate (default: all that have a range and are not in `fixed`); the others stay at baseline
    or at `fixed`. `method`: `Direct` or `ViaSurrogate`. `store` saves every step and resumes from what it finds;
    `report` is told of progress; `evaluation` computes likelihoods elsewhere (`hanknn.cluster`); `begin` is called once
    nothing is left to refuse. Same seed, same result.

    All that can be refused is refused before the work. Raises `UnknownNameError`, `OutOfRangeError`, `DataError`;
    `SettingError` for values of another kind, and for a parameter that is to be both estimated and fixed;
    `RunFolderError` where the store's folder holds other work, by the name of what differs.

    Example: `estimate(solution, data, Direct(Kalman()), parameters=["phi", "rho"]).posterior.table()`.
    """
    seed = require_seed(seed)
    require_observed(data)
    example = f"Direct({type(method).__name__}(…))" if isinstance(method, Filter) else "ViaSurrogate() or Direct()"
    require(method, Estimation, f"{example} as method")
    require(store, Store, "Store(folder) as store")
    diagnostics()  # its import must not fail at the end
    model = solution.model
    box = Box.over(model.parameters, *_split(solution, parameters, fixed), solution.solved_function)
    likelihood = Likelihood(solution, data, method.filter)
    store = store.within(**identity(solution), method=method, seed=seed, **box.settings(), data=data.fingerprint())
    begin()
    store.claim()
    here = lambda filter: (likelihood if filter == method.filter else Likelihood(solution, data, filter)).rows
    work = Work(likelihood, box, jax.random.key(seed), store, report, evaluation or here)
    found = method.run(work)
    posterior = found.posterior
    return replace(
        found,
        verdict=found.verdict
        + little_said(posterior)
        + ridges(posterior)
        + edge_warning(posterior)
        + strained(solution, posterior),
    )


def _split(
    solution: Solution, parameters: Sequence[str] | None, fixed: Mapping[str, Any] | None
) -> tuple[tuple[str, ...] | None, np.ndarray]:
    """The names to estimate, and the full parameter vector that holds the values of the others."""
    space = solution.model.parameters
    theta = space.resolve(fixed)
    if theta.ndim != 1:
        raise ShapeError("fixed has columns; give one value of each parameter that is not estimated")
    space.require_inside(theta)
    fixed = fixed or {}
    if isinstance(parameters, str):
        raise SettingError(f"parameters is the text '{parameters}'; give a list of names, such as ['{parameters}']")
    if parameters is None:
        return tuple(name for name in space.free if name not in fixed), theta
    for name in parameters:
        if name in fixed:
            raise SettingError(f"parameter '{name}' is to be estimated and fixed; name it once")
    return tuple(parameters), theta
