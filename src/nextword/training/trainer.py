"""The training loop: read, back-propagate, clip, update, measure, save.

It knows token streams and run folders; nothing of text, screens or configuration files.
"""

import math
import time
from collections.abc import Callable, Sequence

from nextword.base import DivergedError
from nextword.batches import lanes
from nextword.evaluation import score_units
from nextword.optim import Clipped, schedule_share
from nextword.recurrent import misses_kernels
from nextword.storage import RunFolder, save_checkpoint
from nextword.tokens import Tokenizer, TokenStore
from nextword.training.bptt import UpdateLoss
from nextword.training.callbacks import Callback
from nextword.training.config import RunConfig
from nextword.training.progress import Progress
from nextword.training.records import ValidationRecord
from nextword.training.signals import StopRequest
from nextword.training.state import Mark, TrainingState

_SECONDS_BETWEEN_CHECKPOINTS = 120.0
#: The speed that fits the schedule to `max_minutes` is measured over at least this much.
_STEPS_BEFORE_HORIZON = 20
_SECONDS_BEFORE_HORIZON = 5.0
#: The plan is made anew each time that so many times the updates or the time have gone by.
_HORIZON_GROWTH = 1.5
#: Room for a last validation.
_HORIZON_SHARE = 0.95
_DIVERGED_HELP = "Lower optimizer.learning_rate, or clip (--set clipping.kind=norm)."
#: Even a short training gives its curve this many points.
_MIN_REPORTS = 20


class Trainer:
    """Moves a training on until it is done or asked to stop.

    Args:
        state: The training as it stands.
        config: The settings.
        valid: The validation text; None to go without.
        tokenizer: Of that text.
        run: Where checkpoints go.
        save_best: Keeps the model; called with averaged weights applied when validation improves.
        callbacks: What watches.
        stop: Asks for an early end.
    """

    def __init__(
        self,
        state: TrainingState,
        config: RunConfig,
        *,
        valid: TokenStore | None,
        tokenizer: Tokenizer,
        run: RunFolder,
        save_best: Callable[[], None],
        callbacks: Sequence[Callback] = (),
        stop: StopRequest | None = None,
    ) -> None:
        self._state = state
        self._config = config
        self._valid = valid
        self._tokenizer = tokenizer
        self._run_folder = run
        self._save_best = save_best
        self._callbacks = callbacks
        self._stop = StopRequest() if stop is None else stop
        self._learning_rate = 0.0

    @property
    def progress(self) -> Progress:
        """How far the training has come."""
        return self._state.progress

    def run(self) -> Progress:
        """Train until done, or until a stop is asked for; a checkpoint is left in either case.

        Raises:
            DivergedError: The loss or gradient is not finite: the update is not made, and the
                checkpoint left behind stands just before it. Or a weight is not finite: nothing is
                saved. Or the training has ended and no validation was finite: there is no model.
        """
        self._resume_clock()
        self._saved_at = time.perf_counter()
        for callback in self._callbacks:
            if misses_kernels(self._state.model):
                callback.on_missing_kernels()
            callback.on_start(first_step=self.progress.step, num_steps=self.progress.num_steps)
        try:
            while not self.progress.is_finished and not self._stop:
                self._make_update()
            if self.progress.is_finished:
                self._require_model()
            self._save_checkpoint()
        finally:
            for callback in self._callbacks:
                callback.on_end()
        return self.progress

    def _make_update(self) -> None:
        """Make one update, or close the epoch where the text is read."""
        mark = self._state.mark()
        found = self._state.compute_gradient()
        if found is None:
            self._close_epoch()
            return
        loss, clipped = found
        self._refuse_bad_numbers(loss, clipped, mark)
        self._learning_rate = self._scheduled_rate()
        self._state.apply_gradient(self._learning_rate)
        self.progress.step += 1
        self.progress.num_tokens_seen += loss.num_targets
        self._state.meter.add(loss, clipped)
        self._after_update()

    def _refuse_bad_numbers(self, loss: UpdateLoss, clipped: Clipped, mark: Mark) -> None:
        """Stop before the update where the loss or the gradient is not finite."""
        if math.isfinite(loss.nll_sum) and math.isfinite(clipped.norm):
            return
        self._state.rewind(mark)
        self._save_checkpoint()
        raise DivergedError(
            f"update {self.progress.step + 1} has loss {loss.nll_sum / loss.num_targets} and "
            f"gradient norm {clipped.norm}; it was not made. The checkpoint of step "
            f"{self.progress.step} in {self._run_folder.checkpoints_folder} is sound.",
            help=_DIVERGED_HELP,
        )

    def _refuse_overflow(self) -> None:
        """Stop before weights are saved that are not finite."""
        name = self._state.overflowed()
        if name is None:
            return
        folder = self._run_folder.checkpoints_folder
        kept = f"the last checkpoint in {folder} stands before it"
        if not self._run_folder.has_checkpoint():
            kept = "there is no checkpoint before it"
        raise DivergedError(
            f"the weights are not finite after update {self.progress.step} ({name}); they were "
            f"not saved, and {kept}.",
            help=_DIVERGED_HELP,
        )

    def _require_model(self) -> None:
        """Measure and keep the last model where the training has ended without one.

        A run is stopped before its first validation and then given fewer updates, or its model
        folder was removed.
        """
        if self._run_folder.model_folder.exists():
            return
        progress = self.progress
        progress.best_nll, progress.last_validation_step = math.inf, -1
        self._validate()
        if not self._run_folder.model_folder.exists():
            raise DivergedError(
                f"no validation was finite, the last one, after update {progress.step}, neither: "
                "there is no best model.",
                help=f"{_DIVERGED_HELP} A word that the model gives no probability does it too.",
            )

    def _scheduled_rate(self) -> float:
        share = schedule_share(
            self._config.schedule, step=self.progress.step, num_steps=self.progress.num_steps
        )
        return self._config.optimizer.learning_rate * share * self._state.plateau.share

    def _after_update(self) -> None:
        progress, config = self.progress, self._config
        progress.elapsed_s = time.perf_counter() - self._clock
        self._fit_horizon()
        log_every = min(config.training.log_every, max(1, progress.num_steps // _MIN_REPORTS))
        if progress.step % log_every == 0:
            self._report()
        if config.evaluation.every and progress.step % config.evaluation.every == 0:
            self._validate()
        if progress.step >= progress.num_steps or self._is_time_up():
            self._finish()
        elif self._is_checkpoint_due():
            self._save_checkpoint()

    def _close_epoch(self) -> None:
        """Count the epoch, measure, and stand before the next one."""
        self.progress.epoch += 1
        self._state.open_epoch()
        if not self._config.evaluation.every:
            self._validate()
        if self.progress.epoch >= self._config.training.epochs:
            self._finish()

    def _finish(self) -> None:
        self._report()
        self._validate()
        self.progress.is_finished = True

    def _report(self) -> None:
        record = self._state.meter.record(
            self.progress, epoch=self._epoch_with_part(), learning_rate=self._learning_rate
        )
        if record is None:
            return
        for callback in self._callbacks:
            callback.on_step(record)

    def _epoch_with_part(self) -> float:
        """Give the times the text has been read, with the part of the current one."""
        return self.progress.step / self._state.updates_per_epoch

    def _validate(self) -> None:
        """Measure the averaged weights, once, and keep them where they are the best so far."""
        started, progress = time.perf_counter(), self.progress
        if progress.last_validation_step == progress.step:
            return
        with self._state.average.applied():
            nll = self._validation_nll()
            is_best = nll < progress.best_nll or self._valid is None
            if is_best:
                self._refuse_overflow()
                progress.best_nll, progress.best_step, progress.num_worse = nll, progress.step, 0
                self._save_best()
            else:
                progress.num_worse += 1
        progress.last_validation_step = progress.step
        self._state.plateau.observe(nll)
        patience = self._config.evaluation.patience
        if patience is not None and progress.num_worse >= patience:
            progress.is_finished = True
        if self._valid is not None:
            self._tell_validation(nll, is_best=is_best)
        self._state.meter.skip(time.perf_counter() - started)

    def _tell_validation(self, nll: float, *, is_best: bool) -> None:
        record = ValidationRecord(
            step=self.progress.step,
            epoch=self._epoch_with_part(),
            nll_per_token=nll,
            is_best=is_best,
            elapsed_s=self.progress.elapsed_s,
        )
        for callback in self._callbacks:
            callback.on_validation(record)

    def _validation_nll(self) -> float:
        """Give the mean loss over the validation text, cut in lanes to be quick; nats per token."""
        if self._valid is None:
            return math.inf
        batch_size, reset = self._config.evaluation.batch_size, self._config.training.reset
        unit_starts = (
            lanes(self._valid.num_tokens, batch_size)
            if reset == "never"
            else self._valid.unit_starts(reset, self._tokenizer.line_end_ids)
        )
        windows = score_units(
            self._state.model, self._valid.ids, unit_starts=unit_starts, batch_size=batch_size
        )
        return sum(float(window.nll.sum()) for window in windows) / self._valid.num_tokens

    def _fit_horizon(self) -> None:
        """Now and then, plan as many updates as `max_minutes` has room for at the latest speed.

        A machine that is busy at first is not always busy, and the other way round.
        """
        progress, minutes = self.progress, self._config.training.max_minutes
        steps = progress.step - progress.planned_at_step
        seconds = progress.elapsed_s - progress.planned_at_s
        if minutes is None or steps < _STEPS_BEFORE_HORIZON or not self._is_plan_old():
            return
        seconds_left = minutes * 60.0 * _HORIZON_SHARE - progress.elapsed_s
        fitting = progress.step + int(seconds_left * steps / seconds)
        progress.num_steps = max(progress.step + 1, min(self._state.planned_steps(), fitting))
        progress.planned_at_step, progress.planned_at_s = progress.step, progress.elapsed_s
        progress.is_fitted = True

    def _is_plan_old(self) -> bool:
        progress = self.progress
        if not progress.is_fitted:
            return progress.elapsed_s - progress.planned_at_s >= _SECONDS_BEFORE_HORIZON
        return (
            progress.elapsed_s >= _HORIZON_GROWTH * progress.planned_at_s
            or progress.step >= _HORIZON_GROWTH * progress.planned_at_step
        )

    def _is_time_up(self) -> bool:
        minutes = self._config.training.max_minutes
        return minutes is not None and self.progress.elapsed_s >= minutes * 60.0

    def _is_checkpoint_due(self) -> bool:
        every = self._config.training.checkpoint_every
        if every is not None:
            return self.progress.step % every == 0
        return time.perf_counter() - self._saved_at >= _SECONDS_BETWEEN_CHECKPOINTS

    def _save_checkpoint(self) -> None:
        started = time.perf_counter()
        self._refuse_overflow()
        tensors, values = self._state.collect()
        folder = self._run_folder.checkpoints_folder
        save_checkpoint(folder, step=self.progress.step, tensors=tensors, values=values)
        self._saved_at = time.perf_counter()
        self._state.meter.skip(self._saved_at - started)

    def _resume_clock(self) -> None:
        """Let `elapsed_s` go on from earlier sittings."""
        self._clock = time.perf_counter() - self.progress.elapsed_s
