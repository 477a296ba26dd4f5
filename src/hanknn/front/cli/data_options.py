"""Where the data come from: the options that estimate, filter and forecast share."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

import typer

import hanknn

from ...machine.errors import SettingError, UnknownNameError
from .app import Given
from .options import MOST, listed, named_once, parse_settings
from .printing import note

US = "us"
SOURCE, TREATMENT = ("data", "simulate", "observe"), ("series", "demean", "error", "error_at_bound")
CUT = "sample", "mask"


@dataclass(frozen=True)
class DataOptions:
    """A file, US data, or simulated data; which series, and their measurement error."""

    data: Annotated[
        str | None,
        typer.Option("--data", help="CSV or Parquet file indexed by quarters, or 'us': US data 1985-2007, offline."),
    ] = None
    simulate: Annotated[
        int, typer.Option("--simulate", min=1, max=MOST, help="Without --data: simulate so many quarters.")
    ] = 100
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
            "(default: 0.05; with --data us 0.1).",
        ),
    ] = None
    error_at_bound: Annotated[
        list[str] | None,
        typer.Option(
            "--error-at-bound",
            help="OBSERVABLE=BOUND:S.D.: the error in quarters in which the series is at or below BOUND; may be "
            "repeated.",
        ),
    ] = None
    sample: Annotated[
        str | None, typer.Option("--sample", help="First and last quarter of --data, such as 1990Q1:2019Q4.")
    ] = None
    mask: Annotated[
        list[str] | None,
        typer.Option("--mask", help="Quarters that count as missing, such as 2020Q1:2021Q2; may be repeated."),
    ] = None

    def refuse_idle(self, given: Given) -> None:
        """Raise `SettingError` for one that does nothing beside the others, or with the data that they name."""
        settled = "series", "demean", "error_at_bound", *CUT
        given.refuse(self.data is None, "on simulated data; give --data FILE, or leave it out", *settled)
        given.refuse(self.data is not None, "with --data; leave one of them out", "simulate", "observe", "true")
        given.refuse(self.data == US, "with --data us, whose series are settled; leave it out", *settled)
        given.refuse(self.series is None, "without --series; name the series", "demean")

    def read(self, solution: "hanknn.Solution", true: Mapping[str, float], seed: int) -> tuple[Any, Any]:
        """The data (`Observed`); and of those simulated at the parameters `true` what is true (`SimulatedData`)."""
        from ...inference.data.dates import span

        data, model = hanknn.data, solution.model
        error = {} if self.error is None else {"measurement_error": find_errors(self.error)}
        if self.data is None:
            names = listed(self.observe) or [*solution.equations.scalar_states, *solution.equations.scalar_policies]
            made = data.simulate_data(solution, names, self.simulate, true, seed=seed, **error)
            return made.observed, made
        if self.data == US:
            return data.us_observed(model, **error), None
        table, series = data.read(self.data), None
        if self.series is not None:
            series = {name: self._find_series(name, text, model) for name, text in named_once(self.series, "--series")}
        if self.error_at_bound is not None:
            names = data.prepare(table, model, series, data.StandardDeviation(1.0)).names
            error = {"measurement_error": with_bounds(error.get("measurement_error"), self.error_at_bound, names)}
        start, end = (None, None) if self.sample is None else span(self.sample, "--sample")
        return data.prepare(table, model, series, start=start, end=end, mask=self.mask or (), **error), None

    def of_estimation(self, kept: Mapping[str, Any], given: set[str]) -> "DataOptions":
        """Those that an estimation's folder keeps, where they are not given anew.

        Data may be new, such as a later vintage. How they are treated may not: the draws are of that treatment.
        Raises `SettingError`.
        """
        old = DataOptions(**{name: kept.get(name, value) for name, value in asdict(self).items()})
        source = self if given & set(SOURCE) else old
        if (source.data is None, source.data == US) != (old.data is None, old.data == US):
            return replace(self, error=self.error if "error" in given else old.error)
        for name in TREATMENT:
            was = getattr(old, name)
            if name in given and getattr(self, name) != was:
                option = f"--{name.replace('_', '-')}"
                told = f"{option} {' '.join(was)}" if isinstance(was, list) else f"{'no' if not was else 'a'} {option}"
                raise SettingError(f"the estimation had {told}: leave {option} out, or estimate anew")
        kept_cut = {name: getattr(self if name in given else old, name) for name in CUT}
        return replace(source, **{name: getattr(old, name) for name in TREATMENT}, **kept_cut)

    def _find_series(self, name: str, text: str, model: "hanknn.Model") -> Any:
        """OBSERVABLE=growth:COLUMN[/PER] or OBSERVABLE=level:COLUMN."""
        kind, _, column = text.partition("=")[2].partition(":")
        unit = hanknn.data.observable(model, name).unit
        if not column or kind not in ("growth", "level"):
            raise SettingError(f"--series {text}: write OBSERVABLE=growth:COLUMN, =growth:COLUMN/PER or =level:COLUMN")
        if kind == "level":
            return hanknn.data.Level(column, unit, demean=self.demean)
        column, _, per = column.partition("/")
        return hanknn.data.Growth(column, per or None, self.demean)


def tell_of_means(means: Mapping[str, float]) -> None:
    """Say that forecasts of series less their means are deviations."""
    if means:
        told = ", ".join(f"{name} {value:.4g}" for name, value in means.items())
        note(f"series are deviations from their sample means, which were taken out: {told}")


def with_bounds(elsewhere: Any, settings: list[str], names: Sequence[str]) -> Any:
    """Errors by name: `elsewhere`'s (default: the library's share), and those of OBSERVABLE=BOUND:S.D. at bounds."""
    elsewhere = hanknn.data.VarianceShare() if elsewhere is None else elsewhere
    found: dict[str, Any] = dict(elsewhere) if isinstance(elsewhere, Mapping) else dict.fromkeys(names, elsewhere)
    for name, text in named_once(settings, "--error-at-bound"):
        bound, _, sd = text.partition("=")[2].partition(":")
        if name not in found:
            raise UnknownNameError("series", name, found, "--error-at-bound")
        try:
            found[name] = hanknn.data.Censored(found[name], float(bound), float(sd))
        except ValueError:
            raise SettingError(
                f"--error-at-bound {text}: write OBSERVABLE=BOUND:S.D., such as interest_rate=0.25:0.1"
            ) from None
    return found


def find_errors(settings: list[str]) -> Any:
    """A share of the variance for all series, or NAME=S.D. for each."""
    if len(settings) == 1 and "=" not in settings[0]:
        try:
            return hanknn.data.VarianceShare(float(settings[0]))
        except ValueError:
            raise SettingError(f"--error {settings[0]}: give a share such as 0.05, or OBSERVABLE=S.D.") from None
    return {name: hanknn.data.StandardDeviation(value) for name, value in parse_settings(settings, "--error").items()}
