"""A check that an adapting scorer sees no target before it is scored. Knows no models."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int64


def target_leak(
    score: Callable[[Int64[np.ndarray, " tokens"]], Float[np.ndarray, " tokens"]],
    token_ids: Int64[np.ndarray, " tokens"],
    *,
    vocab_size: int,
    positions: Sequence[int],
) -> float:
    """Return by how much a scorer shows that it has seen targets before it scored them.

    The token at each position is replaced by every other one. The scores before it must not
    change, and the probabilities of all tokens at that position must sum to one: a scorer that
    learns from a token before it scores it gives a sum that is too large.

    Args:
        score: From token ids to negative log-likelihoods in nats; a new scorer at each call.
        token_ids: A text, (tokens).
        vocab_size: Number of token ids. The text is scored so many times for each position, so
            use a small model.
        positions: Positions to check.

    Returns:
        The largest difference of a score before the position, in nats, or of a sum from one; 0 up
        to rounding for a right scorer.

    Example:
        >>> target_leak(lambda ids: np.full(len(ids), np.log(4)), np.zeros(3, dtype=np.int64),
        ...             vocab_size=4, positions=[0, 2])
        0.0
    """
    worst = 0.0
    for position in positions:
        total, first = 0.0, None
        for candidate in range(vocab_size):
            changed = token_ids.copy()
            changed[position] = candidate
            scores = np.asarray(score(changed), dtype=np.float64)
            total += float(np.exp(-scores[position]))
            before = scores[:position]
            first = before if first is None else first
            worst = max(worst, float(np.abs(before - first).max(initial=0.0)))
        worst = max(worst, abs(total - 1.0))
    return worst
