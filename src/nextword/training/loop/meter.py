"""Averages over the updates since the last record."""

import math
import time

from nextword.base import Values
from nextword.optim import Clipped
from nextword.training.loop.objective import Objective, UpdateLoss
from nextword.training.loop.progress import TrainingProgress
from nextword.training.loop.records import StepRecord


class Meter:
    """Accumulates figures of updates and averages them in a `StepRecord`."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._loss_sum = 0.0
        self._num_items = 0
        self._norm_sum = 0.0
        self._num_clipped = 0
        self._num_updates = 0
        self._since = time.perf_counter()

    def add(self, loss: UpdateLoss, clipped: Clipped) -> None:
        """Add an update.

        Args:
            loss: Its loss.
            clipped: Its gradient norm, and whether the gradient was clipped.
        """
        self._loss_sum += loss.loss_sum
        self._num_items += loss.num_items
        self._norm_sum += clipped.norm
        self._num_clipped += clipped.is_clipped
        self._num_updates += 1

    def skip(self, seconds: float) -> None:
        """Exclude a duration in seconds that was not spent on training."""
        self._since += seconds

    def state_values(self) -> Values:
        """Return the sums as JSON values, for a checkpoint."""
        return {
            "nll_sum": self._loss_sum,
            "num_targets": self._num_items,
            "norm_sum": self._norm_sum,
            "num_clipped": self._num_clipped,
            "num_updates": self._num_updates,
            "seconds": time.perf_counter() - self._since,
        }

    def load_state_values(self, values: Values) -> None:
        """Restore the sums that `state_values` returned."""
        self._loss_sum, self._num_items = values["nll_sum"], values["num_targets"]
        self._norm_sum, self._num_clipped = values["norm_sum"], values["num_clipped"]
        self._num_updates = values["num_updates"]
        self._since = time.perf_counter() - values["seconds"]

    def record(
        self,
        progress: TrainingProgress,
        objective: Objective,
        *,
        epoch: float,
        learning_rate: float,
    ) -> StepRecord | None:
        """Return a record of the updates since the last record, and reset the sums.

        Args:
            progress: Counters of the training.
            objective: Provides the unit and the figures of the loss.
            epoch: Number of epochs so far, as a fraction.
            learning_rate: Learning rate of the last update.

        Returns:
            The record; None if there was no update.
        """
        if self._num_updates == 0:
            return None
        seconds = max(time.perf_counter() - self._since, 1e-9)
        steps_left = max(0, progress.num_steps - progress.step)
        record = StepRecord(
            step=progress.step,
            num_steps=progress.num_steps,
            epoch=epoch,
            num_seen=progress.num_seen,
            unit=objective.unit,
            figures=objective.figures(self._loss_sum / self._num_items),
            headline=objective.headline,
            learning_rate=learning_rate,
            grad_norm=self._norm_sum / self._num_updates,
            clip_rate=self._num_clipped / self._num_updates,
            items_per_second=self._num_items / seconds,
            elapsed_s=progress.elapsed_s,
            remaining_s=math.ceil(steps_left * seconds / self._num_updates),
        )
        self._reset()
        return record
