"""Which filter, and with how many particles."""

from dataclasses import replace
from typing import Annotated

import typer

from ...inference.likelihood import Bootstrap, Filter, Grid, Guided, Kalman, ParticleFilter, Tempered
from ...machine.errors import UnknownNameError
from .idle import Idle
from .options import MOST

FILTERS: dict[str, Filter] = {
    "kalman": Kalman(),
    "grid": Grid(),
    "guided": Guided(),
    "bootstrap": Bootstrap(),
    "tempered": Tempered(),
}
FILTER = "guided"

FilterName = Annotated[str, typer.Option("--filter", help=f"One of {', '.join(FILTERS)}.")]
Particles = Annotated[int, typer.Option("--particles", min=2, max=MOST, help="Particles of a particle filter.")]


def find_filter(name: str, particles: int) -> Filter:
    """A filter by name; raises `UnknownNameError`."""
    if name not in FILTERS:
        raise UnknownNameError("filter", name, FILTERS)
    filter = FILTERS[name]
    return replace(filter, particles=particles) if isinstance(filter, ParticleFilter) else filter


def without_particles(filter: Filter) -> Idle:
    """Of a filter that has none."""
    return Idle(
        not isinstance(filter, ParticleFilter),
        ("particles",),
        f"with the {type(filter).__name__} filter, which has none; leave it out",
    )


def without_chance(filter: Filter, drawn: bool) -> Idle:
    """Of a filter that draws nothing, where the data are not drawn either."""
    random = isinstance(filter, ParticleFilter) or drawn
    return Idle(not random, ("seed",), f"with the {type(filter).__name__} filter: nothing is random; leave it out")
