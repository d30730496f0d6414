"""Cutting a token stream into units: the stretches of text that are read from a fresh state.

Knows token ids and boundaries, nothing of text or models.
"""

import numpy as np
from jaxtyping import Int64

_POOL_BATCHES = 32


def lanes(num_tokens: int, batch_size: int) -> Int64[np.ndarray, " units_plus_one"]:
    """Cut one long text into `batch_size` contiguous lanes of equal length, within one token.

    Nothing is dropped: the first `num_tokens % batch_size` lanes are one token longer.

    Args:
        num_tokens: Length of the text.
        batch_size: How many lanes; fewer when the text has fewer tokens.

    Returns:
        Where each lane starts, and the end of the text: (lanes + 1).

    Example:
        >>> lanes(10, 3).tolist()
        [0, 4, 7, 10]
    """
    num_lanes = max(1, min(batch_size, num_tokens))
    length, longer = divmod(num_tokens, num_lanes)
    sizes = np.full(num_lanes, length, dtype=np.int64)
    sizes[:longer] += 1
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])


def longest_first(unit_starts: Int64[np.ndarray, " units_plus_one"]) -> Int64[np.ndarray, " units"]:
    """Order units by falling length, so that few rows stand idle at the end of an evaluation."""
    return np.argsort(-np.diff(unit_starts), kind="stable")


def shuffled_by_length(
    unit_starts: Int64[np.ndarray, " units_plus_one"], *, batch_size: int, seed: int, epoch: int
) -> Int64[np.ndarray, " units"]:
    """Shuffle units for an epoch, keeping units of like length together so that little is padded.

    A random permutation is cut into pools of some batches, each pool is sorted by length, and the
    batches of a pool are shuffled again. The order depends on the seed and the epoch alone.
    """
    generator = np.random.default_rng([seed, epoch])
    lengths = np.diff(unit_starts)
    permutation = generator.permutation(len(lengths))
    pool_size = batch_size * _POOL_BATCHES
    ordered = []
    for begin in range(0, len(permutation), pool_size):
        pool = permutation[begin : begin + pool_size]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches = [pool[i : i + batch_size] for i in range(0, len(pool), batch_size)]
        ordered += [batches[i] for i in generator.permutation(len(batches))]
    return np.concatenate(ordered) if ordered else permutation
