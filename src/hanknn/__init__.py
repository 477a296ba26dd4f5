"""Solve and estimate nonlinear macroeconomic models with neural networks, once for all parameter values."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import models as models, references as references
    from .economy import (
        expectations as expectations,
        households as households,
        networks as networks,
        priors as priors,
    )
    from .economy.exogenous import AR1 as AR1
    from .economy.households import HouseholdModel as HouseholdModel
    from .economy.markov import MarkovChain as MarkovChain
    from .economy.model import Model as Model, Variable as Variable
    from .economy.parameters import Parameter as Parameter, ParameterSpace as ParameterSpace
    from .economy.points import Point as Point
    from .front import figures as figures
    from .inference import cluster as cluster, data as data, posterior as posterior, surrogate as surrogate
    from .inference.estimation import (
        Direct as Direct,
        Estimate as Estimate,
        ViaSurrogate as ViaSurrogate,
        estimate as estimate,
        log_evidence as log_evidence,
    )
    from .inference.likelihood import (
        Bootstrap as Bootstrap,
        Grid as Grid,
        Guided as Guided,
        Kalman as Kalman,
        Likelihood as Likelihood,
        OnSummaries as OnSummaries,
        Tempered as Tempered,
        Twisted as Twisted,
        filter_states as filter_states,
        forecast as forecast,
        log_likelihood as log_likelihood,
        shock_decomposition as shock_decomposition,
    )
    from .machine.errors import HanknnError as HanknnError
    from .machine.version import __version__ as __version__
    from .machine.work import Store as Store
    from .references.hank.finite import simulate_finite as simulate_finite
    from .solution import ExtrapolationWarning as ExtrapolationWarning, Solution as Solution, load as load
    from .solution.accuracy import (
        AccuracyReport as AccuracyReport,
        audit as audit,
        check as check,
        distance as distance,
        distance_by_thirds as distance_by_thirds,
    )
    from .solution.simulation import (
        by_wealth as by_wealth,
        constraint_spells as constraint_spells,
        girf as girf,
        irf as irf,
        long_run as long_run,
        moments as moments,
        simulate as simulate,
        states_where as states_where,
    )
    from .training import recipes as recipes
    from .training.recipes import Recipe as Recipe
    from .training.solving import Solved as Solved, solve as solve
    from .training.summary import summarise as summarise

_PLACES = {
    "economy.exogenous": ("AR1",),
    "economy.households": ("HouseholdModel",),
    "economy.markov": ("MarkovChain",),
    "economy.model": (
        "Model",
        "Variable",
    ),
    "economy.parameters": (
        "Parameter",
        "ParameterSpace",
    ),
    "economy.points": ("Point",),
    "inference.estimation": (
        "Direct",
        "Estimate",
        "ViaSurrogate",
        "estimate",
        "log_evidence",
    ),
    "inference.likelihood": (
        "Bootstrap",
        "Grid",
        "Guided",
        "Kalman",
        "Likelihood",
        "OnSummaries",
        "Twisted",
        "Tempered",
        "filter_states",
        "forecast",
        "log_likelihood",
        "shock_decomposition",
    ),
    "machine.errors": ("HanknnError",),
    "machine.version": ("__version__",),
    "references.hank.finite": ("simulate_finite",),
    "solution": (
        "ExtrapolationWarning",
        "Solution",
        "load",
    ),
    "solution.accuracy": (
        "AccuracyReport",
        "audit",
        "check",
        "distance",
        "distance_by_thirds",
    ),
    "solution.simulation": (
        "by_wealth",
        "constraint_spells",
        "girf",
        "irf",
        "long_run",
        "moments",
        "simulate",
        "states_where",
    ),
    "machine.work": ("Store",),
    "training.recipes": ("Recipe",),
    "training.summary": ("summarise",),
    "training.solving": (
        "Solved",
        "solve",
    ),
}
"""Where each name is defined. Imported when first asked for: JAX alone takes seconds."""

_ROOMS = {
    "data": "inference.data",
    "posterior": "inference.posterior",
    "surrogate": "inference.surrogate",
    "cluster": "inference.cluster",
    "figures": "front.figures",
    "models": "models",
    "references": "references",
    "recipes": "training.recipes",
    "priors": "economy.priors",
    "households": "economy.households",
    "networks": "economy.networks",
    "expectations": "economy.expectations",
}
"""Modules that a user names, and where they are."""


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        value = globals()[name] = importlib.import_module(f".{_ROOMS[name]}", __name__)
        return value
    for place, names in _PLACES.items():
        if name in names:
            value = globals()[name] = getattr(importlib.import_module(f".{place}", __name__), name)
            return value
    raise AttributeError(f"module 'hanknn' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS, *(name for names in _PLACES.values() for name in names)])
