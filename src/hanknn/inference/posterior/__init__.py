"""Posteriors: targets, samplers, corrections and results."""

from ...machine.work import Step as Step, Store as Store
from .importance import Reweighting as Reweighting
from .nuts import NUTS as NUTS
from .particle_metropolis import ParticleMetropolis as ParticleMetropolis
from .random_walk import RandomWalk as RandomWalk
from .sample import Sample as Sample
from .smc import TemperedSMC as TemperedSMC
from .target import Box as Box, Target as Target
