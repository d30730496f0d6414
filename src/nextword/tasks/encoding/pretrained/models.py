"""Trained models whose hidden states become features of words, as parts of an encoder."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from torch import nn

from nextword.base import ConfigError, FormatError, Values, require
from nextword.families import NeuralModelConfig, decode_model_settings
from nextword.models import NeuralLanguageModel
from nextword.storage import StoredModel, load_model
from nextword.tasks.encoding.config import EncoderConfig
from nextword.tasks.encoding.features import FeatureText, WordFeatures
from nextword.tasks.encoding.pretrained.huggingface import (
    HuggingFaceModel,
    load_huggingface_encoder,
)
from nextword.tasks.encoding.pretrained.language_model import LanguageModelFeatures
from nextword.tasks.encoding.pretrained.model_text import ModelText
from nextword.tokens import Tokenizer, VocabularyTokenizer

#: Sections of a language model's settings that are stored with the encoder.
_SECTIONS = ("model", "embedding", "output", "regularization", "tokenizer")
#: Key of the settings of a transformers encoder.
_HUGGINGFACE = "huggingface"


@runtime_checkable
class FeatureSource(Protocol):
    """A trained model whose hidden states become features of words.

    Attributes:
        model: The network.
        config: The settings that define it, as JSON values.
    """

    @property
    def model(self) -> nn.Module:
        """The network."""

    @property
    def config(self) -> Values:
        """The settings that define it, as JSON values."""

    def features(self, *, is_frozen: bool) -> WordFeatures:
        """Return the module that computes the features of words.

        Args:
            is_frozen: Whether the weights are not trained.
        """

    def text(self) -> FeatureText:
        """Return what encodes sentences for the model."""

    def to_tokenizer(self) -> Values:
        """Return the tokenizer as JSON values."""


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

    def features(self, *, is_frozen: bool) -> LanguageModelFeatures:
        """Return the module that computes the features of words."""
        return LanguageModelFeatures(self.model, is_frozen=is_frozen)

    def text(self) -> ModelText:
        """Return what encodes sentences for the model."""
        return ModelText(self.tokenizer)

    def to_tokenizer(self) -> Values:
        """Return the tokenizer as JSON values."""
        values: Values = json.loads(self.tokenizer.to_json())
        return values


def load_feature_models(
    config: EncoderConfig, *, located: Callable[[str], str]
) -> tuple[FeatureSource, ...]:
    """Load the models that `encoder.language_models` and `encoder.huggingface` name.

    Args:
        config: The settings.
        located: Returns a path that can be opened from the current folder.

    Raises:
        CheckpointError: A model cannot be loaded.
        ConfigError: It has no hidden states, or is named twice.
        MissingExtraError: transformers is needed and not installed.
    """
    # Stored settings have the names of the folders alone, two of which may be equal.
    require(
        len(set(config.language_models)) == len(config.language_models),
        f"encoder.language_models is {', '.join(config.language_models)}, which names a model "
        "twice.",
        help="Name each language model once.",
    )
    models: list[FeatureSource] = [
        feature_model(load_model(Path(located(path))), name=path) for path in config.language_models
    ]
    if config.huggingface is not None:
        name = located(config.huggingface)
        models.append(load_huggingface_encoder(name, subwords=config.subwords))
    return tuple(models)


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


def stored_config(source: FeatureSource) -> Values:
    """Return the settings of a model, for `config.json`."""
    if isinstance(source, HuggingFaceModel):
        return {_HUGGINGFACE: source.config}
    return source.config


def from_stored(config: Values, tokenizer: Values) -> FeatureSource:
    """Build a stored model with random weights.

    Args:
        config: What `stored_config` returned.
        tokenizer: What `to_tokenizer` returned.

    Raises:
        FormatError: The values are damaged.
        MissingExtraError: transformers is needed and not installed.
    """
    if _HUGGINGFACE in config:
        return HuggingFaceModel.from_stored(config[_HUGGINGFACE], tokenizer)
    made = VocabularyTokenizer.from_json(json.dumps(tokenizer))
    settings = decode_model_settings(config, source="config.json, language_models")
    if not isinstance(settings.model, NeuralModelConfig):
        raise FormatError("config.json, language_models: the family has no hidden states.")
    model = settings.model.build(settings.network(made.vocabulary_spec))
    return FeatureModel(model=model, tokenizer=made, config=config)
