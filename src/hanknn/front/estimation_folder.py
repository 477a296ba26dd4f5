"""Estimation folders: what `hanknn estimate` leaves behind, and how it goes on after a kill."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..inference.data.observed import Observed
from ..inference.estimation import Estimate, Estimation, ViaSurrogate, estimate
from ..inference.likelihood import Filter, Likelihood, ParticleFilter, filter_states, forecast
from ..inference.posterior import Store
from ..machine.work import Report, silent
from ..solution import Solution
from .figures import fan_chart, likelihood_panels, prior_posterior, save, surrogate_history, traces, tracked_states
from .folder import Folder

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
        draws = found.posterior.draws(4000, seed)
        self.folder.write(DRAWS, _csv(draws, solution.model.parameters.names))
        if found.surrogate is not None:
            found.surrogate.save(self.path / SURROGATE)
        return found

    def finish(
        self,
        solution: Solution,
        data: Observed,
        method: Estimation,
        found: Estimate,
        truth: Mapping[str, float] | None = None,
        true_states: xr.Dataset | None = None,
    ) -> None:
        """Table, metrics, filtered states, forecast and figures."""
        table = found.posterior.table(truth)
        self.folder.write(TABLE, table.to_csv())
        surrogate = (
            {} if found.surrogate_errors is None else {"surrogate_errors": found.surrogate_errors.to_dict("index")}
        )
        notes = {k: float(v) for k, v in found.notes.items()}
        self.folder.write_json(METRICS, {"verdict": found.verdict, **notes, **_plain(surrogate)})
        median = found.posterior.quantiles()[0.5]
        center = {**dict(zip(solution.model.parameters, found.posterior.box.fixed, strict=True)), **median}
        tracked = filter_states(solution, data, center, with_particles(method.filter, PARTICLES))
        draws = found.posterior.draws(FORECAST_DRAWS)
        predicted = forecast(solution, data, draws, filter=with_particles(method.filter, FORECAST_PARTICLES))
        self.folder.write(FILTERED, tracked.to_dataframe().to_csv())
        self.folder.write(FORECAST, predicted.to_dataframe().to_csv())
        self._draw(solution, data, method, found, truth or center, truth, tracked, predicted, true_states)

    def _draw(self, solution, data, method, found: Estimate, center, truth, tracked, predicted, true_states) -> None:
        folder = self.path / FIGURES
        others = None if found.uncorrected in (None, found.posterior) else {"surrogate alone": found.uncorrected}
        save(prior_posterior(found.posterior, truth, others), folder, "prior_posterior")
        chains = found.uncorrected if found.posterior.weights is not None else found.posterior
        if chains is not None:
            save(traces(chains), folder, "traces")
        if found.surrogate is not None and found.surrogate_losses is not None and isinstance(method, ViaSurrogate):
            save(surrogate_history(found.surrogate_losses, found.surrogate.exact_within), folder, "surrogate_history")
            likelihood = Likelihood(solution, data, method.filter)
            panels = likelihood_panels(found.surrogate, likelihood, center, truth=truth is not None)
            save(panels, folder, "likelihood")
        names = [*solution.equations.scalar_states, *solution.equations.scalar_policies]
        save(tracked_states(tracked, names, true_states), folder, "states")
        save(fan_chart(tracked, predicted), folder, "forecast")


def with_particles(filter: Filter, least: int) -> Filter:
    """The method's own filter, with at least so many particles where it has any."""
    return replace(filter, particles=max(least, filter.particles)) if isinstance(filter, ParticleFilter) else filter


def _csv(rows: np.ndarray, names: Sequence[str]) -> str:
    lines = [",".join(names), *(",".join(repr(float(v)) for v in row) for row in rows)]
    return "\n".join(lines) + "\n"


def _plain(content: dict[str, Any]) -> dict[str, Any]:
    """Numbers as JSON knows them."""
    return {k: _plain(v) if isinstance(v, dict) else float(v) for k, v in content.items()}
