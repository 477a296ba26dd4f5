"""A neural surrogate of the likelihood: design, fit, and how far to trust it."""

from .design import Design as Design
from .errors import errors as errors
from .fit import Fit as Fit
from .regress import Regression as Regression
from .surrogate import Surrogate as Surrogate, load_surrogate as load_surrogate
