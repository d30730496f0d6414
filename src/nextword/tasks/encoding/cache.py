"""Vectors of words computed once and kept, for prediction."""

import torch
from jaxtyping import Float
from torch import Tensor

from nextword.tasks.encoding.batch import DistinctWords
from nextword.tasks.encoding.batcher import WordTable
from nextword.tasks.encoding.encoder import SequenceEncoder

_MAX_ROWS = 1 << 16
_FIRST_CAPACITY = 4096


class WordVectorCache:
    """The vectors of the words of a table, each computed once.

    Memory is bounded: `trim` clears the table and the vectors when they have grown too large.

    Args:
        encoder: The encoder, in evaluation mode; its weights must not change.
        table: The words.
    """

    def __init__(self, encoder: SequenceEncoder, table: WordTable) -> None:
        self._encoder = encoder
        self._table = table
        self._clear()

    def _clear(self) -> None:
        self._version = self._table.version
        device = next(self._encoder.parameters()).device
        self._vectors = torch.zeros(_FIRST_CAPACITY, self._encoder.word_size, device=device)
        self._is_there = torch.zeros(_FIRST_CAPACITY, dtype=torch.bool)

    def trim(self) -> None:
        """Clear the table if it has more than 65,536 words; call it between batches."""
        if len(self._table) > _MAX_ROWS:
            self._table.clear()

    def vectors(self, words: DistinctWords) -> Float[Tensor, "words size"]:
        """Return the vector of each word, (words, word_size)."""
        if self._version != self._table.version:
            self._clear()
        if len(self._table) > len(self._vectors):
            self._grow()
        missing = torch.nonzero(~self._is_there[words.rows]).flatten()
        if len(missing):
            rows = words.rows[missing]
            self._vectors[rows] = self._encoder.encode_words(words.at(missing))
            self._is_there[rows] = True
        return self._vectors[words.rows]

    def _grow(self) -> None:
        more = 2 * len(self._table) - len(self._vectors)
        self._vectors = torch.cat(
            [self._vectors, self._vectors.new_zeros(more, self._vectors.shape[1])]
        )
        self._is_there = torch.cat([self._is_there, self._is_there.new_zeros(more)])
