"""Starting an encoder or a decoder from the weights of a recurrent language model."""

import logging

import torch
from torch import Tensor, nn

from nextword.base import ConfigError, VocabularyError
from nextword.cells import AnyCell
from nextword.families.recurrent import RecurrentLanguageModel
from nextword.recurrent import BidirectionalStack, RecurrentStack
from nextword.storage import StoredModel
from nextword.tasks.decoding import Decoder, Symbols
from nextword.tasks.transduction.network import SourceEncoder

_logger = logging.getLogger(__name__)


@torch.no_grad()
def start_encoder(encoder: SourceEncoder, stored: StoredModel, *, symbols: Symbols) -> None:
    """Copy the embeddings and layers of a language model into an encoder.

    A bidirectional encoder starts only its first layer that reads forwards from the language
    model: the inputs of the others differ.

    Args:
        encoder: The encoder; it is changed.
        stored: The language model.
        symbols: The symbols of sources.

    Raises:
        ConfigError: The language model is not recurrent, or its cells or sizes differ.
    """
    layers = encoder.layers
    if isinstance(layers, BidirectionalStack):
        first: RecurrentStack = layers.forward_layers[0]  # type: ignore[assignment]
        cells = first.layers
    else:
        cells = layers.layers
    _start(encoder.embedding, cells, stored, symbols=symbols, setting="encoder.init")


@torch.no_grad()
def start_decoder(decoder: Decoder, stored: StoredModel, *, symbols: Symbols) -> None:
    """Copy the embeddings and layers of a language model into a decoder.

    With input feeding, the weights of the fed vector stay as they are.

    Args:
        decoder: The decoder; it is changed.
        stored: The language model.
        symbols: The symbols of targets.

    Raises:
        ConfigError: The language model is not recurrent, or its cells or sizes differ.
    """
    cells = decoder.core.layers
    _start(decoder.embedding, cells, stored, symbols=symbols, setting="decoder.init")


def _start(
    embedding: nn.Embedding,
    cells: list[AnyCell],
    stored: StoredModel,
    *,
    symbols: Symbols,
    setting: str,
) -> None:
    model = stored.model
    if not isinstance(model, RecurrentLanguageModel):
        raise ConfigError(
            f"{setting} is {stored.path}, a language model of the family {model.family}; only "
            "recurrent ones can be used.",
            help="Train one with model.family=recurrent.",
        )
    if len(cells) > len(model.core.layers):
        raise ConfigError(
            f"{setting} is {stored.path}, which has {len(model.core.layers)} layers, but "
            f"{len(cells)} are needed.",
            help="Set num_layers to at most that of the language model.",
        )
    for number, (ours, theirs) in enumerate(zip(cells, model.core.layers, strict=False), start=1):
        _copy_cell(ours, theirs, setting=setting, name=f"layer {number} of {stored.path}")
    num_copied = _copy_rows(embedding, stored, symbols=symbols, table=model.embedding)
    _logger.info(
        "%s: %d layers and the embeddings of %s of %s symbols start from %s",
        setting,
        len(cells),
        f"{num_copied:,}",
        f"{embedding.num_embeddings:,}",
        stored.path,
        extra={"notice": True},
    )


def _copy_cell(ours: AnyCell, theirs: AnyCell, *, setting: str, name: str) -> None:
    same_type = type(ours) is type(theirs)
    if not same_type or ours.hidden_size != theirs.hidden_size:
        raise ConfigError(
            f"{setting}: {name} is {type(theirs).__name__} of hidden size {theirs.hidden_size}, "
            f"not {type(ours).__name__} of hidden size {ours.hidden_size}.",
            help="Use the cell and hidden_size of the language model.",
        )
    known = dict(theirs.named_parameters())
    for key, parameter in ours.named_parameters():
        source = known.get(key)
        if source is None:
            continue
        if source.shape == parameter.shape:
            parameter.copy_(source)
        elif (
            source.ndim == 2
            and len(source) == len(parameter)
            and source.shape[1] < parameter.shape[1]
        ):
            # The inputs that only the decoder has come last.
            parameter[:, : source.shape[1]] = source
        else:
            raise ConfigError(
                f"{setting}: {key} of {name} is {tuple(source.shape)}, not "
                f"{tuple(parameter.shape)}.",
                help="Use the embedding_size of the language model.",
            )


def _copy_rows(
    embedding: nn.Embedding, stored: StoredModel, *, symbols: Symbols, table: object
) -> int:
    """Copy the embeddings of the tokens that both vocabularies have; return their number."""
    weight = table if isinstance(table, Tensor) else None
    if weight is None or weight.shape[1] != embedding.embedding_dim:
        raise ConfigError(
            f"the embeddings of {stored.path} have not the size {embedding.embedding_dim}.",
            help="Use the embedding_size of the language model.",
        )
    num_copied = 0
    for token_id in range(embedding.num_embeddings):
        try:
            theirs = stored.tokenizer.id_of(symbols.tokenizer.token_text(token_id))
        except VocabularyError:
            continue
        embedding.weight[token_id] = weight[theirs].to(embedding.weight.device)
        num_copied += 1
    return num_copied
