"""Independent answers to compare solutions with; they share no code with training."""

from .branch import equilibrium_branch as equilibrium_branch
from .foreseen_path import ForeseenPath as ForeseenPath
from .perfect_foresight import ForeseenEconomy as ForeseenEconomy, PerfectForesight as PerfectForesight
from .steady_result import DeterministicSteadyState as DeterministicSteadyState
from .steady_state import SteadyState as SteadyState
from .time_iteration import TimeIterated as TimeIterated, TimeIteration as TimeIteration
from .twin import representative_twin as representative_twin, twin_frontier as twin_frontier
