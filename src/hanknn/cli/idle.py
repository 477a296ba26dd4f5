"""Options that would have no effect are refused."""

from typing import NamedTuple

import typer

from ..errors import SettingError


class Idle(NamedTuple):
    """Options, by the names of the command's parameters, that do nothing `where` this holds; and why, in words."""

    where: bool
    options: tuple[str, ...]
    why: str


def given(context: typer.Context) -> set[str]:
    """The parameters that the user gave, by name."""
    names = [str(parameter.name) for parameter in context.command.params]
    return {name for name in names if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"}


def refuse_idle(context: typer.Context, *idle: Idle) -> None:
    """Raise `SettingError` for the first option that was given and does nothing."""
    named = given(context)
    for where, options, why in idle:
        for parameter in context.command.params:
            if where and parameter.name in options and parameter.name in named:
                raise SettingError(f"{parameter.opts[0]} has no effect {why}")


def without_table(file: object) -> Idle:
    """Of commands that print a table, and write it where they are told to."""
    return Idle(file is None, ("force",), "without --out; leave it out")
