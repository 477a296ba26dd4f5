"""Solve and estimate nonlinear macroeconomic models with neural networks, once for all parameter values."""

import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        data as data,
        models as models,
        posterior as posterior,
        references as references,
        surrogate as surrogate,
    )
    from .accuracy import (
        AccuracyReport as AccuracyReport,
        audit as audit,
        check as check,
        distance as distance,
        distance_by_thirds as distance_by_thirds,
    )
    from .errors import HanknnError as HanknnError
    from .estimation import Direct as Direct, Estimate as Estimate, ViaSurrogate as ViaSurrogate, estimate as estimate
    from .finite import simulate_finite as simulate_finite
    from .likelihood import (
        Bootstrap as Bootstrap,
        Grid as Grid,
        Guided as Guided,
        Kalman as Kalman,
        Likelihood as Likelihood,
        Tempered as Tempered,
        filter_states as filter_states,
        forecast as forecast,
        log_likelihood as log_likelihood,
        shock_decomposition as shock_decomposition,
    )
    from .model import Model as Model, Variable as Variable
    from .parameters import Parameter as Parameter, ParameterSpace as ParameterSpace
    from .points import Point as Point
    from .simulation import (
        constraint_spells as constraint_spells,
        girf as girf,
        irf as irf,
        long_run as long_run,
        moments as moments,
        simulate as simulate,
        states_where as states_where,
    )
    from .solution import ExtrapolationWarning as ExtrapolationWarning, Solution as Solution, load as load
    from .solving import Solved as Solved, solve as solve
    from .training import recipes as recipes
    from .training.loop import Checkpoints as Checkpoints
    from .training.recipes import Recipe as Recipe
    from .version import __version__ as __version__

_PLACES = {
    "accuracy": (
        "AccuracyReport",
        "audit",
        "check",
        "distance",
        "distance_by_thirds",
    ),
    "errors": ("HanknnError",),
    "estimation": (
        "Direct",
        "Estimate",
        "ViaSurrogate",
        "estimate",
    ),
    "finite": ("simulate_finite",),
    "likelihood": (
        "Bootstrap",
        "Grid",
        "Guided",
        "Kalman",
        "Likelihood",
        "Tempered",
        "filter_states",
        "forecast",
        "log_likelihood",
        "shock_decomposition",
    ),
    "model": (
        "Model",
        "Variable",
    ),
    "parameters": (
        "Parameter",
        "ParameterSpace",
    ),
    "points": ("Point",),
    "simulation": (
        "constraint_spells",
        "girf",
        "irf",
        "long_run",
        "moments",
        "simulate",
        "states_where",
    ),
    "solution": (
        "ExtrapolationWarning",
        "Solution",
        "load",
    ),
    "solving": (
        "Solved",
        "solve",
    ),
    "training": ("recipes",),
    "training.loop": ("Checkpoints",),
    "training.recipes": ("Recipe",),
    "version": ("__version__",),
}
"""Where each name is defined. Imported when first asked for: JAX alone takes seconds."""

_ROOMS = ("data", "models", "posterior", "references", "surrogate", "cluster", "figures")


def __getattr__(name: str) -> Any:
    for place, names in _PLACES.items():
        if name in names:
            value = globals()[name] = getattr(importlib.import_module(f".{place}", __name__), name)
            return value
    if not name.startswith("_") and importlib.util.find_spec(f"{__name__}.{name}"):
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'hanknn' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS, *(name for names in _PLACES.values() for name in names)])
