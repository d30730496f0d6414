"""Training in a run folder, for any task: create and lock the folder, resume, and stop."""

import logging
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nextword.base import FormatError, NextwordError, WorkerError, is_full_disk
from nextword.optim import follows_steps
from nextword.parallel import World, current_world
from nextword.storage import (
    Checkpoint,
    RunFolder,
    RunLock,
    load_checkpoint,
    load_latest_checkpoint,
    sweep_leftovers,
)
from nextword.tokens import kept_text_bytes
from nextword.training.loop.callbacks import Callback
from nextword.training.loop.config import LoopConfig
from nextword.training.loop.objective import Objective
from nextword.training.loop.progress import TrainingProgress
from nextword.training.loop.signals import exit_on_sigterm, stop_on_signals
from nextword.training.loop.state import TrainingState
from nextword.training.loop.trainer import Trainer

_logger = logging.getLogger(__name__)


@contextmanager
def open_run(out: Path) -> Iterator[RunFolder]:
    """Create a run folder if it does not exist, and hold its lock inside the block.

    With several processes, only the first one does so.

    If the block raises an error, a folder that was created and is still empty is removed, and so is
    the lock in a folder that is not that of a run. SIGTERM raises SystemExit inside the block.

    Args:
        out: The run folder.

    Raises:
        CheckpointError: The folder cannot be created.
        FormatError: A folder of the run is a symbolic link.
        LockedError: Another process trains in this folder.
    """
    if not current_world().is_first:
        with exit_on_sigterm():
            yield RunFolder(out)
        return
    was_there = out.exists()
    run = RunFolder.create(out)
    had_lock = run.lock_file.exists()
    try:
        with RunLock(run.path), exit_on_sigterm():
            try:
                run.refuse_links()
                for path in sweep_leftovers(run.path):
                    _logger.info("removed %s, left by a process that was stopped", path)
                yield run
            except BaseException:
                if not (had_lock or run.config_file.exists()):
                    run.lock_file.unlink(missing_ok=True)
                raise
    except BaseException:
        if not was_there and run.is_empty():
            shutil.rmtree(out, ignore_errors=True)
        raise


class Beginning:
    """The part of a run before training, which `emptied_on_failure` reverts if it fails.

    Attributes:
        is_over: Whether training has started; then nothing is reverted.
    """

    def __init__(self) -> None:
        self.is_over = False


@contextmanager
def emptied_on_failure(run: RunFolder) -> Iterator[Beginning]:
    """Empty the run folder again if the block fails or is interrupted before training starts.

    The same command can then be run again. A folder that was not empty before is not changed. After
    a signal or on a full disk, the folder is kept if much of a long text is encoded.

    Args:
        run: The run folder.

    Yields:
        The beginning; set its `is_over` when training starts.
    """
    beginning = Beginning()
    was_empty = current_world().is_first and run.is_empty()
    try:
        yield beginning
    except BaseException as error:
        if was_empty and not beginning.is_over and not _keeps_tokens(run, error):
            shutil.rmtree(run.tokens_folder, ignore_errors=True)
            run.config_file.unlink(missing_ok=True)
            run.sources_file.unlink(missing_ok=True)
        raise


def _keeps_tokens(run: RunFolder, error: BaseException) -> bool:
    """Return whether a training can go on with the encoded text after an error."""
    is_interruption = isinstance(error, KeyboardInterrupt | SystemExit | WorkerError | MemoryError)
    return (is_interruption or is_full_disk(error)) and kept_text_bytes(run.tokens_folder) > 0


def minimize(
    objective: Objective,
    config: LoopConfig,
    *,
    run: RunFolder,
    save_best: Callable[[], None],
    callbacks: Sequence[Callback] = (),
    reshard: bool | None = None,
) -> TrainingProgress:
    """Train an objective in a run folder, from its latest checkpoint if there is one.

    With several processes, all of them call this function; the first one writes the files.

    Args:
        objective: The model, its data and its loss.
        config: The settings of the loop.
        run: The run folder, held by `open_run`.
        save_best: Saves the model to `run.model_folder`; called when validation improves.
        callbacks: Called with records of progress, in the first process.
        reshard: Whether the checkpoint may be that of another number of processes; None refuses it
            as False does, without naming `--reshard`.

    Returns:
        Counters of the training, which is finished or was stopped by a limit.

    Raises:
        DivergedError: The loss, a weight or every validation is not finite.
        FormatError: The checkpoint is not one of a training.
        MismatchError: The checkpoint belongs to another model, to other data, or to another number
            of processes.
        KeyboardInterrupt: SIGINT was received; a checkpoint was saved.
        SystemExit: SIGTERM was received, with code 143; a checkpoint was saved.
    """
    state = TrainingState(objective, config)
    _restore(state, run, reshard=reshard)
    is_finished = state.progress.is_finished and not state.progress.is_validation_due
    if state.world.from_first(is_finished and run.model_folder.exists()):
        return state.progress
    if config.max_minutes is not None and follows_steps(config.schedule):
        _logger.info(
            "training.max_minutes=%g: the learning-rate schedule is fitted to the time",
            config.max_minutes,
            extra={"notice": True},
        )
    with stop_on_signals() as stop:
        trainer = Trainer(
            state,
            config,
            run=run,
            save_best=save_best,
            callbacks=callbacks if state.world.is_first else (),
            stop=stop,
        )
        trainer.run()
    if stop.signal_number == signal.SIGINT:
        raise KeyboardInterrupt
    if stop.signal_number is not None:
        raise SystemExit(128 + stop.signal_number)
    return state.progress


def _restore(state: TrainingState[Objective], run: RunFolder, *, reshard: bool | None) -> None:
    """Restore the latest checkpoint if there is one, and apply the current limits."""
    checkpoint = _load_latest(run, state.world)
    if checkpoint is None:
        return
    try:
        state.restore(checkpoint, reshard=reshard)
    except NextwordError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
        raise FormatError(
            f"the checkpoint of step {checkpoint.step} in {run.checkpoints_folder} is not one of "
            f"this training: {type(error).__name__} {error}.",
            help="Remove its folder to resume from an earlier one, or choose another --out.",
        ) from error
    state.extend()
    _logger.info("resuming after update %d", state.progress.step)


def _load_latest(run: RunFolder, world: World) -> Checkpoint | None:
    """Load the latest checkpoint: first in the first process, which repairs what a crash left."""
    folder = run.checkpoints_folder
    checkpoint = load_latest_checkpoint(folder) if world.is_first else None
    step = world.from_first(None if checkpoint is None else checkpoint.step)
    if checkpoint is None and step is not None:
        checkpoint = load_checkpoint(folder / f"step-{step:08d}")
    return checkpoint
