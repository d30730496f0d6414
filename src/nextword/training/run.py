"""One whole training: folder, lock, data, model, loop, measurement, report."""

import logging
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from nextword.base import FormatError, NextwordError, Values
from nextword.evaluation import PerplexityCard, evaluate
from nextword.families import NetworkSpec
from nextword.families.contract import Network
from nextword.models import LanguageModel, NeuralLanguageModel
from nextword.storage import RunFolder, RunLock, load_latest_checkpoint, sweep_leftovers
from nextword.text import ByteStream
from nextword.tokens import TokenStore
from nextword.training.callbacks import Callback, MetricsFile, TrainingCurve
from nextword.training.config import RunConfig
from nextword.training.data import StageProgress
from nextword.training.keeper import ModelKeeper
from nextword.training.preparation import Preparation, prepare, start_of
from nextword.training.progress import Progress
from nextword.training.report import write_report
from nextword.training.settings import settle
from nextword.training.signals import exit_on_sigterm, stop_on_signals
from nextword.training.sources import (
    TextAccess,
    check_sources,
    require_unchanged,
    starting_folder,
)
from nextword.training.state import TrainingState
from nextword.training.trainer import Trainer

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What a training came to.

    Attributes:
        run: The run folder.
        model: The model folder in it: the best model of the training.
        family: The model's family.
        num_parameters: Trained numbers.
        progress: How far it came.
        validation: The best model's card on the validation text, if there is one.
        test: Its card on the test text, if there is one.
    """

    run: Path
    model: Path
    family: str
    num_parameters: int
    progress: Progress
    validation: PerplexityCard | None
    test: PerplexityCard | None

    def to_dict(self) -> Values:
        """Give the JSON object that `nextword train --json` ends with."""
        seconds = self.progress.elapsed_s
        num_tokens = self.progress.num_tokens_seen
        return {
            "run": str(self.run),
            "model": str(self.model),
            "family": self.family,
            "num_parameters": self.num_parameters,
            "num_tokens_seen": num_tokens,
            "seconds": seconds,
            "tokens_per_second": num_tokens / seconds if seconds else None,
            "validation": self.validation.to_dict() if self.validation else None,
            "test": self.test.to_dict() if self.test else None,
        }


def run_training(
    config: RunConfig,
    out: Path,
    *,
    resume: str = "never",
    callbacks: Callable[[RunFolder], Sequence[Callback]] | None = None,
    on_stage: StageProgress | None = None,
    standard_input: ByteStream | None = None,
) -> RunResult:
    """Train a model into a run folder, or go on with one.

    Args:
        config: The settings.
        out: The run folder; made where it is missing.
        resume: `never` refuses a folder that holds a run; `auto` starts in an empty one, goes on
            where a run stopped, and on a finished run only reports; `old-text` does the same with
            the text as it was encoded when the run began, whatever the text is now.
        callbacks: Gives what watches beside the metrics file and the training curve.
        on_stage: Is told of stages before and after training.
        standard_input: The stream that the text `-` stands for.

    Raises:
        ConfigError: The folder is not empty, no text is named, or settings do not fit each other.
        MismatchError: The run in the folder was started with other settings or another text.
        DataError: A text cannot be read or is too short.
        LockedError: Another process trains in this folder.
        DivergedError: The loss, a weight or every validation is not finite.
        KeyboardInterrupt: SIGINT came; once training has begun a checkpoint was saved.
        SystemExit: SIGTERM came, with code 143; once training has begun a checkpoint was saved.
    """
    with _created(out) as run, _held(run):
        with _left_empty_on_refusal(run):
            folder = starting_folder(run)
            start = start_of(config, access=TextAccess(folder=folder))
            config = settle(start.config, run, resume=resume, folder=folder)
            access = check_sources(config.text, run, folder=folder, resume=resume)
            ready = prepare(
                replace(start, config=config),
                run.tokens_folder,
                on_stage=on_stage,
                standard_input=standard_input,
                access=access,
            )
            if not access.is_old:
                require_unchanged(run)
            job = _Job(ready, run, callbacks=callbacks)
            model = config.model.fit(job)
        return _measure(model, job, on_stage=on_stage)


class _Job:
    """Fits a model into a run folder; see `FitJob`.

    Args:
        ready: Settings and data.
        run: The run folder.
        callbacks: Returns the callbacks beside the metrics file and the training curve.

    Attributes:
        progress: How far the fit has come.
    """

    def __init__(
        self,
        ready: Preparation,
        run: RunFolder,
        *,
        callbacks: Callable[[RunFolder], Sequence[Callback]] | None,
    ) -> None:
        self.ready = ready
        self.run = run
        self.train = ready.data.train
        self.tokenizer = ready.data.tokenizer
        self.temporary_folder = run.tokens_folder
        self._callbacks = callbacks
        self._started = time.perf_counter()
        self._progress: Progress | None = None

    @property
    def progress(self) -> Progress:
        """How far the fit has come; a fit without updates is one pass over the text."""
        if self._progress is not None:
            return self._progress
        return Progress(
            step=1,
            num_tokens_seen=self.train.num_tokens,
            elapsed_s=time.perf_counter() - self._started,
            is_finished=True,
        )

    def build(self, build: Callable[[NetworkSpec], Network]) -> Network:
        """Return a network with its initial weights, on the device of the run."""
        return self.ready.build(build)

    def minimize(self, model: NeuralLanguageModel) -> None:
        """Train a network by gradient descent, from the latest checkpoint on if there is one."""
        config = self.ready.config
        state = TrainingState(model, config, train=self.train, tokenizer=self.tokenizer)
        _restore(state, self.run)
        keeper = ModelKeeper(self.run, model, config, self.tokenizer)
        watchers = [MetricsFile(self.run), TrainingCurve(self.run)]
        if self._callbacks is not None:
            watchers += self._callbacks(self.run)
        if not state.progress.is_finished or not self.run.model_folder.exists():
            _train(state, self.ready, run=self.run, keeper=keeper, callbacks=watchers)
        self._progress = state.progress
        keeper.load_best(model)


def _train(
    state: TrainingState,
    ready: Preparation,
    *,
    run: RunFolder,
    keeper: ModelKeeper,
    callbacks: Sequence[Callback],
) -> None:
    """Train to the end, or to a signal: then end as the signal would have, after saving."""
    with stop_on_signals() as stop:
        trainer = Trainer(
            state,
            ready.config,
            valid=ready.data.valid,
            tokenizer=ready.data.tokenizer,
            run=run,
            save_best=keeper.save,
            callbacks=callbacks,
            stop=stop,
        )
        trainer.run()
    if stop.signal_number == signal.SIGINT:
        raise KeyboardInterrupt
    if stop.signal_number is not None:
        raise SystemExit(128 + stop.signal_number)


@contextmanager
def _held(run: RunFolder) -> Iterator[None]:
    """Hold the run, swept of what a killed process left; SIGTERM ends it in order."""
    with RunLock(run.path), exit_on_sigterm():
        run.refuse_links()
        for path in sweep_leftovers(run.path):
            _logger.info("removed %s, left by a process that was stopped", path)
        yield


@contextmanager
def _left_empty_on_refusal(run: RunFolder) -> Iterator[None]:
    """Take back what was written into an empty folder when the start fails or is interrupted.

    So that the same command, mended, does not stumble over what the first attempt left.
    """
    was_empty = run.is_empty()
    try:
        yield
    except BaseException:
        if was_empty and not run.has_checkpoint():
            shutil.rmtree(run.tokens_folder, ignore_errors=True)
            run.config_file.unlink(missing_ok=True)
            run.sources_file.unlink(missing_ok=True)
        raise


@contextmanager
def _created(out: Path) -> Iterator[RunFolder]:
    """Make the run folder where it is missing; one that stays empty goes again."""
    was_there = out.exists()
    run = RunFolder.create(out)
    try:
        yield run
    except BaseException:
        if not was_there and run.is_empty():
            shutil.rmtree(out, ignore_errors=True)
        raise


def _restore(state: TrainingState, run: RunFolder) -> None:
    """Go on from the latest checkpoint, if there is one, for as long as the settings now say."""
    checkpoint = load_latest_checkpoint(run.checkpoints_folder)
    if checkpoint is None:
        return
    try:
        state.restore(checkpoint)
    except NextwordError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
        raise FormatError(
            f"the checkpoint of step {checkpoint.step} in {run.checkpoints_folder} is not one of "
            f"a training: {type(error).__name__} {error}.",
            help="Remove its folder to go on from an earlier one, or choose another --out.",
        ) from error
    state.extend()
    _logger.info("going on after update %d", state.progress.step)


def _measure(model: LanguageModel, job: _Job, *, on_stage: StageProgress | None) -> RunResult:
    """Measure the best model as `nextword evaluate` does, and write card and report."""
    config, data, run = job.ready.config, job.ready.data, job.run
    progress = job.progress
    keeper = ModelKeeper(run, model, config, data.tokenizer)

    def card(name: str, store: TokenStore | None) -> PerplexityCard | None:
        if store is None:
            return None
        return evaluate(
            model,
            store,
            tokenizer=data.tokenizer,
            name=str(run.path),
            text=data.descriptions[name],
            reset=config.training.reset,
            on_progress=lambda done: (
                on_stage(f"measuring on the {name} text, tokens", done, store.num_tokens)
                if on_stage
                else None
            ),
        )

    validation, test = card("valid", data.valid), card("test", data.test)
    keeper.save([each for each in (validation, test) if each is not None])
    result = RunResult(
        run=run.path,
        model=run.model_folder,
        family=model.family,
        num_parameters=model.num_parameters,
        progress=progress,
        validation=validation,
        test=test,
    )
    write_report(run, config=config, result=result.to_dict(), cards=[validation, test])
    return result
