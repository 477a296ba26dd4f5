"""Steady states that ship with economies with households: their making takes minutes."""

import functools
from pathlib import Path

from ..economy.households import HouseholdModel
from ..economy.households.steady_tables import SteadyTables
from ..machine import storage

KIND = "household tables"


def table_file(name: str) -> Path:
    """Where those of a model are."""
    return Path(__file__).parent / "weights" / f"{name}_households.npz"


def with_shipped_tables(model: HouseholdModel) -> HouseholdModel:
    """The model with the tables that ship for its name, unless it has some; itself where they do not hold for its box,
    or where nothing in it moves the steady state: that one is solved exactly, in seconds.

    For exactly the model that ships: a subclass may have another household.
    """
    if model.steady_tables is not None:
        return model
    tables = _read(model.name)
    moves = any(name in model.parameters.free for name in tables.moving)
    return model.changed(steady_tables=tables) if moves and tables.hold_for(model.parameters) else model


@functools.cache
def _read(name: str) -> SteadyTables:
    header, arrays = storage.read(table_file(name), KIND)
    return SteadyTables.from_file(header["tables"], arrays)


def write_tables(name: str, tables: SteadyTables) -> None:
    """Write what `with_shipped_tables` reads."""
    storage.write(table_file(name), {"kind": KIND, "tables": tables.described()}, tables.arrays)
