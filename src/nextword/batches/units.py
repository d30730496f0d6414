"""Units of a token stream: the contiguous parts that are read from a fresh hidden state."""

import numpy as np
from jaxtyping import Int64

from nextword.base import ConfigError

_POOL_BATCHES = 32


def lanes(num_tokens: int, batch_size: int) -> Int64[np.ndarray, " units_plus_one"]:
    """Split one long text into contiguous lanes whose lengths differ by at most one token.

    Nothing is dropped: the first `num_tokens % batch_size` lanes are one token longer.

    Args:
        num_tokens: Length of the text in tokens.
        batch_size: Number of lanes; reduced to `num_tokens` if that is smaller.

    Returns:
        Index of the first token of each lane, then the end of the text, (lanes + 1).

    Example:
        >>> lanes(10, 3).tolist()
        [0, 4, 7, 10]
    """
    num_lanes = max(1, min(batch_size, num_tokens))
    length, longer = divmod(num_tokens, num_lanes)
    sizes = np.full(num_lanes, length, dtype=np.int64)
    sizes[:longer] += 1
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])


def row_part(num_rows: int, *, rank: int, num_processes: int) -> tuple[int, int]:
    """Return the start and the end of the rows of a process.

    The parts are contiguous, and their sizes differ by at most one.

    Args:
        num_rows: Number of rows of all processes.
        rank: Number of the process.
        num_processes: Number of processes.

    Raises:
        ConfigError: There are fewer rows than processes.

    Example:
        >>> [row_part(20, rank=rank, num_processes=3) for rank in range(3)]
        [(0, 6), (6, 13), (13, 20)]
    """
    if num_rows < num_processes and num_processes > 1:
        raise ConfigError(
            f"a batch has {num_rows} rows, fewer than the {num_processes} processes.",
            help=f"Set training.batch_size to at least {num_processes}, or start fewer processes.",
        )
    return num_rows * rank // num_processes, num_rows * (rank + 1) // num_processes


def longest_first(unit_starts: Int64[np.ndarray, " units_plus_one"]) -> Int64[np.ndarray, " units"]:
    """Return the indices of units by decreasing length, which keeps padding small."""
    return np.argsort(-np.diff(unit_starts), kind="stable")


def shuffled_by_length(
    unit_starts: Int64[np.ndarray, " units_plus_one"], *, batch_size: int, seed: int, epoch: int
) -> Int64[np.ndarray, " units"]:
    """Return the indices of units in random order, with units of similar length in each batch.

    A random permutation is split into pools of 32 batches. Each pool is sorted by length, and then
    its batches are shuffled. This keeps padding small.

    Args:
        unit_starts: Index of the first token of each unit, then the end of the last, (units + 1).
        batch_size: Number of units in a batch.
        seed: Seed of the run; the order depends on nothing but the seed and the epoch.
        epoch: Number of the epoch.
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
