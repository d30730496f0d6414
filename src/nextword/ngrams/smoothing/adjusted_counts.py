"""The counts that Kneser-Ney smooths, and those lmplz estimates its discounts from.

Knows counts alone.
"""

import numpy as np
from jaxtyping import Int64

from nextword.ngrams.counting import NgramCounts


def adjusted_counts(counts: NgramCounts) -> list[Int64[np.ndarray, " _"]]:
    """Give the counts that Kneser-Ney smooths, by order.

    At the highest order they are the plain ones. Below, an n-gram counts once for every word that
    came before it; nothing comes before `<s>`, so what begins with it keeps its plain count.
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
    """Give the counts that lmplz estimates discounts from, by order.

    They are the adjusted ones but for one n-gram of each order below the highest: the last of
    lmplz's n-grams, sorted by their words from the last to the first, words in the order of their
    first appearance. Of it, lmplz takes the plain count. That looks like a slip and hardly
    matters (on Penn Treebank one discount changes from 1.262 to 1.265), but without it no
    probability is KenLM's to the last digit.
    """
    taken = list(adjusted)
    for index, rank in enumerate(_last_ngrams(counts)):
        taken[index] = taken[index].copy()
        taken[index][rank] = counts.orders[index].counts[rank]
    return taken


def _last_ngrams(counts: NgramCounts) -> list[int]:
    """Give the rank of lmplz's last n-gram of each order below the highest, while there is one."""
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
