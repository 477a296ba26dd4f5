"""Levenberg-Marquardt on the squared residuals of a sample: the default training method."""

from .curvature import Curvature as Curvature
from .method import GaussNewton as GaussNewton
