"""Estimation folders: what `hanknn estimate` leaves behind, and how it goes on after a kill."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..inference.data.observed import Observed
from ..inference.data.simulated import SimulatedData
from ..inference.estimation import Estimate, Estimation, estimate
from ..inference.likelihood import Filter, Likelihood, ParticleFilter, filter_states, forecast
from ..inference.posterior import Store
from ..machine.errors import RunFolderError
from ..machine.work import Report, silent
from ..solution import Solution
from .figures import fan_chart, likelihood_panels, prior_posterior, save, surrogate_history, traces, tracked_states
from .folder import Folder, read_settings

STEPS, SURROGATE, POSTERIOR, TABLE = "steps", "surrogate.npz", "posterior.nc", "posterior.csv"
METRICS, FILTERED, FORECAST, DRAWS, FIGURES = "metrics.json", "filtered.csv", "forecast.csv", "draws.csv", "figures"

PARTICLES, FORECAST_PARTICLES = 1000, 200
"""Particles for filtered states and forecasts, at least, where the method's filter has any."""
FORECAST_DRAWS = 200
"""Posterior draws over which a forecast is taken."""


class EstimationFolder:
    """A folder with one estimation: settings, every step, posterior (netCDF, CSV), metrics and figures.

    Opening refuses, `estimate` claims the folder when work begins, as `Folder` says. Raises `RunFolderError`.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any], resume: bool = False, force: bool = False) -> None:
        self.path = path
        owned = (STEPS, SURROGATE, POSTERIOR, TABLE, METRICS, FILTERED, FORECAST, DRAWS, FIGURES)
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
        self.folder.write(TABLE, posterior.table(made and made.parameters).to_csv())
        metrics = {"verdict": found.verdict, **{k: float(v) for k, v in found.notes.items()}}
        if found.surrogate_errors is not None:
            metrics["surrogate_errors"] = found.surrogate_errors.astype(float).to_dict("index")
        self.folder.write_json(METRICS, metrics)
        median = posterior.quantiles()[0.5]
        center = {**dict(zip(solution.model.parameters, posterior.box.fixed, strict=True)), **median}
        tracked = filter_states(solution, found.data, center, with_particles(filter, PARTICLES))
        draws = posterior.draws(FORECAST_DRAWS)
        predicted = forecast(solution, found.data, draws, filter=with_particles(filter, FORECAST_PARTICLES))
        self.folder.write(FILTERED, tracked.to_dataframe().to_csv())
        self.folder.write(FORECAST, predicted.to_dataframe().to_csv())
        self._draw(found, center, made, tracked, predicted)

    def _draw(self, found: Estimate, center, made: SimulatedData | None, tracked, predicted) -> None:
        folder, solution, truth = self.path / FIGURES, found.solution, made and made.parameters
        others = None if found.uncorrected in (None, found.posterior) else {"surrogate alone": found.uncorrected}
        save(prior_posterior(found.posterior, truth, others), folder, "prior_posterior")
        chains = found.uncorrected if found.posterior.weights is not None else found.posterior
        if chains is not None:
            save(traces(chains), folder, "traces")
        if found.surrogate is not None and found.surrogate_losses is not None:
            save(surrogate_history(found.surrogate_losses, found.surrogate.exact_within), folder, "surrogate_history")
            likelihood = Likelihood(solution, found.data, found.method.filter)
            panels = likelihood_panels(found.surrogate, likelihood, truth or center, truth=made is not None)
            save(panels, folder, "likelihood")
        names = [*solution.equations.scalar_states, *solution.equations.scalar_policies]
        save(tracked_states(tracked, names, made and made.truth), folder, "states")
        save(fan_chart(tracked, predicted), folder, "forecast")


def with_particles(filter: Filter, least: int) -> Filter:
    """The method's own filter, with at least so many particles where it has any."""
    return replace(filter, particles=max(least, filter.particles)) if isinstance(filter, ParticleFilter) else filter


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
