"""The model that a training starts from: new weights, a classifier or a language model."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nextword.models import load_parameter_tensors, parameter_tensors
from nextword.storage import read_model_config, task_kind
from nextword.tasks.classification.class_weights import class_weights
from nextword.tasks.classification.classifier import ClassifierParts, load_classifier
from nextword.tasks.classification.config import ClassificationRunConfig
from nextword.tasks.classification.data import label_counts
from nextword.tasks.classification.files import TextRow
from nextword.tasks.classification.network import ClassificationModel
from nextword.tasks.classification.splitting import splitter
from nextword.tasks.encoding import LabelVocabulary
from nextword.tasks.running import (
    ENCODER_ARCHITECTURE,
    SectionPair,
    new_encoder_parts,
    refuse_new_labels,
    refuse_other_architecture,
    start_word_vectors,
    with_vocabulary_of,
)
from nextword.training.data import TextAccess


def starting_model(
    config: ClassificationRunConfig, rows: Sequence[TextRow], *, access: TextAccess
) -> tuple[ClassifierParts, ClassificationModel]:
    """Return a classifier before its first update, without naive-Bayes weights.

    Args:
        config: The settings; `text.init` names a classifier whose vocabularies and weights are
            used, or a language model that becomes a feature of the encoder.
        rows: The training texts.
        access: How files are opened.

    Returns:
        What the classifier is built from, and the network on the CPU.

    Raises:
        CheckpointError: A model to start from cannot be loaded.
        ConfigError: Settings do not fit the data or the model to start from.
    """
    init = None if config.text.init is None else access.located(config.text.init)
    if init is not None and task_kind(read_model_config(Path(init))) is not None:
        return _from_classifier(config, init, rows)
    parts = _new_parts(config, access, init, rows)
    model = _build(parts, config, rows)
    start_word_vectors(model.encoder, parts.encoder, access=access)
    return parts, model


def _build(
    parts: ClassifierParts, config: ClassificationRunConfig, rows: Sequence[TextRow]
) -> ClassificationModel:
    weights = class_weights(
        config.classification.class_weights,
        label_counts(rows),
        labels=parts.labels.labels,
        num_texts=len(rows),
        multi_label=config.classification.multi_label,
    )
    return parts.build(backend=config.training.backend, class_weights=weights)


def _new_parts(
    config: ClassificationRunConfig,
    access: TextAccess,
    init: str | None,
    rows: Sequence[TextRow],
) -> ClassifierParts:
    """Return the parts of a new classifier, with vocabularies of the training data."""
    split = splitter(config.classification.words)
    encoder = new_encoder_parts(
        config.encoder,
        (split(row.text)[: config.training.max_length] for row in rows),
        access=access,
        init=init,
    )
    return ClassifierParts(
        encoder=encoder,
        config=config.classification,
        ngrams=config.ngrams,
        columns=config.columns,
        labels=LabelVocabulary.of(label for row in rows for label in row.labels),
        max_length=config.training.max_length,
    )


def _from_classifier(
    config: ClassificationRunConfig, init: str, rows: Sequence[TextRow]
) -> tuple[ClassifierParts, ClassificationModel]:
    """Return a classifier with the vocabularies and weights of another one."""
    stored = load_classifier(Path(init))
    _refuse_other_architecture(config, stored.parts, init)
    refuse_new_labels(label_counts(rows), stored.labels, init=init)
    encoder = replace(
        stored.parts.encoder,
        config=with_vocabulary_of(config.encoder, stored.parts.encoder.config),
    )
    parts = replace(
        stored.parts,
        encoder=encoder,
        config=config.classification,
        ngrams=config.ngrams,
        columns=config.columns,
        max_length=config.training.max_length,
    )
    model = _build(parts, config, rows)
    load_parameter_tensors(model, parameter_tensors(stored.model), source=init)
    if config.encoder.freeze_vectors:
        model.encoder.freeze_words()
    return parts, model


def _refuse_other_architecture(
    config: ClassificationRunConfig, parts: ClassifierParts, init: str
) -> None:
    """Raise an error if a setting of the model differs from the one training starts from."""
    refuse_other_architecture(
        {
            "encoder": SectionPair(
                here=config.encoder, stored=parts.encoder.config, keys=ENCODER_ARCHITECTURE
            ),
            "classification": SectionPair(
                here=config.classification,
                stored=parts.config,
                keys=("words", "multi_label", "pooling"),
            ),
            "ngrams": SectionPair(
                here=config.ngrams, stored=parts.ngrams, keys=("words", "characters", "table_size")
            ),
        },
        init=init,
    )
