"""A filter on the economy in which summaries stand for states that are arrays."""

from dataclasses import dataclass

from .base import Filter


@dataclass(frozen=True)
class OnSummaries(Filter):
    """`filter` on the summarised economy (`hanknn.summarise`): many times as fast, and approximate as its law is.

    For a model without arrays it is `filter` itself. What it tracks are scalar states, summaries among them.

    Example: `log_likelihood(hank, data, filter=OnSummaries(Twisted()))`.
    """

    filter: Filter

    def require(self, seen):
        self.filter.require(seen.linear)

    def together(self, seen):
        return self.filter.together(seen.linear)

    def increments(self, seen, data, theta, key):
        return self.filter.increments(seen.linear, data, theta, key)

    def track(self, seen, data, theta, key):
        return self.filter.track(seen.linear, data, theta, key)
