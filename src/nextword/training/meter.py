"""Summing what happened since the last record of progress."""

import math
import time

from nextword.base import Values
from nextword.optim import Clipped
from nextword.training.bptt import UpdateLoss
from nextword.training.progress import Progress
from nextword.training.records import StepRecord


class Meter:
    """Gathers updates and turns them into a `StepRecord`."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._nll_sum = 0.0
        self._num_targets = 0
        self._norm_sum = 0.0
        self._num_clipped = 0
        self._num_updates = 0
        self._since = time.perf_counter()

    def add(self, loss: UpdateLoss, clipped: Clipped) -> None:
        """Take in one update."""
        self._nll_sum += loss.nll_sum
        self._num_targets += loss.num_targets
        self._norm_sum += clipped.norm
        self._num_clipped += clipped.is_clipped
        self._num_updates += 1

    def skip(self, seconds: float) -> None:
        """Leave out time that was not spent on training."""
        self._since += seconds

    def state_values(self) -> Values:
        """Give what a checkpoint needs."""
        return {
            "nll_sum": self._nll_sum,
            "num_targets": self._num_targets,
            "norm_sum": self._norm_sum,
            "num_clipped": self._num_clipped,
            "num_updates": self._num_updates,
            "seconds": time.perf_counter() - self._since,
        }

    def load_state_values(self, values: Values) -> None:
        """Go on from what `state_values` gave."""
        self._nll_sum, self._num_targets = values["nll_sum"], values["num_targets"]
        self._norm_sum, self._num_clipped = values["norm_sum"], values["num_clipped"]
        self._num_updates = values["num_updates"]
        self._since = time.perf_counter() - values["seconds"]

    def record(
        self, progress: Progress, *, epoch: float, learning_rate: float
    ) -> StepRecord | None:
        """Give the record since the last one, and begin anew; None without any update."""
        if self._num_updates == 0:
            return None
        seconds = max(time.perf_counter() - self._since, 1e-9)
        steps_left = max(0, progress.num_steps - progress.step)
        record = StepRecord(
            step=progress.step,
            num_steps=progress.num_steps,
            epoch=epoch,
            num_tokens_seen=progress.num_tokens_seen,
            nll_per_token=self._nll_sum / self._num_targets,
            learning_rate=learning_rate,
            grad_norm=self._norm_sum / self._num_updates,
            clip_rate=self._num_clipped / self._num_updates,
            tokens_per_second=self._num_targets / seconds,
            elapsed_s=progress.elapsed_s,
            remaining_s=math.ceil(steps_left * seconds / self._num_updates),
        )
        self._reset()
        return record
