"""Independent answers to compare solutions with; they share no code with training."""

from .growth.solution import GrowthSolution as GrowthSolution
from .growth.time_iteration import GrowthTimeIteration as GrowthTimeIteration
from .hank.foreseen_path import ForeseenPath as ForeseenPath
from .hank.perfect_foresight import ForeseenEconomy as ForeseenEconomy, PerfectForesight as PerfectForesight
from .hank.steady_result import DeterministicSteadyState as DeterministicSteadyState
from .hank.steady_state import SteadyState as SteadyState
from .hank.twin import representative_twin as representative_twin, twin_frontier as twin_frontier
from .krusell_smith.accuracy import krusell_smith_accuracy as krusell_smith_accuracy
from .krusell_smith.reference import KrusellSmithReference as KrusellSmithReference
from .krusell_smith.solution import KrusellSmithSolution as KrusellSmithSolution
from .rank.branch import equilibrium_branch as equilibrium_branch
from .rank.time_iteration import TimeIterated as TimeIterated, TimeIteration as TimeIteration
