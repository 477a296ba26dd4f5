"""Parameters of a command that stand for more than one option."""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

import typer

from .idle import Given


def expanded(command: Callable) -> Callable:
    """`command`, with each parameter that is a dataclass replaced by that class's fields, which Typer reads.

    A parameter of type `Given` is told what the user gave. Example: `def filter_(given: Given, source: DataOptions)`
    has options --data, --series and so on.
    """
    signature = inspect.signature(command)
    parameters: list[inspect.Parameter] = []
    groups: dict[str, Any] = {}
    for parameter in signature.parameters.values():
        kind = parameter.annotation
        if kind is Given:
            parameters.append(parameter.replace(annotation=typer.Context))
            continue
        if not dataclasses.is_dataclass(kind):
            parameters.append(parameter)
            continue
        groups[parameter.name] = kind
        hints = get_type_hints(kind, include_extras=True)
        parameters += [
            inspect.Parameter(f.name, parameter.kind, default=f.default, annotation=hints[f.name])
            for f in dataclasses.fields(kind)
        ]

    @functools.wraps(command)
    def run(**values: Any) -> Any:
        for name in values:
            if signature.parameters.get(name) and signature.parameters[name].annotation is Given:
                values[name] = Given.of(values[name])
        for name, kind in groups.items():
            values[name] = kind(**{f.name: values.pop(f.name) for f in dataclasses.fields(kind)})
        return command(**values)

    run.__signature__ = signature.replace(parameters=parameters)  # pyright: ignore[reportAttributeAccessIssue]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run
