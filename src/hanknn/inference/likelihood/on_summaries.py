"""A filter on the economy in which summaries stand for states that are arrays."""

from dataclasses import dataclass

from .base import Filter


@dataclass(frozen=True)
class OnSummaries(Filter):
    """`filter` on the summarised economy (`hanknn.summarise`): many times as fast, and approximate as its law is.

    For a model without arrays it is `filter` itself. It tracks summaries beside scalar states.

    Example: `log_likelihood(hank, data, filter=OnSummaries(Twisted()))`.
    """

    filter: Filter

    def view(self, seen):
        return seen.linear

    def require(self, seen):
        self.filter.require(self.view(seen))

    def tracked(self, seen):
        return self.filter.tracked(self.view(seen))

    def together(self, seen):
        return self.filter.together(self.view(seen))

    def increments(self, seen, data, theta, key):
        return self.filter.increments(self.view(seen), data, theta, key)

    def track(self, seen, data, theta, key):
        return self.filter.track(self.view(seen), data, theta, key)
