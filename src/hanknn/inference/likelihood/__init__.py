"""Likelihoods of solved models: filters behind one call."""

from .base import Filter as Filter
from .bootstrap import Bootstrap as Bootstrap
from .collapse import CollapseWarning as CollapseWarning
from .forecast import forecast as forecast
from .grid import Grid as Grid
from .guided import Guided as Guided
from .kalman import Kalman as Kalman
from .on_summaries import OnSummaries as OnSummaries
from .particle import ParticleFilter as ParticleFilter
from .run import Likelihood as Likelihood, log_likelihood as log_likelihood
from .scale import ScaleWarning as ScaleWarning
from .space import binds as binds
from .tempered import Tempered as Tempered
from .tracked import filter_states as filter_states, shock_decomposition as shock_decomposition
from .twisted import Twisted as Twisted
