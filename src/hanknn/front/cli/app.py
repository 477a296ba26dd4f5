"""The command's commands: declared by functions, and refused where an option would do nothing."""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

import typer

from ...machine.errors import SettingError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help holds brackets, [/PER], that are meant as they are
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Solve nonlinear macroeconomic models with neural networks, once for all parameter values.\n\n"
    "Start with: hanknn demo. Then: hanknn solve nk, hanknn check nk, hanknn irf nk --set phi=0.8, "
    "hanknn estimate nk. A model of your own: hanknn new my_model.py.",
)


@dataclasses.dataclass(frozen=True)
class Given:
    """The options that the user gave: a parameter's name, and how the option is written."""

    flags: dict[str, str]

    @classmethod
    def of(cls, context: Any) -> "Given":
        """From Typer's context, whose class is not the one that annotations name."""
        origin = lambda name: getattr(context.get_parameter_source(name), "name", "")
        all_flags = {str(parameter.name): parameter.opts[0] for parameter in context.command.params}
        return cls({name: flag for name, flag in all_flags.items() if origin(name) == "COMMANDLINE"})

    def refuse(self, where: bool, why: str, *names: str) -> None:
        """Raise `SettingError` where this holds and one of these was given: it does nothing, and `why`, in words."""
        for name, flag in self.flags.items():
            if where and name in names:
                raise SettingError(f"{flag} has no effect {why}")


def command(name: str | None = None, help: str | None = None) -> Callable[[Callable], Callable]:
    """Make a function a command, as Typer's own decorator does.

    A parameter that is a dataclass stands for its fields, which come last; one of type `Given` is told what the user
    gave. Example: `def filter_(given: Given, source: DataOptions)` has options --data, --series and so on.
    """
    return lambda function: app.command(name, help=help)(_expanded(function))


def _expanded(function: Callable) -> Callable:
    signature = inspect.signature(function)
    groups: dict[str, Any] = {
        p.name: p.annotation for p in signature.parameters.values() if dataclasses.is_dataclass(p.annotation)
    }
    alone = [p for p in signature.parameters.values() if p.name not in groups]
    hints, defaults = {p.name: p.annotation for p in alone}, {p.name: p.default for p in alone}
    for kind in groups.values():
        if kind is Given:
            hints["context"], defaults["context"] = typer.Context, inspect.Parameter.empty
            continue
        hints |= get_type_hints(kind, include_extras=True)
        fields = dataclasses.fields(kind)
        missing = dataclasses.MISSING
        defaults |= {f.name: inspect.Parameter.empty if f.default is missing else f.default for f in fields}

    @functools.wraps(function)
    def run(**values: Any) -> Any:
        for name, kind in groups.items():
            if kind is Given:
                values[name] = Given.of(values.pop("context"))
            else:
                values[name] = kind(**{f.name: values.pop(f.name) for f in dataclasses.fields(kind)})
        return function(**values)

    only = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(n, only, default=defaults[n], annotation=hints[n]) for n in hints]
    run.__signature__ = signature.replace(parameters=parameters)  # pyright: ignore[reportAttributeAccessIssue]
    run.__annotations__ = hints
    return run
