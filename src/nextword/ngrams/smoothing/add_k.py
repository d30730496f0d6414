"""Add-k smoothing: every next word is counted k times more than it was seen.

Knows counts alone.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from nextword.ngrams.counting import NgramCounts
from nextword.ngrams.tables import NgramTables, logarithms


def add_k(counts: NgramCounts, *, k: float, never_ids: Sequence[int]) -> NgramTables:
    """Give p(w|h) = (c(hw) + k) / (sum_w c(hw) + k V), h the longest context the order allows.

    V counts all ids but `never_ids`; after a context that was never seen all are equally likely.
    In the tables that is a back-off to the uniform distribution: shorter contexts give 1 / V,
    but for those that begin a sentence, which are the longest there.

    Args:
        counts: Of every order.
        k: Above 0.
        never_ids: Ids that are never predicted.
    """
    num_types = counts.vocab_size - len(never_ids)
    added = k * num_types
    uniform = np.full(counts.vocab_size, 1.0 / num_types)
    words = counts.words_seen()
    longest = (words + k) / (words.sum() + added) if counts.order == 1 else uniform
    longest[list(never_ids)] = 0.0
    probabilities: list[Float64[np.ndarray, " _"]] = [longest]
    backoffs: list[Float64[np.ndarray, " _"]] = []
    begins_sentence = np.arange(counts.vocab_size) == counts.start_id
    for order in range(2, counts.order + 1):
        contexts = counts.contexts(order)
        seen = counts.of(order).counts
        speaks = np.ones_like(begins_sentence) if order == counts.order else begins_sentence
        sums = np.bincount(contexts, weights=seen, minlength=len(speaks))
        backoffs.append(np.where(speaks, added / (sums + added), 1.0))
        smoothed = (seen + k) / (sums[contexts] + added)
        probabilities.append(np.where(speaks[contexts], smoothed, 1.0 / num_types))
        begins_sentence = begins_sentence[contexts]
    return NgramTables(
        vocab_size=counts.vocab_size,
        keys=tuple(np.array(part.keys) for part in counts.orders[1:]),
        log_probs=tuple(logarithms(part) for part in probabilities),
        backoffs=tuple(logarithms(part) for part in backoffs),
    )
