"""Which filter, and with how many particles."""

from typing import Annotated, Any

import typer

import hanknn

from ...machine.errors import UnknownNameError
from .app import Given
from .options import MOST

FILTERS = {
    "kalman": lambda particles: hanknn.Kalman(),
    "linear": lambda particles: hanknn.Kalman(linearised=True),
    "grid": lambda particles: hanknn.Grid(),
    "guided": lambda particles: hanknn.Guided(particles),
    "bootstrap": lambda particles: hanknn.Bootstrap(particles),
    "tempered": lambda particles: hanknn.Tempered(particles),
    "twisted": lambda particles: hanknn.Twisted(particles),
}
EXACT = "kalman", "linear", "grid"
"""Those without particles: they draw nothing."""
FILTER = "twisted"

FilterName = Annotated[str, typer.Option("--filter", help=f"One of {', '.join(FILTERS)}.")]
Particles = Annotated[int, typer.Option("--particles", min=2, max=MOST, help="Particles of a particle filter.")]


def find_filter(name: str, particles: int) -> Any:
    """A filter by name; raises `UnknownNameError`."""
    if name not in FILTERS:
        raise UnknownNameError("filter", name, FILTERS)
    return FILTERS[name](particles)


def refuse_particles(given: Given, filter: str) -> None:
    given.refuse(filter in EXACT, f"with the {filter} filter, which has none; leave it out", "particles")
