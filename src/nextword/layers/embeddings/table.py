"""The embedding table: one row per token, all of one width or narrower for rarer tokens."""

import torch
from torch import nn

from nextword.base import require
from nextword.layers.embeddings.adaptive import AdaptiveEmbedding
from nextword.layers.embeddings.clusters import NARROWING

#: Initial values are uniform in [-0.1, 0.1], unless the table is tied to the output head.
_SCALE = 0.1


def embedding_table(
    vocab_size: int,
    embedding_size: int,
    *,
    one_hot: bool = False,
    frozen: bool = False,
    tied: bool = False,
    cutoffs: tuple[int, ...] = (),
    narrowing: int = NARROWING,
) -> nn.Parameter | AdaptiveEmbedding | None:
    """Build the embedding table E, drawn from a uniform distribution.

    Args:
        vocab_size: Number of token ids.
        embedding_size: Width of a vector.
        one_hot: Whether tokens are one-hot vectors, which need no table.
        frozen: Whether the table is not trained.
        tied: Whether the table is also the weight of the output head.
        cutoffs: First ids of the clusters of an adaptive embedding; every vector has the same width
            when empty.
        narrowing: Factor by which each cluster's vectors are narrower than those of the one before.

    Returns:
        (vocab, embedding), or an adaptive embedding; None for one-hot vectors.

    Raises:
        ConfigError: The table is tied but tokens are one-hot vectors, or the cut-offs do not fit
            the vocabulary.
    """
    require(
        not (one_hot and tied),
        "model.tied needs an embedding table, but embedding.kind is 'one_hot'.",
        help="Add --set model.tied=false.",
    )
    if one_hot:
        return None
    if cutoffs:
        return AdaptiveEmbedding(embedding_size, vocab_size, cutoffs=cutoffs, narrowing=narrowing)
    scale = embedding_size**-0.5 if tied else _SCALE
    table = torch.empty(vocab_size, embedding_size).uniform_(-scale, scale)
    return nn.Parameter(table, requires_grad=not frozen)
