"""What an encoder is built from, and how that is stored in the model folder of a task."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nextword.base import ConfigError, FormatError, Values, decode, encode
from nextword.families import NeuralModelConfig, decode_model_settings
from nextword.models import NeuralLanguageModel
from nextword.storage import StoredModel, load_model
from nextword.tasks.encoding.batcher import Batcher
from nextword.tasks.encoding.config import EncoderConfig
from nextword.tasks.encoding.encoder import SequenceEncoder
from nextword.tasks.encoding.model_text import ModelText
from nextword.tasks.encoding.vocabulary import TokenVocabulary
from nextword.tokens import Tokenizer, VocabularyTokenizer

#: Sections of a language model's settings that are stored with the encoder.
_SECTIONS = ("model", "embedding", "output", "regularization", "tokenizer")


@dataclass(frozen=True, kw_only=True)
class FeatureModel:
    """A language model inside an encoder.

    Attributes:
        model: The model.
        tokenizer: Its tokenizer.
        config: The sections of its settings that define it.
    """

    model: NeuralLanguageModel
    tokenizer: Tokenizer
    config: Values


@dataclass(frozen=True, kw_only=True)
class EncoderParts:
    """The settings, the vocabulary and the language models of an encoder.

    Attributes:
        config: The settings.
        vocabulary: Words and characters.
        feature_models: The language models whose hidden states become features.
    """

    config: EncoderConfig
    vocabulary: TokenVocabulary
    feature_models: tuple[FeatureModel, ...] = ()

    def build(self, *, backend: str = "auto") -> SequenceEncoder:
        """Return the encoder, with random weights except for those of the language models."""
        return SequenceEncoder(
            self.config,
            self.vocabulary,
            language_models=[each.model for each in self.feature_models],
            backend=backend,
        )

    def batcher(self) -> Batcher:
        """Return a new batcher with an empty table of words."""
        texts = [ModelText(each.tokenizer) for each in self.feature_models]
        return Batcher(self.vocabulary, texts)

    def to_config(self) -> Values:
        """Return the sections of `config.json` that define the encoder; they contain no paths."""
        config = replace(
            self.config,
            vectors=None if self.config.vectors is None else Path(self.config.vectors).name,
            language_models=tuple(Path(name).name for name in self.config.language_models),
        )
        models = {str(i): each.config for i, each in enumerate(self.feature_models)}
        return {"encoder": encode(config), "language_models": models}

    def to_vocabularies(self) -> Values:
        """Return the vocabularies and tokenizers as JSON values, for `tokenizer.json`."""
        tokenizers = [json.loads(each.tokenizer.to_json()) for each in self.feature_models]
        return {"tokens": self.vocabulary.to_values(), "language_models": tokenizers}

    @classmethod
    def from_stored(cls, config: Values, vocabularies: Values, *, source: str) -> "EncoderParts":
        """Return the parts from what `to_config` and `to_vocabularies` returned.

        The language models have random weights; the caller loads those of the whole model.

        Args:
            config: Sections of `config.json`.
            vocabularies: Content of `tokenizer.json`.
            source: The model folder, for error messages.

        Raises:
            ConfigError: A setting is unknown or out of range.
            FormatError: The values are damaged.
        """
        try:
            tokenizers = [
                VocabularyTokenizer.from_json(json.dumps(each))
                for each in vocabularies["language_models"]
            ]
            models = config["language_models"]
            feature_models = tuple(
                _built(models[str(i)], tokenizer) for i, tokenizer in enumerate(tokenizers)
            )
            tokens = vocabularies["tokens"]
            encoder = config["encoder"]
        except (KeyError, TypeError) as error:
            raise FormatError(
                f"{source} is damaged: {type(error).__name__} {error}.",
                help="Copy the model folder again.",
            ) from error
        return cls(
            config=decode(EncoderConfig, encoder, source=f"{source}, config.json, encoder"),
            vocabulary=TokenVocabulary.from_values(tokens),
            feature_models=feature_models,
        )


def load_feature_models(
    paths: Sequence[str], *, located: Callable[[str], str]
) -> tuple[FeatureModel, ...]:
    """Load the language models that `encoder.language_models` names.

    Args:
        paths: Their folders.
        located: Returns a path that can be opened from the current folder.

    Raises:
        CheckpointError: A model cannot be loaded.
        ConfigError: It is not a neural language model.
    """
    return tuple(feature_model(load_model(Path(located(path))), name=path) for path in paths)


def feature_model(stored: StoredModel, *, name: str) -> FeatureModel:
    """Return a loaded language model as a part of an encoder.

    Raises:
        ConfigError: It is not a neural language model.
    """
    if not isinstance(stored.model, NeuralLanguageModel):
        raise ConfigError(
            f"{name} is of the family {stored.model.family}, which has no hidden states.",
            help="Use a neural language model, such as one of the recipe lstm-small.",
        )
    config = {key: stored.config[key] for key in _SECTIONS if key in stored.config}
    return FeatureModel(model=stored.model, tokenizer=stored.tokenizer, config=config)


def _built(config: Values, tokenizer: Tokenizer) -> FeatureModel:
    """Build a stored language model with random weights."""
    settings = decode_model_settings(config, source="config.json, language_models")
    if not isinstance(settings.model, NeuralModelConfig):
        raise FormatError("config.json, language_models: the family has no hidden states.")
    model = settings.model.build(settings.network(tokenizer.vocabulary_spec))
    return FeatureModel(model=model, tokenizer=tokenizer, config=config)
