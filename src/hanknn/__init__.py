"""Solve and estimate nonlinear macroeconomic models with neural networks, once for all parameter values."""

import importlib
from types import ModuleType

from . import data as data, models as models, posterior as posterior, references as references, surrogate as surrogate
from .accuracy import (
    AccuracyReport as AccuracyReport,
    audit as audit,
    check as check,
    distance as distance,
    distance_by_thirds as distance_by_thirds,
)
from .errors import HanknnError as HanknnError
from .estimate import Direct as Direct, Estimate as Estimate, ViaSurrogate as ViaSurrogate, estimate as estimate
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
from .solve import Solved as Solved, solve as solve
from .training import recipes as recipes
from .training.loop import Checkpoints as Checkpoints
from .training.recipes import Recipe as Recipe
from .version import __version__ as __version__


def __getattr__(name: str) -> ModuleType:
    """`hanknn.figures`, `hanknn.cluster`: imported when asked for, since drawing libraries are slow to import."""
    if name not in ("cluster", "figures"):
        raise AttributeError(f"module 'hanknn' has no attribute '{name}'")
    return importlib.import_module(f".{name}", __name__)
