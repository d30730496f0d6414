"""The adjusted counts of Kneser-Ney smoothing, and the counts of lmplz's discount estimates."""

import numpy as np
from jaxtyping import Int64, Integer

from nextword.ngrams.counting import NgramCounts
from nextword.ngrams.smoothing.discounts import count_histogram


def adjusted_counts(counts: NgramCounts, order: int) -> Integer[np.ndarray, " num_ngrams"]:
    """Return the adjusted counts of Kneser-Ney smoothing.

    At the highest order these are the plain counts. Below, the adjusted count of an n-gram is the
    number of distinct words that precede it. No word precedes `<s>`, so n-grams that begin with
    `<s>` keep their plain counts.

    Args:
        counts: Counts of every order.
        order: The order, from 1.

    Returns:
        A count for each n-gram of the order; 0 for `<s>`.

    Source: [heafield2013].
    """
    plain = counts.of(order).counts
    if order == 1:
        plain = counts.words_seen()
    if order == counts.order:
        return plain
    space = counts.workspace
    adjusted = space.histogram(counts.of(order + 1).suffixes, len(plain))
    for block in space.blocks(len(plain)):
        np.copyto(adjusted[block], plain[block], where=adjusted[block] == 0)
    return adjusted


def discount_counts(
    counts: NgramCounts,
    order: int,
    *,
    adjusted: Integer[np.ndarray, " num_ngrams"],
    last: int | None,
) -> Int64[np.ndarray, " 5"]:
    """Return how many n-grams have a count of 0 to 4, from which lmplz estimates the discounts.

    The counts are the adjusted ones, except for one n-gram of each order below the highest, for
    which lmplz uses the plain count (see `last_ngrams`). The effect is small (on Penn Treebank one
    discount changes from 1.262 to 1.265), but the probabilities agree with KenLM to the last digit
    only with it.

    Args:
        counts: Counts of every order.
        order: The order, from 1.
        adjusted: The result of `adjusted_counts`.
        last: Rank of the n-gram with the plain count, if there is one.
    """
    space = counts.workspace
    numbers = np.zeros(5, dtype=np.int64)
    for block in space.blocks(len(adjusted)):
        numbers += count_histogram(adjusted[block])
    if last is not None:
        changed = slice(last, last + 1)
        numbers -= count_histogram(adjusted[changed])
        numbers += count_histogram(counts.of(order).counts[changed])
    return numbers


def last_ngrams(counts: NgramCounts) -> list[int | None]:
    """Return the rank of lmplz's last n-gram of each order, order 1 first; None without one.

    It is the last one when n-grams are sorted by their words from the last to the first, and words
    by their first occurrence in the text.
    """
    ranks: list[int | None] = [None] * counts.order
    rank = int(counts.appearance.argmax())
    for order in range(1, counts.order):
        if order > 1:
            candidates = _with_suffix(counts, order, rank)
            if not len(candidates):
                break
            first_words = candidates
            for level in range(order, 1, -1):
                first_words = counts.of(level).keys[first_words] // counts.vocab_size
            rank = int(candidates[counts.appearance[first_words].argmax()])
        ranks[order - 1] = rank
    return ranks


def _with_suffix(counts: NgramCounts, order: int, rank: int) -> Int64[np.ndarray, " _"]:
    """Return the n-grams of an order that end with an n-gram one order below."""
    suffixes = counts.of(order).suffixes
    found = [
        block.start + np.flatnonzero(suffixes[block] == rank)
        for block in counts.workspace.blocks(len(suffixes))
    ]
    return np.concatenate(found)
