"""One whole training: folder, lock, data, model, loop, measurement, report."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nextword.base import Values
from nextword.evaluation import PerplexityCard, evaluate
from nextword.families import NetworkSpec
from nextword.families.contract import Network
from nextword.models import LanguageModel, NeuralLanguageModel
from nextword.storage import RunFolder
from nextword.text import ByteStream
from nextword.tokens import TokenStore
from nextword.training.config import RunConfig
from nextword.training.data import (
    StageProgress,
    TextAccess,
    check_sources,
    require_unchanged,
    starting_folder,
)
from nextword.training.keeper import ModelKeeper
from nextword.training.language_modeling import LanguageModelingObjective
from nextword.training.loop import (
    Beginning,
    Callback,
    MetricsFile,
    TrainingCurve,
    TrainingProgress,
    emptied_on_failure,
    minimize,
    open_run,
)
from nextword.training.preparation import Preparation, prepare, start_of
from nextword.training.report import write_report
from nextword.training.resume import resumable_config


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
    progress: TrainingProgress
    validation: PerplexityCard | None
    test: PerplexityCard | None

    def to_dict(self) -> Values:
        """Give the JSON object that `nextword train --json` ends with."""
        seconds = self.progress.elapsed_s
        num_tokens = self.progress.num_seen
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
    on_progress: StageProgress | None = None,
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
        on_progress: Is told of stages before and after training.
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
    with open_run(out) as run:
        with emptied_on_failure(run) as beginning:
            folder = starting_folder(run)
            start = start_of(config, access=TextAccess(folder=folder))
            config = resumable_config(start.config, run, resume=resume, folder=folder)
            access = check_sources(config.text, run, folder=folder, resume=resume)
            ready = prepare(
                replace(start, config=config),
                run.tokens_folder,
                on_progress=on_progress,
                standard_input=standard_input,
                access=access,
            )
            if not access.is_old:
                require_unchanged(run)
            job = _Job(ready, run, beginning=beginning, callbacks=callbacks)
            model = config.model.fit(job)
        return _measure(model, job, on_progress=on_progress)


class _Job:
    """Fits a model into a run folder; see `FitJob`.

    Args:
        ready: Settings and data.
        run: The run folder.
        beginning: Is over once gradient descent starts.
        callbacks: Returns the callbacks beside the metrics file and the training curve.

    Attributes:
        progress: How far the fit has come.
    """

    def __init__(
        self,
        ready: Preparation,
        run: RunFolder,
        *,
        beginning: Beginning,
        callbacks: Callable[[RunFolder], Sequence[Callback]] | None,
    ) -> None:
        self.ready = ready
        self.run = run
        self.train = ready.data.train
        self.tokenizer = ready.data.tokenizer
        self.temporary_folder = run.tokens_folder
        self._beginning = beginning
        self._callbacks = callbacks
        self._started = time.perf_counter()
        self._progress: TrainingProgress | None = None

    @property
    def progress(self) -> TrainingProgress:
        """How far the fit has come; a fit without updates is one pass over the text."""
        if self._progress is not None:
            return self._progress
        return TrainingProgress(
            step=1,
            num_seen=self.train.num_tokens,
            elapsed_s=time.perf_counter() - self._started,
            is_finished=True,
        )

    def build(self, build: Callable[[NetworkSpec], Network]) -> Network:
        """Return a network with its initial weights, on the device of the run."""
        return self.ready.build(build)

    def minimize(self, model: NeuralLanguageModel) -> None:
        """Train a network by gradient descent, from the latest checkpoint if there is one."""
        config, data = self.ready.config, self.ready.data
        objective = LanguageModelingObjective(
            model, config, train=data.train, valid=data.valid, tokenizer=data.tokenizer
        )
        keeper = ModelKeeper(self.run, model, config=config, tokenizer=self.tokenizer)
        callbacks = [MetricsFile(self.run), TrainingCurve(self.run)]
        if self._callbacks is not None:
            callbacks += self._callbacks(self.run)
        self._beginning.is_over = True
        self._progress = minimize(
            objective, config.loop, run=self.run, save_best=keeper.save, callbacks=callbacks
        )
        keeper.load_best(model)


def _measure(model: LanguageModel, job: _Job, *, on_progress: StageProgress | None) -> RunResult:
    """Measure the best model as `nextword evaluate` does, and write card and report."""
    config, data, run = job.ready.config, job.ready.data, job.run
    progress = job.progress
    keeper = ModelKeeper(run, model, config=config, tokenizer=data.tokenizer)

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
                on_progress(f"measuring on the {name} text, tokens", done, store.num_tokens)
                if on_progress
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
