"""Counting a text larger than memory, by an external merge sort in temporary files.

Each order takes two passes over the text, which is read in pieces. The first pass writes the
n-grams of every piece as a sorted run and merges the runs. The second pass stores for each position
the rank of the n-gram that ends there; the keys of the next order are computed from these ranks.
The result equals that of `count_ngrams`.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from nextword.base import require_range
from nextword.ngrams.counting.counts import (
    NO_RANK,
    NgramCounts,
    OrderCounts,
    check_found,
    check_order,
    finished,
    first_order,
    no_appearance,
    note_appearance,
)
from nextword.ngrams.counting.runs import Run, merge_runs, reduce_run
from nextword.ngrams.counting.sentences import Sentences

#: Peak memory of sorting, per token.
_BYTES_PER_TOKEN = 96
MIN_MEMORY_BYTES = 4096


def count_spilling(
    sentences: Sentences, *, order: int, folder: Path, memory_bytes: int
) -> NgramCounts:
    """Count the n-grams of orders 1 to `order` within a limit on memory.

    Args:
        sentences: The text.
        order: Length of the longest n-grams.
        folder: An empty folder for temporary files. The counts are memory-mapped from it and are
            valid as long as it exists. About 40 bytes per token are written.
        memory_bytes: Limit on memory, without the vocabulary; at least 4096 bytes.

    Returns:
        The counts of every order.

    Raises:
        ConfigError: The order is below 1 or above the longest sentence, or the limit is too small.
        DataError: The text has no token.
    """
    check_order(order)
    require_range("memory_bytes", memory_bytes, low=MIN_MEMORY_BYTES)
    text = _Positions(sentences, folder, max_tokens=memory_bytes // _BYTES_PER_TOKEN)
    orders = [first_order(text.counts)]
    while len(orders) < order:
        number = len(orders) + 1
        runs = [
            run.spill(folder / f"run-{number}-{index}.bin") for index, run in enumerate(text.runs())
        ]
        merged = merge_runs(
            runs, folder / f"order-{number}.bin", max_ngrams=memory_bytes // _BYTES_PER_TOKEN
        )
        for run in runs:
            run.delete()
        orders.append(OrderCounts(keys=merged.keys, counts=merged.counts, suffixes=merged.suffixes))
        check_found(orders, wanted=order)
        if number < order:
            text.move_on(merged.keys)
    return finished(orders, sentences, appearance=text.appearance)


class _Positions:
    """The text on disk with, for each position, the rank of the n-gram that ends there."""

    def __init__(self, sentences: Sentences, folder: Path, *, max_tokens: int) -> None:
        self._vocab_size = sentences.vocab_size
        self._start_id = sentences.start_id
        self._max_tokens = max_tokens
        self.counts = np.zeros(sentences.vocab_size, dtype=np.int64)
        self.appearance = no_appearance(sentences)
        position = 0
        paths = folder / "words.bin", folder / "ranks.bin"
        with paths[0].open("wb") as words, paths[1].open("wb") as ranks:
            for piece in sentences.pieces(max_tokens):
                note_appearance(self.appearance, piece, position=position)
                position += len(piece)
                self.counts += np.bincount(piece, minlength=sentences.vocab_size)
                words.write(piece.tobytes())
                ranks.write(piece.astype(np.int64).tobytes())
        self._words = np.memmap(paths[0], dtype=sentences.ids.dtype, mode="r")
        self._ranks = np.memmap(paths[1], dtype=np.int64, mode="r+")

    def runs(self) -> Iterator[Run]:
        """Iterate over the n-grams one order higher, as one sorted run for each piece."""
        for begin, end in self._windows():
            ends, keys = self._keys(begin, end, before=int(self._ranks[begin - 1]))
            yield reduce_run(keys, np.ones(len(keys), dtype=np.int64), suffixes=self._ranks[ends])

    def move_on(self, keys: Int64[np.ndarray, " num_ngrams"]) -> None:
        """Replace the rank at each position by that of the n-gram one order higher.

        Args:
            keys: Keys of the n-grams one order higher, in ascending order.
        """
        before = int(self._ranks[0])
        self._ranks[0] = NO_RANK
        for begin, end in self._windows():
            ends, wanted = self._keys(begin, end, before=before)
            before = int(self._ranks[end - 1])
            self._ranks[begin:end] = NO_RANK
            self._ranks[ends] = np.searchsorted(keys, wanted)

    def _windows(self) -> Iterator[tuple[int, int]]:
        for begin in range(1, len(self._words), self._max_tokens):
            yield begin, min(begin + self._max_tokens, len(self._words))

    def _keys(
        self, begin: int, end: int, *, before: int
    ) -> tuple[Int64[np.ndarray, " _"], Int64[np.ndarray, " _"]]:
        """Return the positions from begin to end where n-grams one order higher end, and keys."""
        words = self._words[begin:end]
        contexts = np.concatenate([[before], self._ranks[begin : end - 1]])
        found = np.flatnonzero((contexts != NO_RANK) & (words != self._start_id))
        return found + begin, contexts[found] * self._vocab_size + words[found]
