"""What KMR publish of their estimated `hank` (tables 2 to 4), and how ours is estimated beside it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ...inference.data.measurement import VarianceShare
from ...inference.data.observed import Observed
from ...inference.estimation import Estimate, ViaSurrogate
from ...inference.likelihood import Twisted
from ...inference.posterior.importance import Reweighting
from ...inference.posterior.result import Posterior
from ...inference.surrogate import Design
from ...machine.settings_difference import described
from ...machine.work import Report
from ...solution import load
from ...solution.identity import identity
from ..estimation_folder import EstimationFolder

OBSERVABLES = ("output_growth", "inflation_rate", "notional_rate")
ERROR = VarianceShare(0.05)
METHOD = ViaSurrogate(
    filter=Twisted(particles=100),
    design=Design(points=2500),
    refinement=Design(points=1000),
    correction=Reweighting(draws=400),
)
"""The likelihood is smooth: with 10,000 points the surrogate is no nearer to it."""
ON_US_DATA = {
    "sigma_s": (0.0704, 0.0567, 0.0810),
    "borrowing_limit": (-0.50, -0.54, -0.46),
    "varphi": (101.0, 94.0, 107.0),
    "theta_pi": (2.43, 2.20, 2.67),
    "theta_y": (0.96, 0.92, 1.00),
    "rho_z": (0.43, 0.39, 0.47),
    "rho_m": (0.91, 0.90, 0.91),
    "sigma_zeta": (0.0122, 0.0110, 0.0133),
    "sigma_z": (0.0047, 0.0043, 0.0053),
    "sigma_m": (0.0015, 0.0014, 0.0016),
}
"""Posterior median, 5 % and 95 % on US data, 1990Q1 to 2019Q4 (table 3)."""
ON_SIMULATED_DATA = {
    "sigma_s": (0.0428, 0.0317, 0.0531),
    "borrowing_limit": (-0.50, -0.54, -0.46),
    "varphi": (100.0, 92.0, 108.0),
    "theta_pi": (2.40, 2.25, 2.55),
    "theta_y": (1.01, 0.97, 1.05),
    "rho_z": (0.40, 0.37, 0.45),
    "rho_m": (0.90, 0.89, 0.91),
    "sigma_zeta": (0.0145, 0.0134, 0.0157),
    "sigma_z": (0.0036, 0.0032, 0.0040),
    "sigma_m": (0.0006, 0.0005, 0.0007),
}
"""The same on 144 quarters that they simulate at their true values, the prior's means (table 2)."""


def estimated(
    name: str, data: Observed, folder: Path, seed: int, resume: bool, report: Report
) -> tuple[EstimationFolder, Estimate]:
    """The estimation of `hank` in `folder`; with `resume` from what an earlier run of this name left there."""
    solution = load("hank")
    settings = {"experiment": name, "seed": seed, "method": described(METHOD), **described(identity(solution))}
    place = EstimationFolder(folder, settings | {"data": data.fingerprint()}, resume, not resume)
    return place, place.estimate(solution, data, METHOD, seed=seed, report=report)


def beside(
    ours: Posterior, published: Mapping[str, tuple[float, float, float]], truth: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Our quantiles beside theirs, the distance of medians in our s.d., and whether ours lies in their interval."""
    labels = {0.5: "median", 0.05: "5 %", 0.95: "95 %"}
    quantiles, sd = ours.quantiles(), ours.mean_sd()[1]
    columns: dict[str, object] = {} if truth is None else {"true": [truth[name] for name in ours.names]}
    columns |= {labels[p]: quantiles[p] for p in labels}
    theirs = pd.DataFrame.from_dict(dict(published), orient="index", columns=[f"KMR {labels[p]}" for p in labels])
    table = pd.DataFrame(columns, index=quantiles.index).join(theirs)
    table["medians apart (s.d.)"] = (table["median"] - table["KMR median"]) / sd
    table["inside KMR's interval"] = (table["median"] >= table["KMR 5 %"]) & (table["median"] <= table["KMR 95 %"])
    return table


def inside(posterior: Posterior, truth: Mapping[str, float]) -> np.ndarray:
    """Which true values lie in the posterior's 90 % interval, in the order of its names."""
    quantiles = posterior.quantiles()
    values = np.array([truth[name] for name in posterior.names])
    return (values >= quantiles[0.05].to_numpy()) & (values <= quantiles[0.95].to_numpy())
