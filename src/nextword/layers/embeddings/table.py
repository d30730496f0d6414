"""The embedding table: one row a token, all of one width or narrower the rarer the token."""

import torch
from torch import nn

from nextword.base import require
from nextword.layers.embeddings.adaptive import AdaptiveEmbedding
from nextword.layers.embeddings.clusters import NARROWING

#: Bound of what is drawn for a table that is no output's weight; that of a tied one is what the
#: output wants.
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
    """Give E, (vocab, embedding), drawn from a uniform distribution; None for one-hot vectors.

    Args:
        vocab_size: Number of token ids.
        embedding_size: Width of a vector.
        one_hot: Whether there is to be no table.
        frozen: Whether training leaves the table as it is.
        tied: Whether the table is the output's weight too.
        cutoffs: Ids from which on vectors are narrower; all are of one width when empty.
        narrowing: How many times narrower they are.

    Raises:
        ConfigError: It is tied, but there is none; or the cut-offs do not fit the vocabulary.
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
