"""Where the data come from: the options that estimate, filter and forecast share."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, NamedTuple

import typer

from ...economy.model import Model
from ...inference.data import (
    Growth,
    Level,
    MeasurementError,
    Observed,
    Series,
    SimulatedData,
    StandardDeviation,
    VarianceShare,
    prepare,
    read,
    simulate_data,
    us_observed,
)
from ...inference.data.observed import observable
from ...machine.errors import SettingError
from ...solution import Solution
from .idle import Idle
from .options import MOST, listed, named_once, parse_settings, usual
from .printing import note

US = "us"
SOURCE, TREATMENT = ("data", "simulate", "observe"), ("series", "demean", "error")
SHARE = usual(simulate_data, "measurement_error").share
US_SHARE = usual(us_observed, "measurement_error").share


class Chosen(NamedTuple):
    """The data, and for simulated ones what is true."""

    observed: Observed
    made: SimulatedData | None = None


@dataclass(frozen=True)
class DataOptions:
    """A file, US data, or simulated data; which series, and their measurement error."""

    data: Annotated[
        str | None,
        typer.Option("--data", help="CSV or Parquet file indexed by quarters, or 'us': US data 1985-2007, offline."),
    ] = None
    simulate: Annotated[
        int, typer.Option("--simulate", min=1, max=MOST, help="Without --data: simulate so many quarters.")
    ] = usual(simulate_data, "periods")
    observe: Annotated[
        str | None,
        typer.Option("--observe", help="Simulated series, comma-separated (default: states and policies)."),
    ] = None
    series: Annotated[
        list[str] | None,
        typer.Option(
            "--series", help="OBSERVABLE=growth:COLUMN[/PER] or OBSERVABLE=level:COLUMN of --data; may be repeated."
        ),
    ] = None
    demean: Annotated[bool, typer.Option("--demean", help="Subtract each series' sample mean.")] = False
    error: Annotated[
        list[str] | None,
        typer.Option(
            "--error",
            help="Measurement error: a share of each variance, or OBSERVABLE=S.D., repeated "
            f"(default: {SHARE:g}; with --data us {US_SHARE:g}).",
        ),
    ] = None

    @property
    def own_file(self) -> bool:
        return self.data is not None and self.data != US

    def idle(self) -> tuple[Idle, ...]:
        """Which of them do nothing beside the others, and with them those of the simulated data's truth."""
        drawn = self.data is None
        return (
            Idle(drawn, ("series", "demean"), "on simulated data; give --data FILE, or leave it out"),
            Idle(not drawn, ("simulate", "observe", "true"), "with --data; leave one of them out"),
            Idle(
                self.data == US,
                ("series", "demean"),
                "with --data us, whose series are settled; leave it out",
            ),
            Idle(self.series is None, ("demean",), "without --series; name the series"),
        )

    def choose(self, solution: Solution, true: Mapping[str, float], seed: int) -> Chosen:
        """The data; simulated ones at the parameters `true`."""
        model = solution.model
        error = usual(us_observed if self.data == US else simulate_data, "measurement_error")
        if self.error is not None:
            error = find_errors(self.error)
        if self.data is None:
            names = listed(self.observe) or [*solution.equations.scalar_states, *solution.equations.scalar_policies]
            made = simulate_data(solution, names, self.simulate, true, error, seed)
            return Chosen(made.observed, made)
        if self.data == US:
            return Chosen(us_observed(model, measurement_error=error))
        table = read(self.data)
        series = None
        if self.series is not None:
            texts = named_once(self.series, "--series")
            series = dict(find_series(text, model, self.demean) for _, text in texts)
        return Chosen(prepare(table, model, series, error))

    def settings(self) -> dict[str, Any]:
        """As an estimation's folder keeps them."""
        return asdict(self)

    def of_estimation(self, kept: Mapping[str, Any], given: set[str]) -> "DataOptions":
        """Those that an estimation's folder keeps, where they are not given anew.

        Data may be new, such as a later vintage. How they are treated may not: the draws are of that treatment.
        Raises `SettingError`.
        """
        old = DataOptions(**{name: kept.get(name, getattr(self, name)) for name in (*SOURCE, *TREATMENT)})
        source = self if given & set(SOURCE) else old
        if (source.data is None, source.data == US) != (old.data is None, old.data == US):
            return replace(self, error=self.error if "error" in given else old.error)
        for name in TREATMENT:
            if name in given and getattr(self, name) != getattr(old, name):
                was = getattr(old, name)
                told = f"--{name} {' '.join(was)}" if isinstance(was, list) else f"{'no' if not was else 'a'} --{name}"
                raise SettingError(f"the estimation had {told}: leave --{name} out, or estimate anew")
        return replace(source, series=old.series, demean=old.demean, error=old.error)


def tell_of_means(observed: Observed) -> None:
    """Say that forecasts of series less their means are deviations."""
    means = getattr(observed, "means", None)
    if means is not None and len(means):
        told = ", ".join(f"{name} {value:.4g}" for name, value in dict(means).items())
        note(f"series are deviations from their sample means, which were taken out: {told}")


def find_series(text: str, model: Model, demean: bool) -> tuple[str, Series]:
    """OBSERVABLE=growth:COLUMN[/PER] or OBSERVABLE=level:COLUMN."""
    name, _, rest = text.partition("=")
    kind, _, column = rest.partition(":")
    unit = observable(model, name).unit
    if not column or kind not in ("growth", "level"):
        raise SettingError(f"--series {text}: write OBSERVABLE=growth:COLUMN, =growth:COLUMN/PER or =level:COLUMN")
    if kind == "level":
        return name, Level(column, unit, demean=demean)
    column, _, per = column.partition("/")
    return name, Growth(column, per or None, demean)


def find_errors(settings: list[str]) -> MeasurementError | dict[str, MeasurementError]:
    """A share of the variance for all series, or NAME=S.D. for each."""
    if len(settings) == 1 and "=" not in settings[0]:
        try:
            return VarianceShare(float(settings[0]))
        except ValueError:
            raise SettingError(f"--error {settings[0]}: give a share such as 0.05, or OBSERVABLE=S.D.") from None
    return {name: StandardDeviation(value) for name, value in parse_settings(settings, "--error").items()}
