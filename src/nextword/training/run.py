"""A complete training run: run folder, lock, data, model, training, evaluation and report."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from nextword.base import ConfigError, ProgressCallback, Values, encode, write_toml
from nextword.evaluation import PerplexityCard, evaluate
from nextword.families import NetworkSpec, NeuralModelConfig
from nextword.families.contract import Network
from nextword.models import LanguageModel, NeuralLanguageModel
from nextword.pages import Printed
from nextword.parallel import World, current_world
from nextword.storage import RunFolder
from nextword.text import ByteStream
from nextword.tokens import TokenStore
from nextword.training.choices import keep_chosen
from nextword.training.config import RunConfig
from nextword.training.data import (
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
    GradientRecords,
    MetricsFile,
    TrainingCurve,
    TrainingProgress,
    emptied_on_failure,
    minimize,
    open_run,
)
from nextword.training.preparation import Preparation, prepare, start_of
from nextword.training.report import gradient_parts, prompted_samples, write_report
from nextword.training.resume import resumable_config

#: Gradients are measured at places in the first tokens of the validation text.
_PROBED_TOKENS = 100_000


@dataclass(frozen=True, kw_only=True)
class RunResult(Printed):
    """The result of a training run.

    Attributes:
        run: The run folder.
        model: The model folder in it, with the best model of the training.
        family: Family of the model.
        num_parameters: Number of trained parameters.
        progress: Counters of the training.
        validation: Card of the best model on the validation text; None without one.
        test: Card of the best model on the test text; None without one.
    """

    run: Path
    model: Path
    family: str
    num_parameters: int
    progress: TrainingProgress
    validation: PerplexityCard | None
    test: PerplexityCard | None

    def render(self) -> str:
        """Return the cards and folders as text, as the command line prints them."""
        parts = [
            f"{part}\n\n{card}\n"
            for part, card in (("validation", self.validation), ("test", self.test))
            if card is not None
        ]
        return "\n".join([*parts, f"model   {self.model}", f"report  {self.run / 'report.html'}"])

    def to_dict(self) -> Values:
        """Return the fields as JSON values, as `nextword train --json` writes them at the end."""
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
    on_progress: ProgressCallback | None = None,
    standard_input: ByteStream | None = None,
    command: str = "",
    reshard: bool = False,
) -> RunResult:
    """Train a model in a run folder, or resume a run.

    With several processes (`nextword.parallel`), all of them call this function with the same
    arguments. The first one encodes the texts, evaluates the model and writes the files; all return
    the same result.

    Args:
        config: The settings.
        out: The run folder; created if it does not exist.
        resume: `never` raises an error if the folder contains a run. `auto` starts a run in an
            empty folder, resumes an interrupted one, and evaluates a finished one. `old-text` does
            the same, but uses the stored encoded text even if the text has changed.
        callbacks: Called with the run folder; returns callbacks to use in addition to the metrics
            file and the training curve.
        on_progress: Called with (stage, done, total) before and after training; see
            `ProgressCallback`.
        standard_input: The stream that is read for the text `-`.
        command: The command that trains the model, for the report.
        reshard: Whether the run may be resumed with another number of processes.

    Returns:
        The folders, counters and perplexity cards of the run.

    Raises:
        ConfigError: The folder is not empty, no text is named, settings contradict each other, or
            a model that is not trained by gradient descent has several processes.
        MismatchError: The run in the folder was started with other settings, another text or
            another number of processes.
        DataError: A text cannot be read or is too short.
        LockedError: Another process trains in this folder.
        DivergedError: The loss, a weight or every validation is not finite.
        KeyboardInterrupt: SIGINT was received; if training had started, a checkpoint was saved.
        SystemExit: SIGTERM was received, with code 143; if training had started, a checkpoint was
            saved.
    """
    world = current_world()
    _refuse_processes(config, world)
    with open_run(out) as run:
        with emptied_on_failure(run) as beginning:
            ready = None
            if world.is_first:
                ready = _prepare_first(
                    config,
                    run,
                    resume=resume,
                    on_progress=on_progress,
                    standard_input=standard_input,
                )
            ready = _prepare_others(ready, run, world)
            job = _Job(
                ready,
                run,
                beginning=beginning,
                callbacks=callbacks,
                on_progress=on_progress,
                reshard=reshard,
            )
            model = ready.config.model.fit(job)
        result = None
        if world.is_first:
            result = _measure(model, job, on_progress=on_progress, command=command)
        return world.from_first(result)  # type: ignore[return-value]  # the first has a result


def _refuse_processes(config: RunConfig, world: World) -> None:
    """Raise an error if several processes are to estimate a model from counts."""
    if world.size > 1 and not isinstance(config.model, NeuralModelConfig):
        raise ConfigError(
            f"a model of the family {config.model.family} is not trained by gradient descent, but "
            f"there are {world.size} processes.",
            help="Train it with nextword train, without torchrun.",
        )


def _prepare_first(
    config: RunConfig,
    run: RunFolder,
    *,
    resume: str,
    on_progress: ProgressCallback | None,
    standard_input: ByteStream | None,
) -> Preparation:
    """Compare the settings and the texts with those of the folder, and encode the texts."""
    folder = starting_folder(run)
    start = start_of(config, access=TextAccess(folder=folder))
    config = resumable_config(start.config, run, resume=resume, folder=folder, keep=keep_chosen)
    access = check_sources(config.text, run, folder=folder, resume=resume)
    ready = prepare(
        replace(start, config=config),
        run.tokens_folder,
        on_progress=on_progress,
        standard_input=standard_input,
        access=access,
    )
    if config.training.by_text:
        run.write_config(write_toml(encode(ready.config)))
    if not access.is_old:
        require_unchanged(run)
    return ready


def _prepare_others(ready: Preparation | None, run: RunFolder, world: World) -> Preparation:
    """Open the encoded texts in the processes that did not encode them.

    Args:
        ready: What the first process has prepared; None in the others.
        run: The run folder.
        world: The processes.
    """
    config: RunConfig = world.from_first(ready and ready.config)  # type: ignore[assignment]
    if ready is not None:
        return ready
    access = TextAccess(folder=starting_folder(run), is_old=True)
    return prepare(start_of(config, access=access), run.tokens_folder, access=access)


class _Job:
    """Fits a model into a run folder; see `FitJob`.

    Args:
        ready: Settings and data.
        run: The run folder.
        beginning: Its `is_over` is set when gradient descent starts.
        callbacks: Called with the run folder; returns callbacks to use in addition to the metrics
            file and the training curve.
        on_progress: Called with (stage, done, total) while a text is counted.
        reshard: Whether the run may be resumed with another number of processes.

    Attributes:
        progress: Counters of the training.
    """

    def __init__(
        self,
        ready: Preparation,
        run: RunFolder,
        *,
        beginning: Beginning,
        callbacks: Callable[[RunFolder], Sequence[Callback]] | None,
        on_progress: ProgressCallback | None,
        reshard: bool,
    ) -> None:
        self.ready = ready
        self.run = run
        self.train = ready.data.train
        self.tokenizer = ready.data.tokenizer
        self.temporary_folder = run.tokens_folder
        self.on_progress = on_progress
        self._beginning = beginning
        self._callbacks = callbacks
        self._reshard = reshard
        self._started = time.perf_counter()
        self._progress: TrainingProgress | None = None

    @property
    def progress(self) -> TrainingProgress:
        """Counters of the training; a fit without updates counts as one pass over the text."""
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
        self._beginning.is_over = True
        self._progress = minimize(
            objective,
            config.loop,
            run=self.run,
            save_best=keeper.save,
            callbacks=self._all_callbacks(model) if current_world().is_first else (),
            reshard=self._reshard,
        )
        keeper.load_best(model)

    def _all_callbacks(self, model: NeuralLanguageModel) -> list[Callback]:
        config, data = self.ready.config, self.ready.data
        callbacks: list[Callback] = [MetricsFile(self.run), TrainingCurve(self.run)]
        if config.training.gradients_every:
            text = data.train if data.valid is None else data.valid
            callbacks.append(
                GradientRecords(
                    self.run,
                    model,
                    token_ids=torch.from_numpy(text.ids[:_PROBED_TOKENS].astype("int64")),
                    every=config.training.gradients_every,
                )
            )
        if self._callbacks is not None:
            callbacks += self._callbacks(self.run)
        return callbacks


def _measure(
    model: LanguageModel, job: _Job, *, on_progress: ProgressCallback | None, command: str
) -> RunResult:
    """Evaluate the best model as `nextword evaluate` does, and write the card and the report."""
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
                on_progress(f"measuring on the {name} text, tokens", done, total=store.num_tokens)
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
    write_report(
        run,
        config=config,
        result=result.to_dict(),
        cards=[validation, test],
        gradients=gradient_parts(run, model, tokenizer=data.tokenizer),
        samples=prompted_samples(
            model, data.tokenizer, store=data.test if data.valid is None else data.valid
        ),
        command=command,
    )
    return result
