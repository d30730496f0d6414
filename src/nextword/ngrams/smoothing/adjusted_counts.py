"""The adjusted counts of Kneser-Ney smoothing, and the counts of lmplz's discount estimates."""

import numpy as np
from jaxtyping import Int64

from nextword.ngrams.counting import NgramCounts


def adjusted_counts(counts: NgramCounts) -> list[Int64[np.ndarray, " _"]]:
    """Return the adjusted counts of Kneser-Ney smoothing.

    At the highest order these are the plain counts. Below, the adjusted count of an n-gram is the
    number of distinct words that precede it. No word precedes `<s>`, so n-grams that begin with
    `<s>` keep their plain counts.

    Args:
        counts: Counts of every order.

    Returns:
        One array per order, order 1 first.

    Source: [heafield2013].
    """
    adjusted: list[Int64[np.ndarray, " _"]] = [
        _counts_of_order(counts, order) for order in range(1, counts.order + 1)
    ]
    adjusted[0][counts.start_id] = 0
    return adjusted


def _counts_of_order(counts: NgramCounts, order: int) -> Int64[np.ndarray, " _"]:
    plain = counts.of(order).counts
    if order == counts.order:
        return np.array(plain)
    above = counts.of(order + 1).suffixes
    neighbours = np.bincount(above, minlength=len(plain))
    return np.where(neighbours > 0, neighbours, plain)


def discount_counts(
    counts: NgramCounts, adjusted: list[Int64[np.ndarray, " _"]]
) -> list[Int64[np.ndarray, " _"]]:
    """Return the counts that lmplz estimates the discounts from.

    They are the adjusted counts, except for one n-gram of each order below the highest: the last
    one when n-grams are sorted by their words from the last to the first, and words by their first
    occurrence in the text. For this n-gram lmplz uses the plain count. The effect is small (on Penn
    Treebank one discount changes from 1.262 to 1.265), but the probabilities agree with KenLM to
    the last digit only with it.

    Args:
        counts: Counts of every order.
        adjusted: The result of `adjusted_counts`.

    Returns:
        One array per order, order 1 first.
    """
    taken = list(adjusted)
    for index, rank in enumerate(_last_ngrams(counts)):
        taken[index] = taken[index].copy()
        taken[index][rank] = counts.orders[index].counts[rank]
    return taken


def _last_ngrams(counts: NgramCounts) -> list[int]:
    """Return the rank of lmplz's last n-gram of each order below the highest, if there is one."""
    if counts.order == 1:
        return []
    ranks = [int(counts.appearance.argmax())]
    for order in range(2, counts.order):
        candidates = np.flatnonzero(counts.of(order).suffixes == ranks[-1])
        if not len(candidates):
            break
        first_words = candidates
        for level in range(order, 1, -1):
            first_words = counts.of(level).keys[first_words] // counts.vocab_size
        ranks.append(int(candidates[counts.appearance[first_words].argmax()]))
    return ranks
