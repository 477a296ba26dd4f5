"""Where training looks: economies, a state of each, and how both change from one iteration to the next."""

from .curriculum import Curriculum as Curriculum
from .fixed import Fixed as Fixed
from .renewed import Renewed as Renewed
from .rules import Drawn as Drawn, Sampling as Sampling, Simulated as Simulated
from .sample import Sample as Sample
from .screen import Screen as Screen
from .walked import Walked as Walked
