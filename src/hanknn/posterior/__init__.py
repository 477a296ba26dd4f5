"""Posteriors: targets, samplers, corrections and results."""

from .nuts import NUTS as NUTS
from .particle_metropolis import ParticleMetropolis as ParticleMetropolis
from .random_walk import RandomWalk as RandomWalk
from .sample import Sample as Sample, Step as Step, Store as Store
from .smc import TemperedSMC as TemperedSMC
from .target import Box as Box, Target as Target
