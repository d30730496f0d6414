"""Counting a text larger than memory, by an external merge sort in temporary files.

Each order takes two passes over the text, which is read in pieces. The first pass stores the
n-grams of every piece as a sorted run, and merges the runs. The second pass stores for each
position the rank of the n-gram that ends there; the keys of the next order are computed from these
ranks.
All files are read in sequence, and their pages are released again. The result equals that of
`count_ngrams`.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int64, Integer

from nextword.base import ProgressCallback, release_pages, require_range
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
    run_begins,
)
from nextword.ngrams.counting.runs import Run, RunColumns, merge_runs
from nextword.ngrams.counting.sentences import Sentences
from nextword.ngrams.counting.sorting import sorted_with_places
from nextword.ngrams.workspace import Workspace

#: Peak memory of sorting, per token.
_BYTES_PER_TOKEN = 128
MIN_MEMORY_BYTES = 4096


def count_spilling(
    sentences: Sentences,
    *,
    order: int,
    folder: Path,
    memory_bytes: int,
    on_progress: ProgressCallback | None = None,
) -> NgramCounts:
    """Count the n-grams of orders 1 to `order` within a limit on memory.

    Args:
        sentences: The text.
        order: Length of the longest n-grams.
        folder: Folder of temporary files, about 48 bytes per token and 16 per n-gram. Their names
            are removed at once; their space is freed with the last array of the result.
        memory_bytes: Limit on memory, without the vocabulary; at least 4096 bytes.
        on_progress: Called with (stage, done, total) after each part of the text.

    Returns:
        The counts of every order, memory-mapped.

    Raises:
        ConfigError: The order is below 1 or above the longest sentence, or the limit is too small.
        DataError: The text has no token.
    """
    check_order(order)
    require_range("memory_bytes", memory_bytes, low=MIN_MEMORY_BYTES)
    workspace = Workspace(folder, memory_bytes=memory_bytes)
    max_tokens = memory_bytes // _BYTES_PER_TOKEN
    text = _Positions(sentences, workspace, max_tokens=max_tokens)
    orders = [first_order(text.counts)]
    while len(orders) < order:
        number = len(orders) + 1
        note = None if on_progress is None else _noted(on_progress, number, order, text.num_tokens)
        runs = text.runs(keeps_places=number < order, on_window=note)
        merged = merge_runs(runs, workspace, max_ngrams=max_tokens, limit=text.largest)
        orders.append(OrderCounts(keys=merged.keys, counts=merged.counts, suffixes=merged.suffixes))
        check_found(orders, wanted=order)
        if number < order:
            text.move_on(runs, merged.keys)
    return finished(orders, sentences, appearance=text.appearance, workspace=workspace)


class _Positions:
    """The text with, for each position, the rank of the n-gram that ends there."""

    def __init__(self, sentences: Sentences, workspace: Workspace, *, max_tokens: int) -> None:
        self._vocab_size = sentences.vocab_size
        self._start_id = sentences.start_id
        self._max_tokens = max_tokens
        self._workspace = workspace
        self.counts = np.zeros(sentences.vocab_size, dtype=np.int64)
        self.appearance = no_appearance(sentences)
        self.num_tokens = 0
        words, ranks = workspace.column(sentences.ids.dtype), workspace.column(np.int64)
        for piece in sentences.pieces(max_tokens):
            note_appearance(self.appearance, piece, position=self.num_tokens)
            self.num_tokens += len(piece)
            self.counts += np.bincount(piece, minlength=sentences.vocab_size)
            words.append(piece)
            ranks.append(piece)
            release_pages(sentences.ids)
        self._words, self._ranks = words.whole(), ranks.whole()
        #: For each position of the windows where an n-gram ends, its place in the window's run.
        self._places: np.ndarray = np.zeros(0, dtype=np.uint32)

    @property
    def largest(self) -> int:
        """A number that no count and no rank exceeds."""
        return max(self.num_tokens, self._vocab_size)

    def runs(self, *, keeps_places: bool, on_window: Callable[[int], None] | None) -> list[Run]:
        """Return the n-grams one order higher, as one sorted run for each window of the text.

        Args:
            keeps_places: Whether `move_on` will be called.
            on_window: Called with the number of tokens so far.
        """
        workspace = self._workspace
        columns = RunColumns(workspace, limit=self.largest)
        places = workspace.column(workspace.number(self._max_tokens))
        for begin, end in self._windows():
            ends, keys = self._keys(begin, end, before=int(self._ranks[begin - 1]))
            ordered, sorting = sorted_with_places(keys)
            begins = run_begins(ordered)
            counts = np.diff(np.append(begins, len(keys)))
            first = sorting[begins]
            suffixes = self._ranks[begin:end][ends[first]]
            columns.append(Run(keys=ordered[begins], counts=counts, suffixes=suffixes))
            if keeps_places:
                inverse = np.empty(len(keys), dtype=np.int64)
                inverse[sorting] = np.repeat(np.arange(len(begins)), counts)
                places.append(inverse)
            workspace.release()
            if on_window is not None:
                on_window(end)
        self._places = places.whole()
        return columns.runs()

    def move_on(self, runs: Sequence[Run], keys: Int64[np.ndarray, " num_ngrams"]) -> None:
        """Replace the rank at each position by that of the n-gram one order higher.

        Args:
            runs: The result of `runs`, which has to be called before.
            keys: Keys of all n-grams one order higher, in ascending order.
        """
        before = int(self._ranks[0])
        self._ranks[0] = NO_RANK
        done = 0
        for (begin, end), run in zip(self._windows(), runs, strict=True):
            ends, _ = self._keys(begin, end, before=before)
            before = int(self._ranks[end - 1])
            places = self._places[done : done + len(ends)]
            done += len(ends)
            ranks = np.full(end - begin, NO_RANK, dtype=np.int64)
            ranks[ends] = _ranks_of(run.keys, keys, self._workspace)[places]
            self._ranks[begin:end] = ranks
            self._workspace.release()

    def _windows(self) -> Iterator[tuple[int, int]]:
        for begin in range(1, len(self._words), self._max_tokens):
            yield begin, min(begin + self._max_tokens, len(self._words))

    def _keys(
        self, begin: int, end: int, *, before: int
    ) -> tuple[Int64[np.ndarray, " _"], Int64[np.ndarray, " _"]]:
        """Return where n-grams one order higher end in a window, from its begin; and their keys."""
        words = self._words[begin:end]
        contexts = np.concatenate([[before], self._ranks[begin : end - 1]])
        found = np.flatnonzero((contexts != NO_RANK) & (words != self._start_id))
        return found, contexts[found] * self._vocab_size + words[found]


def _noted(
    on_progress: ProgressCallback, number: int, order: int, num_tokens: int
) -> Callable[[int], None]:
    stage = f"counting the n-grams of order {number} of {order}, tokens"
    return lambda done: on_progress(stage, done, total=num_tokens)


def _ranks_of(
    wanted: Int64[np.ndarray, " num_wanted"],
    keys: Integer[np.ndarray, " num_ngrams"],
    workspace: Workspace,
) -> Int64[np.ndarray, " num_wanted"]:
    """Return the place of ascending keys among others, which contain all of them."""
    wanted = np.array(wanted)
    ranks = np.empty(len(wanted), dtype=np.int64)
    done = 0
    for block in workspace.blocks(len(keys)):
        part = keys[block]
        end = done + int(np.searchsorted(wanted[done:], part[-1], side="right"))
        ranks[done:end] = block.start + np.searchsorted(part, wanted[done:end])
        done = end
    return ranks
