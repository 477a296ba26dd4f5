"""Estimation folders: what `hanknn estimate` leaves behind, and how it goes on after a kill."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..inference.data.observed import Observed
from ..inference.data.simulated import SimulatedData
from ..inference.estimation import Estimate, Estimation, design_filter, estimate, log_evidence
from ..inference.likelihood import Likelihood, binds, filter_states, forecast
from ..inference.posterior import Store
from ..machine.errors import RunFolderError
from ..machine.work import Report, silent
from ..solution import Solution
from .figures import fan_chart, likelihood_panels, prior_posterior, save, surrogate_history, traces, tracked_states
from .folder import Folder, read_settings

STEPS, SURROGATE, POSTERIOR, TABLE = "steps", "surrogate.npz", "posterior.nc", "posterior.csv"
METRICS, FILTERED, FORECAST, DRAWS, FIGURES = "metrics.json", "filtered.csv", "forecast.csv", "draws.csv", "figures"
DATA = "data.csv"
"""Simulated data, as `--data` reads them."""

DRAWS_TRACKED = 50
"""Posterior draws over which states are tracked and forecasts taken."""


class EstimationFolder:
    """A folder with one estimation: settings, every step, posterior (netCDF, CSV), metrics and figures.

    Opening refuses, `estimate` claims the folder when work begins, as `Folder` says. Raises `RunFolderError`.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any], resume: bool = False, force: bool = False) -> None:
        self.path = path
        owned = (STEPS, SURROGATE, POSTERIOR, TABLE, METRICS, FILTERED, FORECAST, DRAWS, DATA, FIGURES)
        self.folder = Folder(path, settings, owned, resume, force)

    def estimate(
        self,
        solution: Solution,
        data: Observed,
        method: Estimation,
        parameters: Sequence[str] | None = None,
        fixed: Mapping[str, float] | None = None,
        seed: int = 0,
        report: Report = silent,
        save_every: float = 10.0,
    ) -> Estimate:
        """Estimate with every step saved in this folder, then write the posterior."""
        import h5netcdf  # noqa: F401  (they write the posterior: should one be missing, then not at the end)

        store = Store(self.path / STEPS, every=save_every)
        found = estimate(solution, data, method, parameters, fixed, seed, store, report, begin=self.folder.claim)
        found.posterior.save(self.path / POSTERIOR)
        draws = pd.DataFrame(found.posterior.draws(4000, seed), columns=list(solution.model.parameters.names))
        self.folder.write(DRAWS, draws.to_csv(index=False))
        if found.surrogate is not None:
            found.surrogate.save(self.path / SURROGATE)
        return found

    def finish(self, found: Estimate, made: SimulatedData | None = None) -> None:
        """Table, metrics, filtered states, forecast and figures; `made`: simulated data, whose truth is known."""
        solution, posterior, filter = found.solution, found.posterior, found.method.filter
        if made is not None:
            self.folder.write(DATA, made.observed.table.to_csv())
        self.folder.write(TABLE, posterior.table(made and made.parameters).to_csv())
        metrics = {"verdict": found.verdict, **{k: float(v) for k, v in found.notes.items()}}
        if found.surrogate is not None:
            metrics["log_evidence"], metrics["log_evidence_se"] = log_evidence(found)
        if found.surrogate_errors is not None:
            metrics["surrogate_errors"] = found.surrogate_errors.astype(float).to_dict("index")
        self.folder.write_json(METRICS, metrics)
        draws = posterior.draws(DRAWS_TRACKED)
        tracked = filter_states(solution, found.data, draws, filter)
        predicted = forecast(solution, found.data, draws, filter=filter)
        self.folder.write(FILTERED, tracked.to_dataframe().to_csv())
        self.folder.write(FORECAST, predicted.to_dataframe().to_csv())
        self._draw(found, made, tracked, predicted)

    def _draw(self, found: Estimate, made: SimulatedData | None, tracked, predicted) -> None:
        folder, solution, truth = self.path / FIGURES, found.solution, made and made.parameters
        others = None if found.uncorrected in (None, found.posterior) else {"surrogate alone": found.uncorrected}
        save(prior_posterior(found.posterior, truth, others), folder, "prior_posterior")
        chains = found.uncorrected if found.posterior.weights is not None else found.posterior
        if chains is not None:
            save(traces(chains), folder, "traces")
        if found.surrogate is not None and found.surrogate_losses is not None:
            save(surrogate_history(found.surrogate_losses, found.surrogate.exact_within), folder, "surrogate_history")
            median = found.posterior.quantiles()[0.5]
            center = {**dict(zip(solution.model.parameters, found.posterior.box.fixed, strict=True)), **median}
            likelihood = Likelihood(solution, found.data, design_filter(solution, found.method.filter))
            panels = likelihood_panels(
                found.surrogate, likelihood, truth or center, truth=made is not None, posterior=found.posterior
            )
            save(panels, folder, "likelihood")
        equations, told = solution.equations, made and made.truth
        kinds = {
            "states": [*equations.scalar_states, *equations.scalar_policies],
            "shocks": list(equations.shocks),
            "observables": [*equations.model.observables, *map(binds, equations.constraints)],
        }
        for kind, names in kinds.items():
            names = [name for name in names if f"{name}_smoothed" in tracked]
            if names:
                save(tracked_states(tracked, names, told), folder, kind)
        save(fan_chart(tracked, predicted), folder, "forecast")


def kept_settings(folder: Path) -> dict[str, Any]:
    """The settings of a finished estimation; raises `RunFolderError` for another folder."""
    if not (folder / DRAWS).is_file():
        raise RunFolderError(f"'{folder}' holds no finished estimation; give the folder of hanknn estimate")
    return {"seed": 0, "options": {}, **read_settings(folder)}


def kept_draws(folder: Path, solution: Solution, count: int, seed: int) -> np.ndarray:
    """Rows of full parameter vectors, drawn from an estimation's; raises `RunFolderError` where they do not fit."""
    names = solution.model.parameters.names
    try:
        table = pd.read_csv(folder / DRAWS)
        values = table.to_numpy(np.float64)
    except ValueError:
        raise RunFolderError(f"'{folder / DRAWS}' is damaged; estimate again") from None
    if tuple(table.columns) != tuple(names):
        missing = next((n for n in (*table.columns, *names) if (n in table.columns) != (n in names)), names[0])
        raise RunFolderError(
            f"'{folder}' is an estimation of another model than '{solution.model.name}' (they differ in parameter "
            f"'{missing}'); give the folder of an estimation of this one"
        )
    return values[np.random.default_rng(seed).choice(len(values), min(count, len(values)), replace=False)]
