"""The distribution of households as a histogram on fixed nodes (Young 2010): nobody is drawn."""

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

POWER = 2.0
"""How much closer nodes are near the limit."""


@dataclass(frozen=True)
class Histogram:
    """`count` nodes of assets from `limit` to `top`, closer together near the limit.

    A distribution is an array (e, assets): masses of the unemployed and of the employed, one in total.
    """

    limit: float
    top: float
    count: int

    @functools.cached_property
    def nodes(self) -> Float[np.ndarray, " bins"]:
        return self.limit + (self.top - self.limit) * np.linspace(0, 1, self.count) ** POWER

    @functools.cached_property
    def widths(self) -> Float[np.ndarray, " between"]:
        """From each node to the next."""
        return np.diff(self.nodes)

    def mean(self, mass: Float[np.ndarray, "2 bins"]) -> float:
        """Assets of all: the economy's capital."""
        return float((mass * self.nodes).sum())

    def moved(
        self, mass: Float[np.ndarray, "2 households"], later: Float[np.ndarray, "2 households"]
    ) -> Float[np.ndarray, "2 bins"]:
        """The masses once households hold `later`, each shared by the two nodes around so that its mean stays.

        Who holds more than the top is put there.
        """
        size = 2 * self.count
        unit = np.clip((later - self.limit) / (self.top - self.limit), 0, 1) ** (1 / POWER)
        left = np.minimum((unit * (self.count - 1)).astype(np.int64), self.count - 2)
        share = np.clip((later - self.nodes[left]) / self.widths[left], 0, 1)
        place = (left + self.count * np.arange(2)[:, None]).ravel()
        up = (mass * share).ravel()
        stays = np.bincount(place, mass.ravel() - up, size)
        return (stays + np.bincount(place + 1, up, size)).reshape(2, self.count)


def jobs_changed(mass: Float[np.ndarray, "2 bins"], chances: Float[np.ndarray, "2 2"]) -> Float[np.ndarray, "2 bins"]:
    """The masses after jobs were found and lost with these probabilities [e, e']."""
    return np.einsum("ew,ea->wa", chances, mass)
