"""The settings and weights of a tagger or classifier, by the names of the transformers classes.

Refuses what those classes cannot compute.
"""

from typing import Any

from torch import Tensor

from nextword.base import ConfigError, Values
from nextword.cells import AnyCell, ElmanCell, ProjectedLstmCell
from nextword.interop.exported_tasks import character_filters, layer_cells, with_padding
from nextword.interop.huggingface.torch_layers import (
    torch_cell_name,
    torch_layer_weights,
    why_no_torch_layer,
)
from nextword.tasks.classification import Classifier
from nextword.tasks.encoding import EncoderParts, SequenceEncoder
from nextword.tasks.tagging import Tagger


def encoder_settings(parts: EncoderParts, encoder: SequenceEncoder) -> Values:
    """Return the arguments of `NextwordTaskConfig` for an encoder.

    Args:
        parts: Its parts.
        encoder: The encoder.

    Raises:
        ConfigError: The transformers class cannot compute it; the message says why.
    """
    if parts.feature_models:
        raise _refusal("this model reads the hidden states of other trained models")
    pairs = layer_cells(encoder.core)
    for cell in (cell for pair in pairs for cell in pair):
        reason = why_no_torch_layer(cell)
        if reason is not None:
            raise _refusal(reason)
    cell, config, vocabulary = pairs[0][0], parts.config, parts.vocabulary
    settings: Values = {
        # The padding comes before the unknown word.
        "vocab_size": vocabulary.num_words + 1,
        "word_embedding_size": config.word_embedding_size,
        "num_characters": vocabulary.num_characters + 1,
        "characters": config.characters,
        "character_embedding_size": config.character_embedding_size,
        "character_hidden_size": config.character_hidden_size,
        "cell": torch_cell_name(cell),
        "hidden_size": cell.hidden_size,
        "num_hidden_layers": len(pairs),
        "bidirectional": config.bidirectional,
    }
    if isinstance(cell, ProjectedLstmCell):
        settings["projection_size"] = cell.projection_size
    if isinstance(cell, ElmanCell):
        settings["nonlinearity"] = cell.nonlinearity
    return settings


def tagger_weights(tagger: Tagger) -> dict[str, Tensor]:
    """Return the weights of a tagger by their names in `NextwordForTokenClassification`."""
    model = tagger.model
    weights = _encoder_weights(model.encoder) | _linear(model.output, "classifier")
    if model.crf is not None:
        for name in ("transitions", "starts", "ends"):
            weights[f"crf.{name}"] = getattr(model.crf, name)
    return _stored(weights)


def classifier_weights(classifier: Classifier) -> dict[str, Tensor]:
    """Return the weights of a classifier by their names in `NextwordForSequenceClassification`."""
    model = classifier.model
    weights = _encoder_weights(model.encoder) | _linear(model.output, "classifier")
    if model.pooling.scorer is not None:
        for name, value in model.pooling.scorer.named_parameters():
            weights[f"pooling.scorer.{name}"] = value
    if model.ngrams is not None:
        weights["ngrams.weight"] = with_padding(model.ngrams.weight)
    return _stored(weights)


def _encoder_weights(encoder: SequenceEncoder) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = {}
    if encoder.words is not None:
        weights["model.embedding.weight"] = with_padding(encoder.words.weight)
    characters: Any = encoder.characters
    if characters is not None:
        weights["model.characters.embedding.weight"] = with_padding(characters.embedding)
        if hasattr(characters, "core"):
            for name, value in _directions(*layer_cells(characters.core)).items():
                weights[f"model.characters.lstm.{name}"] = value
        else:
            weights["model.characters.bias"] = characters.bias
            for number, value in enumerate(character_filters(encoder)):
                weights[f"model.characters.filters.{number}.weight"] = value
    for depth, cells in enumerate(layer_cells(encoder.core)):
        for name, value in _directions(cells).items():
            weights[f"model.layers.{depth}.{name}"] = value
    return weights


def _directions(cells: tuple[AnyCell, ...]) -> dict[str, Tensor]:
    """Return the weights of a layer of one or two directions by the names of torch."""
    return {
        f"{name}_l0{suffix}": value
        for cell, suffix in zip(cells, ("", "_reverse"), strict=False)
        for name, value in torch_layer_weights(cell).items()
    }


def _linear(layer: Any, name: str) -> dict[str, Tensor]:
    return {f"{name}.weight": layer.weight, f"{name}.bias": layer.bias}


def _stored(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().float().contiguous() for name, value in weights.items()}


def _refusal(reason: str) -> ConfigError:
    return ConfigError(
        "a transformers folder holds taggers and classifiers of words and characters with the "
        f"LSTM, GRU and Elman layers of torch, but {reason}.",
        help="Export a model of the recipe tagger or classifier.",
    )
