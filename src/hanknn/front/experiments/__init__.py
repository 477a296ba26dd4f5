"""Published results, each with a target and a tolerance: `hanknn reproduce NAME`."""

from .experiment import Experiment as Experiment, Finding as Finding
from .figure6 import Figure6
from .figure7 import Figure7
from .figure8 import Figure8
from .figure11 import Figure11
from .kmr_julia import KMRJulia
from .table5 import Table5

EXPERIMENTS: tuple[Experiment, ...] = (KMRJulia(), Table5(), Figure6(), Figure7(), Figure8(), Figure11())
