"""Maximum likelihood estimation: relative frequencies, 0 for unseen n-grams."""

import numpy as np
from jaxtyping import Float64

from nextword.ngrams.counting import NgramCounts
from nextword.ngrams.tables import NgramTables, logarithms


def maximum_likelihood(counts: NgramCounts) -> NgramTables:
    """Estimate p(w|h) = c(hw) / sum_w c(hw), which is 0 if w never follows h.

    After an unseen context the probabilities are those of the next shorter context.

    Args:
        counts: Counts of every order.

    Returns:
        The back-off tables.
    """
    words = counts.words_seen()
    probabilities: list[Float64[np.ndarray, " _"]] = [words / words.sum()]
    backoffs: list[Float64[np.ndarray, " _"]] = []
    for order in range(2, counts.order + 1):
        contexts = counts.contexts(order)
        seen = counts.of(order).counts
        sums = np.bincount(contexts, weights=seen, minlength=counts.of(order - 1).num_ngrams)
        probabilities.append(seen / sums[contexts])
        backoffs.append(np.where(sums > 0, 0.0, 1.0))
    return NgramTables(
        vocab_size=counts.vocab_size,
        keys=tuple(np.array(part.keys) for part in counts.orders[1:]),
        log_probs=tuple(logarithms(part) for part in probabilities),
        backoffs=tuple(logarithms(part) for part in backoffs),
    )
