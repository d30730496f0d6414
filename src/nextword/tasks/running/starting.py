"""What tasks share when training starts: a new encoder, or checks of a model of the same task."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nextword.base import ConfigError, encode
from nextword.storage import load_model
from nextword.tasks.encoding import (
    EncoderConfig,
    EncoderParts,
    FeatureSource,
    SequenceEncoder,
    feature_model,
    load_feature_models,
    read_word_vectors,
    training_vocabulary,
)
from nextword.training.data import TextAccess

#: Settings of the encoder that the shapes of the weights depend on.
ENCODER_ARCHITECTURE = (
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
)
#: Settings of the vocabulary and of the features, which are those of the stored model.
KEPT_BY_INIT = (
    "min_count",
    "lowercase",
    "normalize_digits",
    "vectors",
    "add_words",
    "language_models",
    "huggingface",
    "subwords",
)


@dataclass(frozen=True, kw_only=True)
class SectionPair:
    """A section of the settings of a run, and that of the model it starts from.

    Attributes:
        here: The section of the run.
        stored: The section of the model.
        keys: Settings that must be equal.
    """

    here: Any
    stored: Any
    keys: Sequence[str]


def new_encoder_parts(
    config: EncoderConfig,
    sentences: Iterable[Sequence[str]],
    *,
    access: TextAccess,
    init: str | None,
) -> EncoderParts:
    """Return the parts of a new encoder, with the vocabulary of the training data.

    Args:
        config: The settings.
        sentences: The words of each training sentence.
        access: How files that the settings name are opened.
        init: A language model that becomes a further feature; none when None.

    Raises:
        CheckpointError: A language model cannot be loaded.
        ConfigError: A language model cannot be a feature.
    """
    models: list[FeatureSource] = [*load_feature_models(config, located=access.located)]
    if init is not None:
        models.append(feature_model(load_model(Path(init)), name=init))
    vocabulary = training_vocabulary(sentences, config, located=access.located)
    return EncoderParts(config=config, vocabulary=vocabulary, feature_models=tuple(models))


def start_word_vectors(
    encoder: SequenceEncoder, parts: EncoderParts, *, access: TextAccess
) -> None:
    """Copy the pretrained vectors that the settings name into a new encoder, if they name any.

    Args:
        encoder: The encoder.
        parts: What it was built from.
        access: How files are opened.

    Raises:
        ConfigError: The vectors do not fit.
        DataError: The file cannot be read.
    """
    if parts.config.vectors is not None:
        read_word_vectors(
            access.located(parts.config.vectors),
            encoder,
            vocabulary=parts.vocabulary,
            freeze=parts.config.freeze_vectors,
        )


def refuse_other_architecture(sections: Mapping[str, SectionPair], *, init: str) -> None:
    """Raise an error if a setting of a run differs from the model that training starts from.

    Args:
        sections: The sections by name.
        init: The model.

    Raises:
        ConfigError: A setting differs.
    """
    for section, pair in sections.items():
        here, stored = encode(pair.here), encode(pair.stored)
        for key in pair.keys:
            if here[key] != stored[key]:
                raise ConfigError(
                    f"{section}.{key} is {here[key]!r}, but --init {init} has {stored[key]!r}, and "
                    "training keeps the architecture of that model.",
                    help=f"Set {section}.{key}={stored[key]}, or leave --init out.",
                )


def refuse_new_labels(labels: Iterable[str], known: Sequence[str], *, init: str) -> None:
    """Raise an error if training data have a label that the model to start from lacks.

    Args:
        labels: The labels of the training data.
        known: The labels of the model.
        init: The model.

    Raises:
        ConfigError: A label is not known.
    """
    new = sorted(set(labels) - set(known))
    if new:
        raise ConfigError(
            f"the training data have labels that {init} lacks: {', '.join(new[:5])}.",
            help=f"Its labels are {', '.join(known[:20])}. Leave --init out.",
        )


def with_vocabulary_of(config: EncoderConfig, stored: EncoderConfig) -> EncoderConfig:
    """Return the settings of a run with the vocabulary and the features of a stored model.

    Dropout and other settings of training are those of the run.

    Args:
        config: The settings of the run.
        stored: The settings of the model that training starts from.
    """
    return replace(config, **{name: getattr(stored, name) for name in KEPT_BY_INIT})
