"""What a solved economy does: paths, responses, moments."""

from .by_wealth import by_wealth as by_wealth
from .moments import constraint_spells as constraint_spells, long_run as long_run, moments as moments
from .paths import simulate as simulate
from .responses import girf as girf, irf as irf, states_where as states_where
