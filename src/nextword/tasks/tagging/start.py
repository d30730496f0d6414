"""The model that a training starts from: random weights, a tagger or a language model."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nextword.models import load_parameter_tensors, parameter_tensors
from nextword.storage import read_model_config, task_kind
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
from nextword.tasks.tagging.config import TaggingRunConfig
from nextword.tasks.tagging.files import Sentence
from nextword.tasks.tagging.labels import LabelCodec
from nextword.tasks.tagging.network import TaggerParts, TaggingModel
from nextword.tasks.tagging.tagger import load_tagger
from nextword.training.data import TextAccess


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
    start_word_vectors(model.encoder, parts.encoder, access=access)
    return parts, model


def _new_parts(
    config: TaggingRunConfig, access: TextAccess, init: str | None, sentences: Sequence[Sentence]
) -> TaggerParts:
    """Return the parts of a new tagger, with vocabularies of the training data."""
    codec = LabelCodec.of(
        [sentence.labels or () for sentence in sentences], scheme=config.tagging.scheme
    )
    encoder = new_encoder_parts(
        config.encoder, (sentence.words for sentence in sentences), access=access, init=init
    )
    return TaggerParts(
        encoder=encoder,
        config=codec.resolve(config.tagging),
        codec=codec,
        labels=LabelVocabulary(codec.inside_labels()),
    )


def _from_tagger(
    config: TaggingRunConfig, init: str, sentences: Sequence[Sentence]
) -> tuple[TaggerParts, TaggingModel]:
    """Return a tagger with the vocabularies and weights of another one."""
    stored = load_tagger(Path(init))
    _refuse_other_architecture(config, stored.parts, init)
    # The data may have another scheme of spans than the model, which converts them.
    codec = stored.parts.codec
    labels = (label for each in sentences for label in codec.encode(each.labels or ()))
    refuse_new_labels(labels, stored.parts.labels.labels, init=init)
    encoder = replace(
        stored.parts.encoder,
        config=with_vocabulary_of(config.encoder, stored.parts.encoder.config),
    )
    parts = replace(stored.parts, encoder=encoder)
    model = parts.build(backend=config.training.backend)
    load_parameter_tensors(model, parameter_tensors(stored.model), source=init)
    if config.encoder.freeze_vectors:
        model.encoder.freeze_words()
    return parts, model


def _refuse_other_architecture(config: TaggingRunConfig, parts: TaggerParts, init: str) -> None:
    """Raise an error if a setting of the model differs from the one training starts from."""
    # A scheme of `auto` is that of the stored model.
    keys = ("decoder",) if config.tagging.scheme == "auto" else ("decoder", "scheme")
    refuse_other_architecture(
        {
            "encoder": SectionPair(
                here=config.encoder, stored=parts.encoder.config, keys=ENCODER_ARCHITECTURE
            ),
            "tagging": SectionPair(here=config.tagging, stored=parts.config, keys=keys),
        },
        init=init,
    )
