"""The input layer: from token ids to embedding vectors."""

import torch
from torch import Tensor, nn

from nextword.layers.dropout import Dropout, LockedDropout, drop_tokens
from nextword.layers.embeddings import AdaptiveEmbedding, look_up, one_hot
from nextword.tensors import Embeddings, TokenIds


class TokenInput(nn.Module):
    """e[t] = E x[t], or the one-hot vector x[t] without a table; with dropout in training.

    The table E is an argument, not a parameter of this layer, because the output head may share it.

    Args:
        vocab_size: Number of token ids.
        input_dropout: Dropout probability of the vectors' entries.
        embedding_dropout: Probability that a word's vector is dropped for a whole window.
        locked: Whether dropout uses one mask for all steps of a window instead of one per step.

    Attributes:
        sparse_gradients: Whether the gradient of a table is sparse, with only the rows that were
            read.

    Raises:
        ConfigError: A probability is out of range.
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
        # One-hot vectors get its dtype and device, which are the model's.
        self.register_buffer("unit", torch.ones(()), persistent=False)

    def forward(self, token_ids: TokenIds, table: Tensor | AdaptiveEmbedding | None) -> Embeddings:
        """Return the vectors of tokens.

        Args:
            token_ids: Ids, (batch, time).
            table: E, (vocab, width); None for one-hot vectors, whose width is the vocabulary size.

        Returns:
            (batch, time, width).
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
