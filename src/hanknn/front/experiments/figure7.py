"""KMR's figure 7: output and the interest rate against the preference shock, at three levels of households' risk."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from ...economy.points import replaced
from ...machine.batches import in_batches
from ...machine.compiled import jit
from ...machine.precision import in_float64
from ...models.hank.steady_map import shipped_map
from ...references import SteadyState
from ...solution import Solution, load
from ..figures import lorenz_curves, policies_by_risk, save, steady_maps
from .experiment import Experiment, Finding

WIDTH, POINTS = 3.0, 61
RISKS = (0.025, 0.05, 0.10)
SHOWN = ("output", "interest_rate")
MARKETS = 1e-8


class Figure7(Experiment):
    """Policies with the other states at the steady state, and the steady states behind them: maps and Lorenz curves.

    Target: the mean squared residual of markets along these curves at most 1e-8 (relative units).
    """

    @in_float64
    def run(self, folder, seed, resume, report, data=None):
        solution = load("hank")
        folder.mkdir(parents=True, exist_ok=True)
        space, model = solution.model.parameters, solution.model
        table, squares = along(solution, RISKS)
        table.to_csv(folder / "figure7.csv", index=False)
        shown = {name: model.observables[name] for name in SHOWN}
        save(policies_by_risk(table, space["sigma_s"], model.states["zeta"], shown), folder, "figure7")
        maps = steady_table(space["sigma_s"].bounds, space["borrowing_limit"].bounds)
        maps.to_csv(folder / "steady_states.csv", index=False)
        save(steady_maps(maps, space["sigma_s"], space["borrowing_limit"]), folder, "steady_states")
        solver = SteadyState()
        economies = {
            f"{space['sigma_s'].label} = {risk:g}": solver.solve(risk, space["borrowing_limit"].value) for risk in RISKS
        }
        save(lorenz_curves(economies), folder, "lorenz")
        return [Finding("mean squared residual of markets along the curves", squares, MARKETS)]


def along(solution: Solution, risks: tuple[float, ...]) -> tuple[pd.DataFrame, float]:
    """Observables against the preference shock, one row a state and economy; mean squared residual of markets."""
    economy, names = solution.economy, tuple(solution.model.observables)
    equations = economy.equations
    markets = np.array([name.endswith(("_market", "_budget")) for name in equations.row_equations])
    sds = np.linspace(-WIDTH, WIDTH, POINTS)

    def one(theta, sd):
        center, scale = equations.units(theta)[:2]
        state = replaced(center, zeta=center.zeta + sd * scale.zeta)
        residuals = economy.residuals(state, theta, equations.judging_rule, jax.random.key(0))
        there = economy.at(state, theta)
        return economy.observe(there, there, theta, names), residuals

    tables, squares = [], []

    def at(vector):
        theta = economy.parameters(vector)
        return in_batches(lambda sd: one(theta, sd), (jnp.asarray(sds),), 16)

    run = jit(at)
    for risk in risks:
        shown, residuals = run(jnp.asarray(solution.model.parameters.resolve({"sigma_s": risk})))
        tables.append(pd.DataFrame(np.asarray(shown), columns=list(names)).assign(sigma_s=risk, state=sds))
        squares.append(np.mean(np.asarray(residuals)[:, markets] ** 2))
    return pd.concat(tables), float(np.mean(squares))


def steady_table(risks: tuple[float, float], limits: tuple[float, float], points: int = 31) -> pd.DataFrame:
    """Steady states over households' risk at three borrowing limits, from the shipped map."""
    rows = []
    for limit in np.linspace(*limits, 3):
        for risk in np.linspace(*risks, points):
            found = shipped_map().at(risk, limit)
            in_debt = found["distribution"].sel(assets=found["assets"] < 0).sum()
            rows.append(
                {
                    "sigma_s": risk,
                    "borrowing_limit": limit,
                    r"$\bar R$ (percent, annualised)": 400 * (float(found["rate"]) - 1),
                    r"$\bar Y$ (detrended)": float(found["output"]),
                    "in debt (percent of households)": 100 * float(in_debt),
                }
            )
    return pd.DataFrame(rows)
