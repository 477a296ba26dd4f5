"""Smets and Wouters' (2007) model: linear as published, and a nonlinear model of its size."""

from .linear import LinearSmetsWouters as LinearSmetsWouters
from .nonlinear import SmetsWouters as SmetsWouters
