"""Counting n-grams of all orders up to a maximum, vectorized with NumPy.

An n-gram is identified by its *key*: the rank of its context (all words but the last) among the
n-grams one order below, times the vocabulary size, plus its last word. The rank of an n-gram is its
position in its order when sorted by key. So a key of any order fits into 64 bits, and the n-grams
with the same context are adjacent.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Int64, Integer

from nextword.base import ConfigError, DataError, require_range
from nextword.ngrams.counting.sentences import Sentences
from nextword.ngrams.counting.sorting import sorted_with_places
from nextword.ngrams.workspace import Workspace

#: The rank of a position where no n-gram ends.
NO_RANK = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class OrderCounts:
    """The n-grams of one order with their counts; order 1 has one for every id.

    Attributes:
        keys: context rank * vocab_size + last word, in ascending order.
        counts: Number of occurrences of each in the text.
        suffixes: For each n-gram, the rank one order below of the n-gram without its first word;
            empty at order 1.
    """

    keys: Int64[np.ndarray, " num_ngrams"]
    counts: Integer[np.ndarray, " num_ngrams"]
    suffixes: Integer[np.ndarray, " num_suffixes"]

    @property
    def num_ngrams(self) -> int:
        """Number of n-grams; at order 1 the vocabulary size."""
        return len(self.keys)


@dataclass(frozen=True, kw_only=True, eq=False)
class NgramCounts:
    """N-gram counts of every order.

    Attributes:
        orders: Counts by order, order 1 first.
        appearance: For each id a number that increases with the position of its first occurrence
            in the text; 0 for `<s>` and `</s>`, -1 for an id that does not occur.
        vocab_size: Number of ids.
        start_id: The id of `<s>`, which begins a sentence and is never counted as a next word.
        workspace: Where arrays of the size of an order are kept.
    """

    orders: tuple[OrderCounts, ...]
    appearance: Int64[np.ndarray, " vocab"]
    vocab_size: int
    start_id: int
    workspace: Workspace = field(default_factory=Workspace)

    @property
    def order(self) -> int:
        """Length of the longest n-grams."""
        return len(self.orders)

    def words_seen(self) -> Int64[np.ndarray, " vocab"]:
        """Return the count of each id as a next word, (vocab); 0 for `<s>`."""
        counts = np.array(self.orders[0].counts)
        counts[self.start_id] = 0
        return counts

    def of(self, order: int) -> OrderCounts:
        """Return the n-grams of an order, from 1."""
        return self.orders[order - 1]

    def contexts(self, order: int) -> Int64[np.ndarray, " _"]:
        """Return the rank of the context of each n-gram of an order, 2 or more."""
        return self.of(order).keys // self.vocab_size


def count_ngrams(sentences: Sentences, *, order: int) -> NgramCounts:
    """Count the n-grams of orders 1 to `order` in memory (about 60 bytes per token at the peak).

    Args:
        sentences: The text.
        order: Length of the longest n-grams.

    Returns:
        The counts of every order.

    Raises:
        ConfigError: The order is below 1, or above the longest sentence.
        DataError: The text has no token.
    """
    check_order(order)
    words = sentences.whole()
    appearance = no_appearance(sentences)
    note_appearance(appearance, words, position=0)
    follows = words != sentences.start_id
    ranks = words.astype(np.int64)
    orders = [first_order(np.bincount(words, minlength=sentences.vocab_size))]
    while len(orders) < order:
        ends = 1 + np.flatnonzero((ranks[:-1] != NO_RANK) & follows[1:])
        keys = ranks[ends - 1] * sentences.vocab_size + words[ends]
        ordered, sorting = sorted_with_places(keys)
        begins = run_begins(ordered)
        counts = np.diff(np.append(begins, len(keys)))
        representatives = sorting[begins]
        orders.append(
            OrderCounts(keys=ordered[begins], counts=counts, suffixes=ranks[ends[representatives]])
        )
        check_found(orders, wanted=order)
        ranks[:] = NO_RANK
        ranks[ends[sorting]] = np.repeat(np.arange(len(begins)), counts)
    return finished(orders, sentences, appearance=appearance)


def check_order(order: int) -> None:
    """Raise a ConfigError for an order below 1."""
    require_range("model.order", order, low=1)


def first_order(counts: Integer[np.ndarray, " vocab"]) -> OrderCounts:
    """Return the counts of order 1: one n-gram for each id, whether it occurs or not."""
    return OrderCounts(
        keys=np.arange(len(counts)),
        counts=counts.astype(np.int64),
        suffixes=np.zeros(0, dtype=np.int64),
    )


def check_found(orders: list[OrderCounts], *, wanted: int) -> None:
    """Raise a ConfigError if the last order has no n-gram.

    Args:
        orders: The orders counted so far.
        wanted: The order that was asked for, for the error message.
    """
    if orders[-1].num_ngrams:
        return
    longest = len(orders) - 1
    raise ConfigError(
        f"model.order is {wanted}, but the longest sentence of the text has {longest} tokens, "
        "including <s>.",
        help=f"Set model.order={longest} or less, or train on a longer text.",
    )


def no_appearance(sentences: Sentences) -> Int64[np.ndarray, " vocab"]:
    """Return `NgramCounts.appearance` of an empty text."""
    appearance = np.full(sentences.vocab_size, -1, dtype=np.int64)
    appearance[[sentences.start_id, sentences.end_id]] = 0
    return appearance


def note_appearance(
    appearance: Int64[np.ndarray, " vocab"], words: Integer[np.ndarray, " _"], *, position: int
) -> None:
    """Update `NgramCounts.appearance` in place with the next piece of the text.

    Args:
        appearance: The array to update.
        words: Ids of the piece.
        position: Position of the piece in the text.
    """
    # The last assignment to an index wins, so the piece is written from its end.
    first = np.full(len(appearance), -1, dtype=np.int64)
    first[words[::-1]] = np.arange(position + len(words), position, -1)
    new = (appearance == -1) & (first != -1)
    appearance[new] = first[new]


def finished(
    orders: list[OrderCounts],
    sentences: Sentences,
    *,
    appearance: Int64[np.ndarray, " vocab"],
    workspace: Workspace | None = None,
) -> NgramCounts:
    """Return the counts of all orders as one object.

    Args:
        orders: Counts by order, order 1 first.
        sentences: The text that was counted.
        appearance: See `NgramCounts`.
        workspace: Where the arrays are kept; in memory when None.

    Raises:
        DataError: The text has no token.
    """
    counts = NgramCounts(
        orders=tuple(orders),
        appearance=appearance,
        vocab_size=sentences.vocab_size,
        start_id=sentences.start_id,
        workspace=Workspace() if workspace is None else workspace,
    )
    if not counts.words_seen().any():
        raise DataError("the text has no token to count.", help="Name a text that is not empty.")
    return counts


def run_begins(rising: Int64[np.ndarray, " num_keys"]) -> Int64[np.ndarray, " num_runs"]:
    """Return the index at which each run of equal keys begins.

    Example:
        >>> run_begins(np.array([3, 3, 5, 8, 8])).tolist()
        [0, 2, 3]
    """
    changes = np.ones(len(rising), dtype=bool)
    np.not_equal(rising[1:], rising[:-1], out=changes[1:])
    return np.flatnonzero(changes)
