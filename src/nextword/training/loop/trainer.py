"""The training loop: compute gradients, update, report, validate, save.

Uses objectives and run folders; does not depend on texts, terminals or configuration files.
"""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from nextword.base import DivergedError
from nextword.optim import Clipped, schedule_share
from nextword.recurrent import misses_kernels
from nextword.storage import RunFolder, save_checkpoint
from nextword.training.loop.callbacks import Callback
from nextword.training.loop.config import LoopConfig
from nextword.training.loop.horizon import fit_horizon
from nextword.training.loop.objective import Objective, UpdateLoss, Validation
from nextword.training.loop.progress import TrainingProgress
from nextword.training.loop.records import ValidationRecord
from nextword.training.loop.signals import Interrupted, StopRequest
from nextword.training.loop.state import Mark, TrainingState

_SECONDS_BETWEEN_CHECKPOINTS = 120.0
#: Number of successive losses above the limit of the objective that end a training.
_MAX_LARGE_LOSSES = 100
#: The same at the end of a training; half of the updates of one with few of them.
_MAX_LAST_LARGE_LOSSES = 10
_DIVERGED_HELP = "Lower optimizer.learning_rate, or clip to a lower clipping.threshold."
#: Minimum number of records, even in a short training.
_MIN_RECORDS = 20
#: Numbers of updates between records of a training with a time limit.
_INTERVALS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


class Trainer:
    """Runs a training until it is finished or a stop is requested.

    Args:
        state: The state of the training.
        config: The settings of the loop.
        run: The run folder, where checkpoints go.
        save_best: Saves the model; called after each improved validation, while the averaged
            weights are applied.
        callbacks: Called with progress and validation records.
        stop: Request to stop early, checked before each update. It interrupts a validation, which
            is then repeated when the run is resumed.
    """

    def __init__(
        self,
        state: TrainingState[Objective],
        config: LoopConfig,
        *,
        run: RunFolder,
        save_best: Callable[[], None],
        callbacks: Sequence[Callback] = (),
        stop: StopRequest | None = None,
    ) -> None:
        self._state = state
        self._world = state.world
        self._config = config
        self._run_folder = run
        self._save_best = save_best
        self._callbacks = callbacks
        self._stop = StopRequest() if stop is None else stop
        self._learning_rate = 0.0
        self._num_large = 0

    @property
    def progress(self) -> TrainingProgress:
        """Counters of the training."""
        return self._state.progress

    def run(self) -> TrainingProgress:
        """Train until the training is finished or a stop is requested, and save a checkpoint.

        If the loss or the gradient is not finite, or 100 successive losses are too large, the
        update is not made, and a checkpoint of the state before it is saved. Fewer large losses
        can be passed: with clipped gradients, a network often recovers within some updates. If a
        weight is not finite, nothing is saved.

        Returns:
            Counters of the training.

        Raises:
            DivergedError: The loss, the gradient or a weight is not finite, 100 successive losses
                or the last 10 are above the `largest_loss` of the objective, or training has
                finished and no validation was finite.
        """
        self._resume_clock()
        self._saved_at_s = self.progress.elapsed_s
        for callback in self._callbacks:
            if misses_kernels(self._state.model):
                callback.on_missing_kernels()
            callback.on_start(first_step=self.progress.step, num_steps=self.progress.num_steps)
        try:
            if self.progress.is_validation_due:
                self._repeat_validation()
            while not self.progress.is_finished and not self._must_stop():
                self._make_update()
            if self.progress.is_finished:
                self._require_model()
                self._require_small_losses()
            self._save_checkpoint()
        finally:
            for callback in self._callbacks:
                callback.on_end()
        return self.progress

    def _must_stop(self) -> bool:
        """Return whether a process has received a signal; all processes stop at the same update.

        A signal that arrives during the exchange counts at the next update: the other processes
        have not been told of it.
        """
        number = self._world.largest(self._stop.signal_number or 0)
        if number == 0:
            return False
        self._stop.signal_number = number
        return True

    def _make_update(self) -> None:
        """Make one update, or end the epoch."""
        mark = self._state.mark()
        found = self._state.compute_gradient()
        if found is None:
            self._end_epoch()
            return
        loss, clipped = found
        self._require_finite(loss, clipped, mark)
        for callback in self._callbacks:
            callback.on_update(self.progress.step + 1, clipped)
        if self.progress.step == 0:
            self._fit_horizon()
        self._learning_rate = self._scheduled_rate()
        self._state.apply_gradient(self._learning_rate)
        self.progress.step += 1
        self.progress.num_seen += loss.num_items
        self._state.meter.add(loss, clipped)
        self._after_update()

    def _require_finite(self, loss: UpdateLoss, clipped: Clipped, mark: Mark) -> None:
        """Raise an error before an update if its loss or gradient is not finite.

        It is also raised if the loss has been far too large in many successive updates.
        """
        is_finite = math.isfinite(loss.loss_sum) and math.isfinite(clipped.norm)
        is_large = is_finite and loss.mean > self._state.objective.largest_loss
        self._num_large = self._num_large + 1 if is_large else 0
        if is_finite and self._num_large < _MAX_LARGE_LOSSES:
            return
        self._state.rewind(mark)
        self._save_checkpoint()
        raise DivergedError(
            f"update {self.progress.step + 1} has loss {loss.mean:.4g} and gradient norm "
            f"{clipped.norm:.4g}; it was not made. The checkpoint of step {self.progress.step} in "
            f"{self._run_folder.checkpoints_folder} was saved before it.",
            help=_DIVERGED_HELP,
        )

    def _require_finite_weights(self) -> None:
        """Raise an error instead of saving weights that are not finite."""
        name = self._state.overflowed()
        if name is None:
            return
        folder = self._run_folder.checkpoints_folder
        kept = f"the last checkpoint in {folder} was saved before it"
        if not self._run_folder.has_checkpoint():
            kept = "there is no earlier checkpoint"
        raise DivergedError(
            f"the weights are not finite after update {self.progress.step} ({name}); they were "
            f"not saved, and {kept}.",
            help=_DIVERGED_HELP,
        )

    def _require_small_losses(self) -> None:
        """Raise an error if the last losses of a finished training are far too large."""
        if self._num_large >= min(_MAX_LAST_LARGE_LOSSES, max(1, self.progress.step // 2)):
            raise DivergedError(
                f"the last {self._num_large} losses, up to update {self.progress.step}, are far "
                "above that of a uniform guess.",
                help=_DIVERGED_HELP,
            )

    def _require_model(self) -> None:
        """Validate and save the last model if training has finished without a saved model.

        This happens when a run is stopped before its first validation and then given fewer
        updates, or when its model folder was removed.
        """
        if self._has_model():
            return
        progress = self.progress
        progress.best_score, progress.last_validation_step = math.inf, -1
        self._validate()
        if progress.is_validation_due:
            progress.is_finished = False
        elif not self._has_model():
            raise DivergedError(
                f"no validation was finite, including the last one after update {progress.step}: "
                "there is no best model.",
                help=f"{_DIVERGED_HELP} A token with probability 0 has this effect too.",
            )

    def _has_model(self) -> bool:
        return self._world.from_first(self._run_folder.model_folder.exists())

    def _scheduled_rate(self) -> float:
        share = schedule_share(
            self._config.schedule, step=self.progress.step, num_steps=self.progress.num_steps
        )
        return self._config.optimizer.learning_rate * share * self._state.plateau.share

    def _after_update(self) -> None:
        progress, config = self.progress, self._config
        self._fit_horizon()
        if progress.step % self._log_every() == 0:
            self._report()
        if config.validate_every and progress.step % config.validate_every == 0:
            self._validate()
        if progress.step >= progress.num_steps or self._is_time_up():
            self._finish()
        elif self._is_checkpoint_due():
            self._save_checkpoint()

    def _log_every(self) -> int:
        """Return the number of updates between records, smaller in a short training."""
        every = max(1, self.progress.num_steps // _MIN_RECORDS)
        if self._config.max_minutes is not None:
            # The estimated number of updates changes often, the interval seldom.
            every = max(each for each in _INTERVALS if each <= every)
        return min(self._config.log_every, every)

    def _fit_horizon(self) -> None:
        """Read the clock, and fit the number of updates to the time limit."""
        self.progress.elapsed_s = self._elapsed_s()
        fit_horizon(
            self.progress,
            max_minutes=self._config.max_minutes,
            planned_steps=self._state.planned_steps(),
        )

    def _end_epoch(self) -> None:
        """Increment the epoch, validate, and start the next epoch."""
        self.progress.epoch += 1
        self._state.start_epoch()
        if not self._config.validate_every:
            self._validate()
        if self.progress.epoch >= self._config.epochs and not self.progress.is_validation_due:
            self._finish()

    def _finish(self) -> None:
        self._report()
        self._validate()
        self.progress.is_finished = not self.progress.is_validation_due

    def _repeat_validation(self) -> None:
        """Do the validation that a signal interrupted, and finish if it was the last one."""
        progress = self.progress
        self._validate()
        is_last = progress.step >= progress.num_steps or progress.epoch >= self._config.epochs
        if (is_last or self._is_time_up()) and not progress.is_validation_due:
            self._finish()

    def _report(self) -> None:
        record = self._state.meter.record(
            self.progress,
            self._state.objective,
            epoch=self._fractional_epoch(),
            learning_rate=self._learning_rate,
        )
        if record is None:
            return
        for callback in self._callbacks:
            callback.on_step(record)

    def _fractional_epoch(self) -> float:
        return self.progress.step / self._state.objective.updates_per_epoch

    def _validate(self) -> None:
        """Validate the averaged weights, once per step, and save the model if it is the best."""
        started, progress = time.perf_counter(), self.progress
        if progress.last_validation_step == progress.step:
            return
        progress.is_validation_due = True
        with self._state.average.applied():
            try:
                with self._interruptible():
                    found = self._state.objective.validate()
            except Interrupted:
                return
            validation = self._world.from_first(found)
            score = math.inf if validation is None else validation.score
            is_best = score < progress.best_score or validation is None
            if is_best:
                self._require_finite_weights()
                progress.best_score, progress.best_step, progress.num_worse = (
                    score,
                    progress.step,
                    0,
                )
                if self._world.is_first:
                    self._save_best()
            else:
                progress.num_worse += 1
        progress.last_validation_step, progress.is_validation_due = progress.step, False
        self._state.plateau.observe(score)
        patience = self._config.patience
        if patience is not None and progress.num_worse >= patience:
            progress.is_finished = True
        if validation is not None:
            self._report_validation(validation, is_best=is_best)
        self._state.meter.skip(time.perf_counter() - started)

    def _interruptible(self) -> AbstractContextManager[None]:
        """Let a signal end the block at once, unless other processes wait for this one in it."""
        return self._stop.interruptible() if self._world.size == 1 else nullcontext()

    def _report_validation(self, validation: Validation, *, is_best: bool) -> None:
        record = ValidationRecord(
            step=self.progress.step,
            epoch=self._fractional_epoch(),
            figures=validation.figures,
            headline=validation.headline,
            is_best=is_best,
            elapsed_s=self.progress.elapsed_s,
        )
        for callback in self._callbacks:
            callback.on_validation(record)

    def _is_time_up(self) -> bool:
        minutes = self._config.max_minutes
        return minutes is not None and self.progress.elapsed_s >= minutes * 60.0

    def _is_checkpoint_due(self) -> bool:
        every = self._config.checkpoint_every
        if every is not None:
            return self.progress.step % every == 0
        return self.progress.elapsed_s - self._saved_at_s >= _SECONDS_BETWEEN_CHECKPOINTS

    def _save_checkpoint(self) -> None:
        started = time.perf_counter()
        self._require_finite_weights()
        tensors, values = self._state.collect()
        folder = self._run_folder.checkpoints_folder
        if self._world.is_first:
            save_checkpoint(folder, step=self.progress.step, tensors=tensors, values=values)
        self._saved_at_s = self._elapsed_s()
        self._state.meter.skip(time.perf_counter() - started)

    def _elapsed_s(self) -> float:
        """Return the duration of the training in seconds, by the clock of the first process."""
        return self._world.from_first(time.perf_counter() - self._clock)

    def _resume_clock(self) -> None:
        """Start the clock at the `elapsed_s` of a resumed run."""
        self._clock = time.perf_counter() - self.progress.elapsed_s
