"""The model that a training starts from: random weights, a tagger or a language model."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nextword.base import ConfigError, encode
from nextword.models import load_parameter_tensors, parameter_tensors
from nextword.storage import load_model, read_model_config, task_kind
from nextword.tasks.encoding import (
    EncoderConfig,
    EncoderParts,
    FeatureSource,
    LabelVocabulary,
    feature_model,
    load_feature_models,
    read_word_vectors,
    training_vocabulary,
)
from nextword.tasks.tagging.codec import LabelCodec
from nextword.tasks.tagging.config import TaggingRunConfig
from nextword.tasks.tagging.files import Sentence
from nextword.tasks.tagging.model import TaggingModel
from nextword.tasks.tagging.tagger import TaggerParts, load_tagger
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
    "tagging": ("decoder",),
}


def starting_model(
    config: TaggingRunConfig, sentences: Sequence[Sentence], *, access: TextAccess
) -> tuple[TaggerParts, TaggingModel]:
    """Return a tagger before its first update.

    Args:
        config: The settings; `text.init` names a tagger whose vocabularies and weights are used,
            or a language model that becomes a feature of the encoder.
        sentences: The training sentences.
        access: How files are opened.

    Returns:
        What the tagger is built from, and the network on the CPU.

    Raises:
        CheckpointError: A model to start from cannot be loaded.
        ConfigError: Settings do not fit the data or the model to start from.
    """
    init = None if config.text.init is None else access.located(config.text.init)
    if init is not None and task_kind(read_model_config(Path(init))) is not None:
        return _from_tagger(config, init, sentences)
    parts = _new_parts(config, access, init, sentences)
    model = parts.build(backend=config.training.backend)
    if config.encoder.vectors is not None:
        read_word_vectors(
            access.located(config.encoder.vectors),
            model.encoder,
            vocabulary=parts.encoder.vocabulary,
            freeze=config.encoder.freeze_vectors,
        )
    return parts, model


def _new_parts(
    config: TaggingRunConfig, access: TextAccess, init: str | None, sentences: Sequence[Sentence]
) -> TaggerParts:
    """Return the parts of a new tagger, with vocabularies of the training data."""
    codec = LabelCodec.of(
        [sentence.labels or () for sentence in sentences], scheme=config.tagging.scheme
    )
    feature_models: list[FeatureSource] = [
        *load_feature_models(config.encoder, located=access.located)
    ]
    if init is not None:
        feature_models.append(feature_model(load_model(Path(init)), name=init))
    vocabulary = training_vocabulary(
        (sentence.words for sentence in sentences), config.encoder, located=access.located
    )
    return TaggerParts(
        encoder=EncoderParts(
            config=config.encoder, vocabulary=vocabulary, feature_models=tuple(feature_models)
        ),
        config=codec.settle(config.tagging),
        codec=codec,
        labels=LabelVocabulary(codec.inside_labels()),
    )


def _from_tagger(
    config: TaggingRunConfig, init: str, sentences: Sequence[Sentence]
) -> tuple[TaggerParts, TaggingModel]:
    """Return a tagger with the vocabularies and weights of another one."""
    stored = load_tagger(Path(init))
    _refuse_other_architecture(config, stored.parts, init)
    known = set(stored.labels)
    new = sorted({label for each in sentences for label in each.labels or ()} - known)
    if new:
        raise ConfigError(
            f"the training data have labels that {init} lacks: {', '.join(new[:5])}.",
            help=f"Its labels are {', '.join(stored.labels[:20])}. Leave --init out.",
        )
    # Dropout and other settings of training are those of this run.
    encoder = replace(stored.parts.encoder, config=_with_vocabulary_of(config, stored.parts))
    parts = replace(stored.parts, encoder=encoder)
    model = parts.build(backend=config.training.backend)
    load_parameter_tensors(model, parameter_tensors(stored.model), source=init)
    return parts, model


def _with_vocabulary_of(config: TaggingRunConfig, parts: TaggerParts) -> EncoderConfig:
    """Return the settings of a run with those that the vocabulary of a model depends on."""
    return replace(
        config.encoder,
        lowercase=parts.encoder.config.lowercase,
        normalize_digits=parts.encoder.config.normalize_digits,
        language_models=parts.encoder.config.language_models,
        huggingface=parts.encoder.config.huggingface,
        subwords=parts.encoder.config.subwords,
    )


def _refuse_other_architecture(config: TaggingRunConfig, parts: TaggerParts, init: str) -> None:
    """Raise an error if a setting of the model differs from the one training starts from."""
    pairs = {
        "encoder": (encode(config.encoder), encode(parts.encoder.config)),
        "tagging": (encode(config.tagging), encode(parts.config)),
    }
    for section, (here, there) in pairs.items():
        for key in _ARCHITECTURE[section]:
            if here[key] != there[key]:
                raise ConfigError(
                    f"{section}.{key} is {here[key]!r}, but --init {init} has {there[key]!r}, and "
                    "training keeps the architecture of that model.",
                    help=f"Set {section}.{key}={there[key]}, or leave --init out.",
                )
