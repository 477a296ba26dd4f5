"""Options that would have no effect are refused."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from ...machine.errors import SettingError


class Idle(NamedTuple):
    """Options, by the names of the command's parameters, that do nothing `where` this holds; and why, in words."""

    where: bool
    options: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Given:
    """The options that the user gave: a parameter's name, and how the option is written."""

    flags: dict[str, str]

    @classmethod
    def of(cls, context: Any) -> "Given":
        """From Typer's context, whose class is not the one that annotations name."""
        origin = lambda name: getattr(context.get_parameter_source(name), "name", "")
        all_flags = {str(parameter.name): parameter.opts[0] for parameter in context.command.params}
        return cls({name: flag for name, flag in all_flags.items() if origin(name) == "COMMANDLINE"})

    def refuse(self, *idle: Idle) -> None:
        """Raise `SettingError` for the first option that was given and does nothing."""
        for where, options, why in idle:
            for name, flag in self.flags.items():
                if where and name in options:
                    raise SettingError(f"{flag} has no effect {why}")


def without_table(file: object) -> Idle:
    """Of commands that print a table, and write it where they are told to."""
    return Idle(file is None, ("force",), "without --out; leave it out")
