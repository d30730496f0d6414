"""Add-k smoothing: k is added to the count of every possible next word."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from nextword.ngrams.counting import NgramCounts
from nextword.ngrams.tables import NgramTables, logarithms


def add_k(counts: NgramCounts, *, k: float, never_ids: Sequence[int]) -> NgramTables:
    """Estimate p(w|h) = (c(hw) + k) / (sum_w c(hw) + k V) for the longest contexts h.

    V is the number of ids without `never_ids`. After an unseen context all ids are equally likely.
    In the tables this is a back-off to the uniform distribution: shorter contexts have the
    probabilities 1 / V, except at the beginning of a sentence, where they are the longest ones.

    Args:
        counts: Counts of every order.
        k: The number that is added to each count, above 0.
        never_ids: Ids that are never predicted.

    Returns:
        The back-off tables.

    Source: [chen1998].
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
        is_longest = np.ones_like(begins_sentence) if order == counts.order else begins_sentence
        sums = np.bincount(contexts, weights=seen, minlength=len(is_longest))
        backoffs.append(np.where(is_longest, added / (sums + added), 1.0))
        smoothed = (seen + k) / (sums[contexts] + added)
        probabilities.append(np.where(is_longest[contexts], smoothed, 1.0 / num_types))
        begins_sentence = begins_sentence[contexts]
    return NgramTables(
        vocab_size=counts.vocab_size,
        keys=tuple(np.array(part.keys) for part in counts.orders[1:]),
        log_probs=tuple(logarithms(part) for part in probabilities),
        backoffs=tuple(logarithms(part) for part in backoffs),
    )
