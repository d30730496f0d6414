"""The model that a training starts from: new weights, a classifier or a language model."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nextword.base import ConfigError, encode
from nextword.models import load_parameter_tensors, parameter_tensors
from nextword.storage import load_model, read_model_config, task_kind
from nextword.tasks.classification.class_weights import class_weights
from nextword.tasks.classification.classifier import ClassifierParts, load_classifier
from nextword.tasks.classification.config import ClassificationRunConfig
from nextword.tasks.classification.data import label_counts
from nextword.tasks.classification.files import TextRow
from nextword.tasks.classification.model import ClassificationModel
from nextword.tasks.classification.splitting import splitter
from nextword.tasks.encoding import (
    EncoderParts,
    FeatureSource,
    LabelVocabulary,
    feature_model,
    load_feature_models,
    read_word_vectors,
    training_vocabulary,
)
from nextword.training.data import TextAccess

#: Settings that the weights depend on.
_ARCHITECTURE = {
    "encoder": (
        "cell",
        "nonlinearity",
        "num_layers",
        "hidden_size",
        "projection_size",
        "bidirectional",
        "word_embedding_size",
        "characters",
        "character_embedding_size",
        "character_hidden_size",
    ),
    "classification": ("words", "multi_label", "pooling"),
    "ngrams": ("words", "characters", "table_size"),
}


def starting_model(
    config: ClassificationRunConfig, access: TextAccess, rows: Sequence[TextRow]
) -> tuple[ClassifierParts, ClassificationModel]:
    """Return a classifier before its first update, without naive-Bayes weights.

    Args:
        config: The settings; `text.init` names a classifier whose vocabularies and weights are
            used, or a language model that becomes a feature of the encoder.
        access: How files are opened.
        rows: The training texts.

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
    if config.encoder.vectors is not None:
        read_word_vectors(
            access.located(config.encoder.vectors),
            model.encoder,
            vocabulary=parts.encoder.vocabulary,
            freeze=config.encoder.freeze_vectors,
        )
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
    feature_models: list[FeatureSource] = [
        *load_feature_models(config.encoder, located=access.located)
    ]
    if init is not None:
        feature_models.append(feature_model(load_model(Path(init)), name=init))
    split = splitter(config.classification.words)
    vocabulary = training_vocabulary(
        (split(row.text)[: config.training.max_length] for row in rows),
        config.encoder,
        located=access.located,
    )
    return ClassifierParts(
        encoder=EncoderParts(
            config=config.encoder, vocabulary=vocabulary, feature_models=tuple(feature_models)
        ),
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
    new = sorted(label_counts(rows).keys() - set(stored.labels))
    if new:
        raise ConfigError(
            f"the training data have labels that {init} lacks: {', '.join(new[:5])}.",
            help=f"Its labels are {', '.join(stored.labels[:20])}. Leave --init out.",
        )
    # Dropout and other settings of training are those of this run.
    old = stored.parts.encoder.config
    encoder_config = replace(
        config.encoder,
        lowercase=old.lowercase,
        normalize_digits=old.normalize_digits,
        language_models=old.language_models,
        huggingface=old.huggingface,
        subwords=old.subwords,
    )
    parts = replace(
        stored.parts,
        encoder=replace(stored.parts.encoder, config=encoder_config),
        config=config.classification,
        ngrams=config.ngrams,
        columns=config.columns,
        max_length=config.training.max_length,
    )
    model = _build(parts, config, rows)
    load_parameter_tensors(model, parameter_tensors(stored.model), source=init)
    return parts, model


def _refuse_other_architecture(
    config: ClassificationRunConfig, parts: ClassifierParts, init: str
) -> None:
    """Raise an error if a setting of the model differs from the one training starts from."""
    pairs = {
        "encoder": (encode(config.encoder), encode(parts.encoder.config)),
        "classification": (encode(config.classification), encode(parts.config)),
        "ngrams": (encode(config.ngrams), encode(parts.ngrams)),
    }
    for section, (here, there) in pairs.items():
        for key in _ARCHITECTURE[section]:
            if here[key] != there[key]:
                raise ConfigError(
                    f"{section}.{key} is {here[key]!r}, but --init {init} has {there[key]!r}, and "
                    "training keeps the architecture of that model.",
                    help=f"Set {section}.{key}={there[key]}, or leave --init out.",
                )
