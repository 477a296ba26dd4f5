"""Independent answers to compare solutions with; they share no code with training."""

from .time_iteration import TimeIterated as TimeIterated, TimeIteration as TimeIteration
