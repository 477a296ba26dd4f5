"""How far to trust a solution."""

from .audit import audit as audit
from .check import check as check
from .distance import distance as distance
from .report import AccuracyReport as AccuracyReport
