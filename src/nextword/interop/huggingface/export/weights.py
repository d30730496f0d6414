"""The settings and weights of a recurrent language model, by the names of the transformers class.

Refuses what that class cannot compute.
"""

from typing import Any

from torch import Tensor, nn

from nextword.base import ConfigError, Values
from nextword.cells import AnyCell, ElmanCell, ProjectedLstmCell
from nextword.families import RecurrentLanguageModel
from nextword.interop.huggingface.torch_layers import (
    torch_cell_name,
    torch_layer_weights,
    why_no_torch_layer,
)
from nextword.layers import (
    AdaptiveEmbedding,
    AdaptiveSoftmax,
    ChunkedSoftmax,
    FullSoftmax,
    SampledSoftmax,
)
from nextword.models import LanguageModel

#: Heads whose distribution is that of the full softmax.
_FULL_HEADS = (FullSoftmax, ChunkedSoftmax, SampledSoftmax)
_REASONS = {
    "ngram": "it has tables of probabilities, not layers",
    "window": "it reads a window of tokens and has no recurrent layers",
    "convolutional": "it reads a window of tokens and has no recurrent layers",
    "transformer": "its relative positions and its memory differ from those of transformers",
    "maxent": "it adds scores of hashed n-grams to those of the network",
    "mixture": "it consists of several models",
    "huggingface": "it is a model of transformers already",
}


def huggingface_settings(model: LanguageModel) -> Values:
    """Return the arguments of `NextwordConfig` for a model, apart from those of its tokenizer.

    Args:
        model: A recurrent network of LSTM, projected LSTM, GRU or Elman layers.

    Raises:
        ConfigError: The transformers class cannot compute this model; the message says why.
    """
    network = _checked(model)
    cell, head = network.core.layers[0], network.output
    sizes = [each.hidden_size for each in network.core.layers]
    settings: Values = {
        "vocab_size": network.vocab_size,
        "cell": torch_cell_name(cell),
        "hidden_size": network.core.layers[-1].output_size,
        "num_hidden_layers": len(sizes),
        "embedding_size": cell.input_size,
        "residual": network.core.residual,
        "learnt_initial_state": _learns_initial_state(cell),
        "never_ids": list(network.never_ids),
        "tie_word_embeddings": _tied_weight(head) is network.embedding,
    }
    if set(sizes) != {settings["hidden_size"]}:
        settings["layer_sizes"] = sizes
    if isinstance(cell, ProjectedLstmCell):
        settings["is_projected"] = True
    if isinstance(cell, ElmanCell):
        settings["nonlinearity"] = cell.nonlinearity
    if isinstance(head, AdaptiveSoftmax):
        settings["cutoffs"] = [low for low, _ in head.words.bounds[1:]]
        settings["cluster_sizes"] = [cluster.table.shape[1] for cluster in head.words.clusters]
    return settings


def huggingface_weights(model: LanguageModel) -> dict[str, Tensor]:
    """Return the weights of a model by their names in `NextwordForCausalLM`, in float32.

    Args:
        model: A model that `huggingface_settings` accepts.
    """
    network = _checked(model)
    weights: dict[str, Tensor] = {}
    if isinstance(network.embedding, AdaptiveEmbedding):
        weights |= _clusters(network.embedding, prefix="model.embedding.")
    elif network.embedding is not None:
        weights["model.embedding.weight"] = network.embedding
    for depth, cell in enumerate(network.core.layers):
        for name, value in torch_layer_weights(cell).items():
            weights[f"model.layers.{depth}.{name}_l0"] = value
    if _learns_initial_state(network.core.layers[0]):
        state = [part[0] for each in network.core.initial_state(1) for part in each]
        weights |= {f"model.initial_state.{number}": part for number, part in enumerate(state)}
    weights |= _head(network)
    return {name: value.detach().float().contiguous() for name, value in weights.items()}


def _checked(model: LanguageModel) -> RecurrentLanguageModel:
    """Return the model if the transformers class can compute it."""
    if type(model) is not RecurrentLanguageModel:
        family = _REASONS.get(model.family, "its layers are not in the code of that folder")
        raise _refusal(f"this model is of the family {model.family}: {family}")
    for cell in model.core.layers:
        reason = why_no_torch_layer(cell)
        if reason is not None:
            raise _refusal(reason)
    head = model.output
    if type(head) is not AdaptiveSoftmax and type(head) not in _FULL_HEADS:
        raise _refusal(f"this model has the output head {type(head).__name__}")
    if model.embedding is None:
        raise _refusal(
            "this model reads one-hot vectors, and transformers expects an embedding table"
        )
    if "zoneout" in model.core.regularizer.kinds:
        raise _refusal(
            "this model was trained with zoneout, which averages successive states; the layers of "
            "torch cannot"
        )
    return model


def _refusal(reason: str) -> ConfigError:
    return ConfigError(
        "a transformers folder holds stacks of the LSTM, GRU and Elman layers of torch with a full "
        f"or an adaptive softmax, but {reason}.",
        help="Export a model of the recipes lstm-small, lstm-projected, gru, char-lstm or demo.",
    )


def _learns_initial_state(cell: AnyCell) -> bool:
    return any(name.startswith("initial_") for name, _ in cell.named_parameters())


def _tied_weight(head: nn.Module) -> Any:
    return head.words if isinstance(head, AdaptiveSoftmax) else head.weight


def _head(network: RecurrentLanguageModel) -> dict[str, Tensor]:
    head = network.output
    bias = head.get_parameter("bias")
    if not isinstance(head, AdaptiveSoftmax):
        return {"lm_head.weight": head.get_parameter("weight"), "lm_head.bias": bias}
    weights: dict[str, Tensor] = {
        "lm_head.bias": bias,
        "lm_head.tails.weight": head.tail_weight,
        "lm_head.tails.bias": head.tail_bias,
    }
    if head.words is not network.embedding:
        weights |= _clusters(head.words, prefix="lm_head.words.")
    return weights


def _clusters(words: AdaptiveEmbedding, *, prefix: str) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = {}
    for number, cluster in enumerate(words.clusters):
        weights[f"{prefix}tables.{number}.weight"] = cluster.table
        if cluster.projection is not None:
            weights[f"{prefix}projections.{number}.weight"] = cluster.projection
    return weights
