"""What a check found: tables, JSON and a verdict in a sentence."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...machine.plain_json import to_json

ACCURATE, USABLE = 0.01, 0.05
"""Largest relative policy errors at which a solution is called accurate, or usable with care."""


@dataclass(frozen=True, eq=False)
class AccuracyReport:
    """Accuracy of a solution over its parameter box, or at `given` parameters, and the ergodic distribution.

    `solved_share`: share of the draws at which the economy is solved (below one where there is no equilibrium);
    the other figures are of those. `residuals`: one row an equation: mean square, bias (size of the mean: what does
    not average out, and adds up where states move slowly), median, 90 %, 99 % and largest absolute residual, and log10
    of their mean and maximum. `constraints`: the same where each
    occasionally binding constraint binds and where it is slack, None without constraints. `existence`: the same where
    shocks are small enough for an equilibrium that is known to exist and where that is in doubt (`Model.strain`), None
    where the model knows no such limit.
    `linear`: how far each policy is from that of the linear solution, root mean square and 99 % of the draws, in
    ergodic standard deviations; None for a model that the library does not linearise.
    `policy_errors`: one row a policy against the closed form: error in relative L2, largest error in the policy's
    unit, and `implied`, the relative L2 error that residuals imply. `probes`: absolute residuals and relative policy
    errors at the model's probe states, baseline parameters. `regions`: the same measures by thirds of each parameter's
    range in which there are draws, empty where none is free.
    `policy_errors` is None where the model has no closed form.
    """

    model: str
    draws: int
    given: bool
    solved_share: float
    residuals: pd.DataFrame
    constraints: pd.DataFrame | None
    existence: pd.DataFrame | None
    linear: pd.DataFrame | None
    policy_errors: pd.DataFrame | None
    probes: pd.DataFrame
    regions: pd.DataFrame

    @property
    def mean_square(self) -> float:
        """Mean squared residual over equations and draws, KMR's unit."""
        return float(self.residuals["mean_square"].to_numpy().mean())

    @property
    def worst_policy_error(self) -> float | None:
        """Largest relative error of any policy, over the box or at a probe state."""
        if self.policy_errors is None:
            return None
        errors = [self.policy_errors["relative_l2"].to_numpy().max()]
        columns = [name for name in self.probes.columns if str(name).startswith("error_")]
        if len(self.probes):
            errors.append(self.probes[columns].abs().to_numpy().max())
        return float(max(errors))

    @property
    def verdict(self) -> str:
        """How far to trust the solution, in a sentence or two."""
        weakest, worst, scope = self._weakest, self.worst_policy_error, ""
        if self.solved_share < 1:
            unsolved = f"{100 * (1 - self.solved_share):.0f} %"
            where = "these parameters" if self.given else "the box"
            scope = f"Not solved at {unsolved} of {where}, where there may be no equilibrium; elsewhere: "
        if worst is None or self.policy_errors is None:
            return (
                f"{scope}Residuals only: mean square {self.mean_square:.1e}, "
                f"largest {self.residuals['max'].max():.1e}.{self._known} "
                "There is no closed form to compare with, and a small residual is necessary, not sufficient: "
                f"near-unit-root states hide policy errors.{weakest}"
            )
        implied = float(self.policy_errors["implied"].to_numpy().max())  # a closed form is there: `worst` needs it
        judged = max(worst, implied)
        if judged <= ACCURATE:
            judgement = "Accurate"
        elif judged <= USABLE:
            judgement = "Usable with care"
        else:
            judgement = "Not to be relied on"
        contradiction = (
            f" The residuals imply errors of {100 * implied:.2g} %: the closed form solves other equations than these; "
            "look at both."
            if implied > max(2 * worst, ACCURATE)
            else ""
        )
        return (
            f"{judgement}: policies are within {100 * worst:.2g} % of the closed form "
            f"(mean squared residual {self.mean_square:.1e}).{contradiction}{weakest}"
        )

    @property
    def _known(self) -> str:
        """How well economies are solved of which an equilibrium is known to exist, where the model can tell."""
        if self.existence is None:
            return ""
        if "known" not in self.existence.index.get_level_values("equilibrium"):
            return " Shocks are too large for an equilibrium that is known to exist at any of them."
        known = self.existence.loc["known"]
        share, mean_square = known["share"].iloc[0], known["mean_square"].mean()
        return (
            f" Where an equilibrium is known to exist ({100 * share:.0f} % of what is solved) the mean square is "
            f"{mean_square:.1e}."
        )

    @property
    def _weakest(self) -> str:
        """The verdict's last sentence; none where the box is one point."""
        if not len(self.regions):
            return ""
        # Residuals scale with the shocks, so where errors are known they say better where a solution is weak.
        errors = [name for name in self.regions.columns if str(name).startswith("error_")]
        measure = self.regions[errors].max(axis=1) if errors else self.regions["mean_square"]
        parameter, third = self.regions.index[int(np.nanargmax(measure.to_numpy()))]
        return f" Weakest where {parameter} is in its {third} third."

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings, ready for JSON."""
        regions = self.regions.reset_index().to_dict(orient="records")
        errors = None if self.policy_errors is None else self.policy_errors.to_dict(orient="index")
        return {
            "model": self.model,
            "draws": self.draws,
            "given": self.given,
            "mean_square": self.mean_square,
            "worst_policy_error": self.worst_policy_error,
            "verdict": self.verdict,
            "solved_share": self.solved_share,
            "residuals": self.residuals.to_dict(orient="index"),
            "constraints": None if self.constraints is None else self.constraints.reset_index().to_dict("records"),
            "existence": None if self.existence is None else self.existence.reset_index().to_dict("records"),
            "linear": None if self.linear is None else self.linear.to_dict(orient="index"),
            "policy_errors": errors,
            "probes": self.probes.to_dict(orient="records"),
            "regions": regions,
        }

    def to_json(self) -> str:
        """As `to_dict`, as text; what is not finite is null."""
        return to_json(self.to_dict())

    def __str__(self) -> str:
        number = "{:.3g}".format
        parts = [
            f"Check of '{self.model}': {self.draws:,} ergodic draws "
            + ("at the parameters given" if self.given else "over the parameter box"),
            "Residuals\n" + self.residuals.to_string(float_format=number),
        ]
        if self.constraints is not None:
            parts.append(
                "Where constraints bind and where they are slack\n" + self.constraints.to_string(float_format=number)
            )
        if self.existence is not None:
            parts.append(
                "Where shocks are small enough for an equilibrium known to exist, and beyond\n"
                + self.existence.to_string(float_format=number)
            )
        if self.linear is not None:
            parts.append(
                "Distance from the linear solution, in ergodic s.d. of each policy\n"
                + self.linear.to_string(float_format=number)
            )
        if self.policy_errors is not None:
            parts.append("Policies against the closed form\n" + self.policy_errors.to_string(float_format=number))
        if len(self.probes):
            parts.append(
                "At the baseline parameters (residuals absolute, errors relative)\n"
                + self.probes.to_string(index=False, float_format=number)
            )
        if len(self.regions):
            parts.append(
                "By thirds of each parameter's range (mean squared residual; relative L2 errors)\n"
                + self.regions.to_string(float_format=number)
            )
        return "\n\n".join([*parts, self.verdict])
