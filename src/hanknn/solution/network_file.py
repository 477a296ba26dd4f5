"""Networks and their architectures as a file holds them."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..economy import Equations
from ..economy.networks import Architecture, PolicyNetwork, architectures
from ..economy.summarised import SummaryLaw
from ..machine import storage
from ..machine.errors import SettingError, SolutionFileError


def weights_from(
    known: Equations, architecture: Architecture, law: dict[str, Any] | None, arrays: list[np.ndarray], path: Path
) -> tuple[PolicyNetwork, SummaryLaw | None]:
    """The network of this architecture with these weights, and the law of motion that stands behind them."""
    counts = len(known.inputs_seen), len(known.model.parameters.free), known.output_size
    dtype = arrays[0].dtype if arrays else np.float64
    blank = lambda: None if law is None else SummaryLaw.blank(law["features"], tuple(law["names"]), tuple(law["shown"]))
    like = jax.eval_shape(lambda: (architecture.build(*counts, jax.random.key(0), dtype), blank()))
    return storage.leaves_from_numpy(like, arrays, path)


def described_law(law: SummaryLaw) -> dict[str, Any]:
    """A law of motion as a file holds it, beside its arrays."""
    return {"names": law.names, "shown": law.shown, "features": len(law.center)}


def described(architecture: Architecture) -> dict[str, Any]:
    """An architecture as a file holds it; raises `SettingError` for one that is no dataclass of plain values."""
    try:
        settings = {field.name: getattr(architecture, field.name) for field in fields(architecture)}
        if json.loads(json.dumps(settings)) == settings:
            return {"kind": type(architecture).__name__, **settings}
    except TypeError:
        pass
    raise SettingError(
        f"network '{type(architecture).__name__}' cannot be written to a file: make it a frozen dataclass whose fields "
        "are numbers, words or None"
    )


def architecture_from(described: dict[str, Any], path: Path) -> Architecture:
    described = dict(described)
    kind = described.pop("kind", None)
    known = {architecture.__name__: architecture for architecture in architectures()}
    if kind not in known:
        raise SolutionFileError(
            f"'{path}' uses network '{kind}', which is none of {', '.join(known)}; if it is your own, import "
            "the module that defines it first"
        )
    names = {field.name for field in fields(known[kind])}
    if odd := sorted(set(described) - names):
        raise SolutionFileError(f"'{path}' describes network '{kind}' by other settings than it has ({', '.join(odd)})")
    return known[kind](**described)
