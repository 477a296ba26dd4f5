"""How far to trust a solution."""

from .audit import audit as audit
from .check import check as check
from .distance import distance as distance, distance_by_thirds as distance_by_thirds
from .report import AccuracyReport as AccuracyReport
