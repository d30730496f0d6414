"""Training a tagger: its files, vocabularies and model, as a run needs them."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from nextword.storage import RunFolder
from nextword.tasks.running import (
    TaskJob,
    TaskResult,
    portable,
    read_examples,
    run_task,
    split_off,
)
from nextword.tasks.storing import StoredTask
from nextword.tasks.tagging.config import TaggingRunConfig
from nextword.tasks.tagging.data import TaggingData
from nextword.tasks.tagging.evaluation import TaggingScores, evaluate_tagger
from nextword.tasks.tagging.files import Sentence, open_tagged_files
from nextword.tasks.tagging.network import TaggerParts, TaggingModel
from nextword.tasks.tagging.objective import TaggingObjective
from nextword.tasks.tagging.start import starting_model
from nextword.tasks.tagging.tagger import Tagger
from nextword.tensors import resolve_device
from nextword.training import Callback, ProgressCallback, Validation
from nextword.training.data import TextAccess


def train_tagger(
    config: TaggingRunConfig,
    out: Path,
    *,
    resume: str = "never",
    callbacks: Callable[[RunFolder], Sequence[Callback]] | None = None,
    on_progress: ProgressCallback | None = None,
) -> TaskResult:
    """Train a tagger in a run folder, or resume a run; see `run_task`."""
    return run_task(
        config,
        out,
        prepare=prepare_tagging,
        resume=resume,
        callbacks=callbacks,
        on_progress=on_progress,
    )


class TaggingJob(TaskJob):
    """A tagger with its data, ready for training.

    Args:
        config: The settings.
        parts: What the tagger is built from.
        model: The network.
        train: The training sentences.
        valid: The validation sentences.
        test: The test sentences; empty for none.
    """

    model: TaggingModel

    def __init__(
        self,
        config: TaggingRunConfig,
        parts: TaggerParts,
        *,
        model: TaggingModel,
        train: Sequence[Sentence],
        valid: Sequence[Sentence],
        test: Sequence[Sentence],
    ) -> None:
        self.model = model
        self._config = config
        self._parts = parts
        self._held_out = {"valid": valid, "test": test}
        data = TaggingData(
            train,
            parts.encoder.batcher(),
            codec=parts.codec,
            labels=parts.labels,
            max_length=config.training.max_length,
        )
        self.objective = TaggingObjective(
            model, data, config=config.training, validate=self._validate
        )

    def stored(self, *, card: str) -> StoredTask:
        """Return the tagger with its current weights, for its model folder."""
        return self._parts.stored(self.model, config=portable(self._config), card=card)

    def measure(self, part: str) -> TaggingScores | None:
        """Measure the model on the validation or the test sentences."""
        sentences = self._held_out[part]
        return evaluate_tagger(self._tagger(), sentences) if sentences else None

    @property
    def usage(self) -> str:
        """Python code that uses the tagger."""
        return (
            "import nextword as nw\n\n"
            'tagger = nw.load("path/to/this/folder")\n'
            'print(tagger.tag("A sentence , split into words ."))'
        )

    def _validate(self) -> Validation:
        scores = evaluate_tagger(self._tagger(), self._held_out["valid"])
        figures = {"accuracy": scores.labels.accuracy, "macro_f1": scores.labels.macro_f1}
        if scores.spans is not None:
            figures |= {
                "f1": scores.spans.f1,
                "precision": scores.spans.precision,
                "recall": scores.spans.recall,
            }
        return Validation(
            value=scores.score,
            higher_is_better=True,
            figures=figures,
            headline="accuracy" if scores.spans is None else "f1",
        )

    def _tagger(self) -> Tagger:
        batch_size = self._config.evaluation.batch_size
        return Tagger(self._parts, self.model, batch_size=batch_size)


def prepare_tagging(
    config: TaggingRunConfig, access: TextAccess, *, on_progress: ProgressCallback | None = None
) -> TaggingJob:
    """Read the files of a run and build the model.

    Args:
        config: The settings.
        access: How files are opened.
        on_progress: Called with (stage, done, total) while files are read.

    Raises:
        ConfigError: A setting does not fit the data or the model to start from.
        DataError: A file cannot be read, is empty or has no labels.
    """
    parts = read_examples(
        config.text,
        access,
        read=partial(_sentences, column=config.tagging.column),
        unit="sentences",
        on_progress=on_progress,
    )
    train, valid = parts["train"], parts["valid"]
    if not config.text.valid:
        train, valid = split_off(train, config, unit="sentences")
    return tagging_job(config, access, train=train, valid=valid, test=parts["test"])


def tagging_job(
    config: TaggingRunConfig,
    access: TextAccess,
    *,
    train: Sequence[Sentence],
    valid: Sequence[Sentence],
    test: Sequence[Sentence] = (),
) -> TaggingJob:
    """Build the model for sentences that have been read.

    Args:
        config: The settings.
        access: How files that the settings name are opened.
        train: The training sentences.
        valid: The validation sentences.
        test: The test sentences; none when empty.

    Raises:
        ConfigError: A setting does not fit the data or the model to start from.
    """
    device = resolve_device(config.training.device)
    tagger_parts, model = starting_model(config, train, access=access)
    return TaggingJob(
        config, tagger_parts, model=model.to(device), train=train, valid=valid, test=test
    )


def _sentences(names: Sequence[str], column: str | None) -> Iterator[Sentence]:
    """Iterate over the sentences of some files."""
    for file in open_tagged_files(names, column=column):
        yield from file.sentences()
