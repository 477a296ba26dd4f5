"""What runs: a model's equations, checked once, and an economy that follows a policy function."""

from .economy import Economy as Economy, Now as Now
from .equations import Equations as Equations, PolicyFunction as PolicyFunction
