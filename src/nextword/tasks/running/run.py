"""A complete training run of a task: folder, lock, data, training, evaluation and report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import torch

from nextword.base import ConfigError, MismatchError, Values, encode
from nextword.models import load_parameter_tensors
from nextword.pages import Printed
from nextword.parallel import World, current_world
from nextword.storage import RunFolder, load_model_folder
from nextword.tasks.running.card import write_task_card
from nextword.tasks.running.config import TaskConfig
from nextword.tasks.running.curve import TaskCurve
from nextword.tasks.running.job import Measurement, TaskJob
from nextword.tasks.running.report import write_task_report
from nextword.tasks.storing import save_task
from nextword.tensors import seed_everything, tune_process
from nextword.training import (
    Callback,
    MetricsFile,
    ProgressCallback,
    TrainingProgress,
    emptied_on_failure,
    minimize,
    open_run,
    resumable_config,
)
from nextword.training.data import TextAccess, check_sources, require_unchanged, starting_folder

RESUME = ("auto", "never")
#: Names of the parts of the data for readers.
_DATA = {"valid": "validation", "test": "test"}
#: Settings that contain file names.
PATHS = (
    ("text", "train"),
    ("text", "valid"),
    ("text", "test"),
    ("text", "init"),
    ("encoder", "vectors"),
    ("encoder", "language_models"),
    ("encoder", "huggingface"),
)

Config = TypeVar("Config", bound=TaskConfig)
GivenConfig = TypeVar("GivenConfig", bound=TaskConfig, contravariant=True)


@runtime_checkable
class Prepare(Protocol[GivenConfig]):
    """Reads the data of a task and builds its model."""

    def __call__(
        self, config: GivenConfig, access: TextAccess, *, on_progress: ProgressCallback | None
    ) -> TaskJob:
        """Return the task, ready for training.

        Args:
            config: The settings.
            access: How files are opened.
            on_progress: Called with (stage, done, total) while files are read.
        """


@dataclass(frozen=True, kw_only=True)
class TaskResult(Printed):
    """The result of a training run of a task.

    Attributes:
        run: The run folder.
        model: The model folder in it, with the best model of the training.
        task: The task.
        num_parameters: Number of parameters.
        unit: What `progress.num_seen` counts.
        progress: Counters of the training.
        validation: Scores of the best model on the validation data.
        test: Scores of the best model on the test data; None without any.
    """

    run: Path
    model: Path
    task: str
    num_parameters: int
    unit: str
    progress: TrainingProgress
    validation: Measurement | None
    test: Measurement | None

    def render(self) -> str:
        """Return the scores and folders as text, as the command line prints them."""
        parts = [
            f"{part}\n\n{scores.render()}\n"
            for part, scores in (("validation", self.validation), ("test", self.test))
            if scores is not None
        ]
        return "\n".join([*parts, f"model   {self.model}", f"report  {self.run / 'report.html'}"])

    def to_dict(self) -> Values:
        """Return the result as JSON values."""
        seconds, num_seen = self.progress.elapsed_s, self.progress.num_seen
        return {
            "run": str(self.run),
            "model": str(self.model),
            "task": self.task,
            "num_parameters": self.num_parameters,
            f"num_{self.unit}_seen": num_seen,
            "seconds": seconds,
            f"{self.unit}_per_second": num_seen / seconds if seconds else None,
            "best_step": self.progress.best_step,
            "validation": self.validation.to_dict() if self.validation else None,
            "test": self.test.to_dict() if self.test else None,
        }


def run_task(
    config: Config,
    out: Path,
    *,
    prepare: Prepare[Config],
    resume: str = "never",
    callbacks: Callable[[RunFolder], Sequence[Callback]] | None = None,
    with_report: bool = True,
    on_progress: ProgressCallback | None = None,
    paths: Sequence[tuple[str, str]] = PATHS,
) -> TaskResult:
    """Train a model of a task in a run folder, or resume a run.

    With several processes (`nextword.parallel`), all of them call this function with the same
    arguments and read the files. The first one writes, and all return the same result.

    Args:
        config: The settings.
        out: The run folder; created if it does not exist.
        prepare: Reads the data and builds the model.
        resume: `never` raises an error if the folder contains a run. `auto` starts a run in an
            empty folder, resumes an interrupted one, and evaluates a finished one.
        callbacks: Called with the run folder; returns callbacks to use in addition to the metrics
            file and the training curve.
        with_report: Whether to draw the training curve and to write the report.
        on_progress: Called with (stage, done, total) before and after training.
        paths: Section and key of the settings that contain file names.

    Returns:
        The folders, counters and scores of the run.

    Raises:
        ConfigError: The folder is not empty, no file is named, or settings contradict each other.
        MismatchError: The run was started with other settings or other files.
        DataError: A file cannot be read.
        LockedError: Another process trains in this folder.
        DivergedError: The loss, a weight or every validation is not finite.
        KeyboardInterrupt: SIGINT was received.
        SystemExit: SIGTERM was received, with code 143.
    """
    _check(config, resume)
    with open_run(out) as run:
        world = current_world()
        with emptied_on_failure(run) as beginning:
            access = None
            if world.is_first:
                folder = starting_folder(run)
                config = resumable_config(config, run, resume=resume, folder=folder, paths=paths)
                access = _checked_sources(config, run, folder)
            config, access = _from_first(config, access, world)
            tune_process()
            seed_everything(config.training.seed)
            job = prepare(config, access, on_progress=on_progress)
            require_unchanged(run)
            beginning.is_over = True
        keeper = _Keeper(run, job, config)
        progress = minimize(
            job.objective,
            config.loop,
            run=run,
            save_best=keeper.save,
            callbacks=_all_callbacks(run, callbacks, with_curve=with_report)
            if world.is_first
            else (),
        )
        result = None
        if world.is_first:
            keeper.load_best()
            result = _measure(keeper, progress, on_progress=on_progress)
            if with_report:
                write_task_report(run, settings=encode(config), result=result)
        return world.from_first(result)  # type: ignore[return-value]  # the first has a result


def _from_first(
    config: Config, access: TextAccess | None, world: World
) -> tuple[Config, TextAccess]:
    """Return the settings of the first process, and how it opens files."""
    return world.from_first((config, access))  # type: ignore[return-value]


def _all_callbacks(
    run: RunFolder,
    callbacks: Callable[[RunFolder], Sequence[Callback]] | None,
    *,
    with_curve: bool,
) -> list[Callback]:
    curve = [TaskCurve(run)] if with_curve else []
    return [MetricsFile(run), *curve, *(callbacks(run) if callbacks is not None else ())]


def _check(config: TaskConfig, resume: str) -> None:
    if resume not in RESUME:
        raise ConfigError(f"resume is {resume!r}.", help=f"Use {' or '.join(RESUME)}.")
    if not config.text.train:
        raise ConfigError("no training file is named.", help="Name at least one file.")


def _checked_sources(config: TaskConfig, run: RunFolder, folder: Path) -> TextAccess:
    """Record the files of a new run, or compare those of a resumed run with the record."""
    try:
        return check_sources(config.text, run, folder=folder, resume="auto")
    except MismatchError as error:
        raise MismatchError(
            error.message, help="Restore the old file, or choose another --out."
        ) from error


class _Keeper:
    """Saves the best model of a run, and writes its card.

    Args:
        run: The run folder.
        job: The task.
        config: The settings.
    """

    def __init__(self, run: RunFolder, job: TaskJob, config: TaskConfig) -> None:
        self.run = run
        self.job = job
        self.config = config

    def save(self, measured: Mapping[str, Measurement | None] | None = None) -> None:
        """Save the model with its current weights.

        Args:
            measured: Scores for the model card, by `valid` and `test`; None during training.
        """
        stored = self.job.stored(card="")
        card = write_task_card(
            name=self.run.path.name,
            kind=stored.kind,
            config=stored.config,
            num_parameters=self.job.num_parameters,
            usage=self.job.usage,
            measured={
                _DATA[part]: each.render()
                for part, each in (measured or {}).items()
                if each is not None
            },
        )
        save_task(self.run.model_folder, self.job.stored(card=card))

    def load_best(self) -> None:
        """Load the saved weights into the model."""
        stored = load_model_folder(self.run.model_folder)
        load_parameter_tensors(self.job.model, stored.tensors, source=str(self.run.model_folder))


@torch.no_grad()
def _measure(
    keeper: _Keeper, progress: TrainingProgress, *, on_progress: ProgressCallback | None
) -> TaskResult:
    """Measure the best model, and write the card."""
    job, run = keeper.job, keeper.run
    job.model.eval()
    measured: dict[str, Measurement | None] = {}
    for number, part in enumerate(("valid", "test")):
        if on_progress is not None:
            on_progress(f"measuring on the {part} data, parts", number, total=2)
        measured[part] = job.measure(part)
    keeper.save(measured)
    return TaskResult(
        run=run.path,
        model=run.model_folder,
        task=job.stored(card="").kind,
        num_parameters=job.num_parameters,
        unit=job.objective.unit,
        progress=progress,
        validation=measured["valid"],
        test=measured["test"],
    )
