"""Training a classifier: its files, vocabularies and model, as a run needs them."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from nextword.base import ConfigError, DataError, shortened
from nextword.storage import RunFolder
from nextword.tasks.classification.classifier import Classifier, ClassifierParts
from nextword.tasks.classification.config import ClassificationRunConfig
from nextword.tasks.classification.data import ClassificationData, label_counts
from nextword.tasks.classification.evaluation import ClassificationScores, evaluate_classifier
from nextword.tasks.classification.files import TextRow, read_rows
from nextword.tasks.classification.network import ClassificationModel, GradualUnfreezing
from nextword.tasks.classification.objective import ClassificationObjective
from nextword.tasks.classification.start import starting_model
from nextword.tasks.encoding import LanguageModelFeatures
from nextword.tasks.running import (
    TaskJob,
    TaskResult,
    portable,
    read_examples,
    run_task,
    split_off,
)
from nextword.tasks.storing import StoredTask
from nextword.tensors import resolve_device
from nextword.training import Callback, ProgressCallback, Validation
from nextword.training.data import TextAccess

#: Training data with this share of different labels, or more, have no usable labels.
_MAX_LABEL_SHARE = 0.5
_MIN_CHECKED_TEXTS = 20

_logger = logging.getLogger(__name__)


def train_classifier(
    config: ClassificationRunConfig,
    out: Path,
    *,
    resume: str = "never",
    callbacks: Callable[[RunFolder], Sequence[Callback]] | None = None,
    on_progress: ProgressCallback | None = None,
) -> TaskResult:
    """Train a classifier in a run folder, or resume a run; see `run_task`."""
    return run_task(
        config,
        out,
        prepare=prepare_classification,
        resume=resume,
        callbacks=callbacks,
        on_progress=on_progress,
    )


class ClassificationJob(TaskJob):
    """A classifier with its data, ready for training.

    Args:
        config: The settings.
        parts: What the classifier is built from.
        model: The network.
        train: The training texts.
        valid: The validation texts.
        test: The test texts; empty for none.
    """

    model: ClassificationModel

    def __init__(
        self,
        config: ClassificationRunConfig,
        parts: ClassifierParts,
        *,
        model: ClassificationModel,
        train: Sequence[TextRow],
        valid: Sequence[TextRow],
        test: Sequence[TextRow],
    ) -> None:
        self.model = model
        self._config = config
        self._parts = parts
        self._held_out = {"valid": valid, "test": test}
        data = ClassificationData(
            train,
            parts.reader(),
            labels=parts.labels,
            multi_label=config.classification.multi_label,
        )
        # The weights are zero unless training starts from a classifier.
        is_new = model.ngrams is not None and not model.ngrams.weight.any()
        if model.ngrams is not None and is_new and config.ngrams.naive_bayes > 0.0:
            model.ngrams.set_naive_bayes(
                data.slots(),
                data.label_ids,
                scale=config.ngrams.naive_bayes,
                multi_label=config.classification.multi_label,
            )
        self.objective = ClassificationObjective(
            model,
            data,
            config=config.training,
            validate=self._validate,
            unfreezing=_unfreezing(config, model),
        )

    def stored(self, *, card: str) -> StoredTask:
        """Return the classifier with its current weights, for its model folder."""
        return self._parts.stored(self.model, config=portable(self._config), card=card)

    def measure(self, part: str) -> ClassificationScores | None:
        """Measure the model on the validation or the test texts."""
        rows = self._held_out[part]
        return evaluate_classifier(self._classifier(), rows) if rows else None

    @property
    def usage(self) -> str:
        """Python code that uses the classifier."""
        return (
            "import nextword as nw\n\n"
            'classifier = nw.load("path/to/this/folder")\n'
            'print(classifier.classify("A text."))'
        )

    def _validate(self) -> Validation:
        scores = evaluate_classifier(self._classifier(), self._held_out["valid"])
        figures = {
            "accuracy": scores.labels.accuracy,
            "macro_f1": scores.labels.macro_f1,
            "micro_f1": scores.labels.micro_f1,
        }
        if scores.nll_per_text is not None:
            figures["nll_per_text"] = scores.nll_per_text
        return Validation(
            value=scores.score,
            higher_is_better=True,
            figures=figures,
            headline="micro_f1" if scores.multi_label else "accuracy",
        )

    def _classifier(self) -> Classifier:
        batch_size = self._config.evaluation.batch_size
        return Classifier(self._parts, self.model, batch_size=batch_size)


def prepare_classification(
    config: ClassificationRunConfig,
    access: TextAccess,
    *,
    on_progress: ProgressCallback | None = None,
) -> ClassificationJob:
    """Read the files of a run and build the model.

    Args:
        config: The settings.
        access: How files are opened.
        on_progress: Called with (stage, done, total) while files are read.

    Raises:
        ConfigError: A setting does not fit the data or the model to start from.
        DataError: A file cannot be read or is empty, or its labels cannot be used.
    """
    multi_label = config.classification.multi_label
    parts = read_examples(
        config.text,
        access,
        read=lambda names: read_rows(names, config.columns, multi_label=multi_label),
        unit="texts",
        on_progress=on_progress,
    )
    train, valid = parts["train"], parts["valid"]
    _check_labels(train, multi_label=multi_label)
    if not config.text.valid:
        train, valid = split_off(train, config, unit="texts")
    return classification_job(config, access, train=train, valid=valid, test=parts["test"])


def classification_job(
    config: ClassificationRunConfig,
    access: TextAccess,
    *,
    train: Sequence[TextRow],
    valid: Sequence[TextRow],
    test: Sequence[TextRow] = (),
) -> ClassificationJob:
    """Build the model for texts that have been read.

    Args:
        config: The settings.
        access: How files that the settings name are opened.
        train: The training texts.
        valid: The validation texts.
        test: The test texts; none when empty.

    Raises:
        ConfigError: A setting does not fit the data or the model to start from.
    """
    device = resolve_device(config.training.device)
    classifier_parts, model = starting_model(config, train, access=access)
    return ClassificationJob(
        config, classifier_parts, model=model.to(device), train=train, valid=valid, test=test
    )


def _check_labels(rows: Sequence[TextRow], *, multi_label: bool) -> None:
    """Refuse training data whose labels cannot be learned, and warn of a hidden header."""
    counts = label_counts(rows)
    if len(counts) < 2 and not (multi_label and counts):
        found = f"only the label {shortened(next(iter(counts)))}" if counts else "no labels"
        raise DataError(
            f"the training data have {found}; at least 2 are needed.",
            help="Check the column of the label (--label-column).",
        )
    if len(rows) >= _MIN_CHECKED_TEXTS and len(counts) > _MAX_LABEL_SHARE * len(rows):
        examples = ", ".join(shortened(label) for label in list(counts)[:3])
        raise DataError(
            f"the {len(rows):,} training texts have {len(counts):,} different labels, such as "
            f"{examples}; this is not the column of the label.",
            help="Name the columns with --text-column and --label-column.",
        )
    first = rows[0].labels
    if len(first) == 1 and counts[first[0]] == 1 and len(rows) >= _MIN_CHECKED_TEXTS:
        _logger.warning(
            "%s: its label %s occurs nowhere else; if the line names the columns, use "
            "--set columns.header=yes",
            rows[0].place,
            shortened(first[0]),
        )


def _unfreezing(
    config: ClassificationRunConfig, model: ClassificationModel
) -> GradualUnfreezing | None:
    """Return the schedule of unfreezing, if there is one."""
    every = config.classification.unfreeze_every
    if every is None:
        return None
    features = [each for each in model.encoder.modules() if isinstance(each, LanguageModelFeatures)]
    if not features or not config.encoder.fine_tune:
        raise ConfigError(
            f"classification.unfreeze_every is {every}, but no language model is fine-tuned.",
            help="Set encoder.fine_tune=true and name a model with --init or "
            "encoder.language_models.",
        )
    return GradualUnfreezing([each.model for each in features], every=every)
