"""Estimate a solved model: likelihood, surrogate and samplers put together, each step saved as it goes."""

from .direct import Direct as Direct
from .estimate import estimate as estimate
from .evidence import Evidence as Evidence, log_evidence as log_evidence
from .method import Estimate as Estimate, Estimation as Estimation
from .via_surrogate import ViaSurrogate as ViaSurrogate, design_filter as design_filter
