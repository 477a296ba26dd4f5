"""Solve and estimate nonlinear macroeconomic models with neural networks, once for all parameter values."""

from . import models as models
from .accuracy import AccuracyReport as AccuracyReport, audit as audit, check as check
from .errors import HanknnError as HanknnError
from .model import Model as Model, Variable as Variable
from .parameters import Parameter as Parameter, ParameterSpace as ParameterSpace
from .points import Point as Point
from .simulation import irf as irf, moments as moments, simulate as simulate
from .solution import ExtrapolationWarning as ExtrapolationWarning, Solution as Solution, load as load
from .solve import Solved as Solved, solve as solve
from .training import recipes as recipes
from .training.loop import Checkpoints as Checkpoints
from .training.recipes import Recipe as Recipe
from .version import __version__ as __version__
