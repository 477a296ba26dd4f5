"""What training learned on the way: one row an iteration, and a validation row a chunk."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from .method import Info


@dataclass
class History:
    """Grows during training. Seconds count from the start of iterating, compilation aside."""

    equations: tuple[str, ...]
    steps: list[np.ndarray] = field(default_factory=list)
    checks: list[tuple[float, ...]] = field(default_factory=list)

    def add(self, stage: int, first: int, info: Info, seconds: float) -> None:
        """One chunk of iterations, ending at `seconds`."""
        loss = np.asarray(info.loss, np.float64)
        count = len(loss)
        columns = [
            np.full(count, stage),
            np.arange(first, first + count),
            loss,
            *np.asarray(info.mean_squares, np.float64).T,
            np.asarray(info.rate, np.float64),
            np.full(count, seconds),
        ]
        self.steps.append(np.stack(columns, axis=1))

    def check(self, stage: int, iteration: int, seconds: float, mean_squares: np.ndarray) -> None:
        """Mean squared residuals on the validation sample after `iteration` iterations."""
        self.checks.append((stage, iteration, seconds, float(np.mean(mean_squares)), *map(float, mean_squares)))

    @property
    def table(self) -> pd.DataFrame:
        """One row an iteration: training loss, each equation's mean square on the training sample, rate."""
        columns = ["stage", "iteration", "loss", *self.equations, "rate", "seconds"]
        data = np.concatenate(self.steps) if self.steps else np.zeros((0, len(columns)))
        return pd.DataFrame(data, columns=columns).astype({"stage": int, "iteration": int})

    @property
    def validation(self) -> pd.DataFrame:
        """One row a chunk: mean squared residuals over the box and the ergodic distribution, exact expectations."""
        columns = ["stage", "iteration", "seconds", "mean_square", *self.equations]
        return pd.DataFrame(self.checks, columns=columns).astype({"stage": int, "iteration": int})

    def arrays(self) -> list[np.ndarray]:
        """For a checkpoint."""
        return [self.table.to_numpy(np.float64), self.validation.to_numpy(np.float64)]

    @classmethod
    def from_arrays(cls, equations: tuple[str, ...], arrays: list[np.ndarray]) -> "History":
        return cls(equations, [arrays[0]], [tuple(row) for row in arrays[1]])
