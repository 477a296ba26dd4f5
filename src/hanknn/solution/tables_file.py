"""Steady states of an economy with households as a solution's file holds them: loading solves none anew."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..economy.households import HouseholdModel
from ..economy.households.steady_tables import SteadyTables
from ..economy.model import Model

KEY = "steady_tables"


def described_tables(model: Model) -> tuple[dict[str, Any], list[np.ndarray]]:
    """What a header holds of them, and the arrays that follow the network's; nothing of a model without."""
    tables = model.steady_tables if isinstance(model, HouseholdModel) else None
    return ({}, []) if tables is None else ({KEY: tables.described()}, tables.arrays)


def with_tables(model: Model, header: Mapping[str, Any], arrays: list[np.ndarray]) -> tuple[Model, list[np.ndarray]]:
    """The model with the tables of a file, where it holds some, and the other arrays."""
    if KEY not in header or not isinstance(model, HouseholdModel):
        return model, arrays
    count = len(SteadyTables.names())
    return model.changed(steady_tables=SteadyTables.from_file(header[KEY], arrays[-count:])), arrays[:-count]
