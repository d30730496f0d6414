"""Counting n-grams of every order up to one, without a Python step per n-gram.

An n-gram is known by its *key*: the rank of its first words among the n-grams one order below,
times the vocabulary size, plus its last word. Ranks number an order's n-grams by rising key, so a
key of any order fits in 64 bits, and the n-grams that go on from one context stand side by side.
Knows ids alone, nothing of text or of probabilities.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, Integer

from nextword.base import ConfigError, DataError, require_range
from nextword.ngrams.counting.sentences import Sentences

#: The rank of what is no n-gram.
NO_RANK = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class OrderCounts:
    """The n-grams of one order; at order 1 there is one for every id.

    Attributes:
        keys: context rank * vocab_size + last word, rising.
        counts: How often each is in the text.
        suffixes: The rank of each without its first word, one order below; empty at order 1.
    """

    keys: Int64[np.ndarray, " num_ngrams"]
    counts: Int64[np.ndarray, " num_ngrams"]
    suffixes: Int64[np.ndarray, " num_suffixes"]

    @property
    def num_ngrams(self) -> int:
        """Number of n-grams; at order 1 the vocabulary size."""
        return len(self.keys)


@dataclass(frozen=True, kw_only=True, eq=False)
class NgramCounts:
    """Counts of every order.

    Attributes:
        orders: Order 1 first.
        appearance: For each id a number that is larger the later it appeared in the text for the
            first time; 0 for `<s>` and `</s>`, -1 for an id that never did.
        vocab_size: Number of ids.
        start_id: The id of `<s>`, which begins a sentence and is never counted as a next word.
    """

    orders: tuple[OrderCounts, ...]
    appearance: Int64[np.ndarray, " vocab"]
    vocab_size: int
    start_id: int

    @property
    def order(self) -> int:
        """Length of the longest n-grams."""
        return len(self.orders)

    def words_seen(self) -> Int64[np.ndarray, " vocab"]:
        """Give the count of each id as a next word: `<s>` has none."""
        counts = np.array(self.orders[0].counts)
        counts[self.start_id] = 0
        return counts

    def of(self, order: int) -> OrderCounts:
        """Give the n-grams of an order."""
        return self.orders[order - 1]

    def contexts(self, order: int) -> Int64[np.ndarray, " _"]:
        """Give the rank of the context of each n-gram of an order, 2 or more."""
        return self.of(order).keys // self.vocab_size


def count_ngrams(sentences: Sentences, *, order: int) -> NgramCounts:
    """Count the n-grams of orders 1 to `order` in memory (about 60 bytes a token at the peak).

    Args:
        sentences: The text.
        order: Length of the longest n-grams.

    Raises:
        ConfigError: The order is below 1, or no sentence is so long.
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
        sorting = np.argsort(keys)
        begins = run_begins(keys[sorting])
        counts = np.diff(np.append(begins, len(keys)))
        representatives = sorting[begins]
        orders.append(
            OrderCounts(
                keys=keys[representatives], counts=counts, suffixes=ranks[ends[representatives]]
            )
        )
        check_found(orders, wanted=order)
        ranks[:] = NO_RANK
        ranks[ends[sorting]] = np.repeat(np.arange(len(begins)), counts)
    return finished(orders, sentences, appearance)


def check_order(order: int) -> None:
    """Refuse an order below 1."""
    require_range("model.order", order, low=1)


def first_order(counts: Integer[np.ndarray, " vocab"]) -> OrderCounts:
    """Give order 1: one n-gram for each id, seen or not."""
    return OrderCounts(
        keys=np.arange(len(counts)),
        counts=counts.astype(np.int64),
        suffixes=np.zeros(0, dtype=np.int64),
    )


def check_found(orders: list[OrderCounts], *, wanted: int) -> None:
    """Refuse an order of which the text has no n-gram."""
    if orders[-1].num_ngrams:
        return
    longest = len(orders) - 1
    raise ConfigError(
        f"model.order is {wanted}, but the longest sentence of the text has {longest} tokens, its "
        "begin included.",
        help=f"Set model.order={longest} or less, or give a longer text.",
    )


def no_appearance(sentences: Sentences) -> Int64[np.ndarray, " vocab"]:
    """Give `NgramCounts.appearance` as it is before any text."""
    appearance = np.full(sentences.vocab_size, -1, dtype=np.int64)
    appearance[[sentences.start_id, sentences.end_id]] = 0
    return appearance


def note_appearance(
    appearance: Int64[np.ndarray, " vocab"], words: Integer[np.ndarray, " _"], *, position: int
) -> None:
    """Note the ids that a piece of text brings for the first time, in place."""
    # Of an id that comes several times the last value written stays: backwards, its first place.
    first = np.full(len(appearance), -1, dtype=np.int64)
    first[words[::-1]] = np.arange(position + len(words), position, -1)
    new = (appearance == -1) & (first != -1)
    appearance[new] = first[new]


def finished(
    orders: list[OrderCounts], sentences: Sentences, appearance: Int64[np.ndarray, " vocab"]
) -> NgramCounts:
    """Put the orders together.

    Raises:
        DataError: The text has no word.
    """
    counts = NgramCounts(
        orders=tuple(orders),
        appearance=appearance,
        vocab_size=sentences.vocab_size,
        start_id=sentences.start_id,
    )
    if not counts.words_seen().any():
        raise DataError("the text has no token to count.", help="Name a text that is not empty.")
    return counts


def run_begins(rising: Int64[np.ndarray, " num_keys"]) -> Int64[np.ndarray, " num_runs"]:
    """Give where each run of equal keys begins.

    Example:
        >>> run_begins(np.array([3, 3, 5, 8, 8])).tolist()
        [0, 2, 3]
    """
    changes = np.ones(len(rising), dtype=bool)
    np.not_equal(rising[1:], rising[:-1], out=changes[1:])
    return np.flatnonzero(changes)
