"""From token ids to the vectors that a network reads."""

import torch
from torch import Tensor, nn

from nextword.layers.dropout import Dropout, LockedDropout, drop_tokens
from nextword.layers.embeddings import AdaptiveEmbedding, look_up, one_hot
from nextword.tensors import Embeddings, TokenIds


class TokenInput(nn.Module):
    """e[t] = E x[t], or x[t] itself where there is no table; in training with dropout.

    The table E stays the model's own, for the output may use it too.

    Args:
        vocab_size: Number of token ids.
        input_dropout: Share of the vectors' entries dropped in training.
        embedding_dropout: Share of the vocabulary whose vector is dropped, a window at a time.
        locked: One mask for all steps of a window instead of one a step.

    Attributes:
        sparse_gradients: Whether the gradient of a table stays a list of the rows that were read.

    Raises:
        ConfigError: A share is out of range.
    """

    unit: Tensor
    sparse_gradients: bool = False

    def __init__(
        self, vocab_size: int, *, input_dropout: float, embedding_dropout: float, locked: bool
    ) -> None:
        super().__init__()
        self.vocab_size = vocab_size
        self.embedding_dropout = embedding_dropout
        self.dropout = LockedDropout(input_dropout) if locked else Dropout(input_dropout)
        # One-hot vectors are made in its type and on its device, which are the model's.
        self.register_buffer("unit", torch.ones(()), persistent=False)

    def forward(self, token_ids: TokenIds, table: Tensor | AdaptiveEmbedding | None) -> Embeddings:
        """Give the vectors of tokens, (batch, time, width).

        Args:
            token_ids: Ids, (batch, time).
            table: E, (vocab, width); None for one-hot vectors, as wide as the vocabulary.
        """
        if table is None:
            vectors = one_hot(token_ids, self.vocab_size, like=self.unit)
        elif isinstance(table, AdaptiveEmbedding):
            vectors = table.forward(token_ids, sparse=self.sparse_gradients)
        else:
            vectors = look_up(table, token_ids, sparse=self.sparse_gradients)
        if self.training:
            vectors = drop_tokens(
                vectors,
                token_ids,
                vocab_size=self.vocab_size,
                probability=self.embedding_dropout,
            )
        dropped: Embeddings = self.dropout(vectors)
        return dropped
