"""A solved model: what it answers, what it is a solution of, paths and responses, and how exact it is."""

from .loading import as_solution as as_solution, load as load, reads_solution as reads_solution
from .solution import ExtrapolationWarning as ExtrapolationWarning, Solution as Solution, Values as Values
