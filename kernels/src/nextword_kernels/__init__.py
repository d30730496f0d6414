"""Compiled CPU kernels for recurrent language models.

Arrays come in as anything that speaks DLPack, torch's tensors and NumPy's arrays among it; nothing
is copied and nothing is allocated for the caller: results are written into arrays that are handed
in. All are contiguous, and those with a time axis are time-major, (time, batch, ...). A wrong
format, shape, layout or device, or arrays that overlap, end in a TypeError or a ValueError that
names the array; an id out of range in an IndexError. The interpreter's lock is released meanwhile.

`num_threads` counts the caller; torch's `get_num_threads()` is a good choice.

Example:
    >>> import numpy as np
    >>> rows = np.zeros((2, 3), dtype=np.float32)
    >>> weights = np.arange(12, dtype=np.float32).reshape(4, 3)
    >>> embedding_gather(weights, np.array([3, 1]), embeddings=rows, num_threads=1)
    >>> rows
    array([[ 9., 10., 11.],
           [ 3.,  4.,  5.]], dtype=float32)
"""

from nextword_kernels._native import (
    PackedMatrix,
    count_barrier_failures,
    cross_entropy_backward,
    cross_entropy_forward,
    dropout,
    elman_backward,
    elman_forward,
    embedding_gather,
    embedding_scatter_add,
    forget_openmp,
    gru_backward,
    gru_forward,
    instruction_set,
    instruction_sets,
    lstm_backward,
    lstm_forward,
    pack,
    share_openmp,
    transpose,
    use_instruction_set,
)

__all__ = [
    "PackedMatrix",
    "count_barrier_failures",
    "counters_used",
    "cross_entropy_backward",
    "cross_entropy_forward",
    "dropout",
    "elman_backward",
    "elman_forward",
    "embedding_gather",
    "embedding_scatter_add",
    "force",
    "forget_openmp",
    "gru_backward",
    "gru_forward",
    "instruction_set",
    "instruction_sets",
    "lstm_backward",
    "lstm_forward",
    "pack",
    "share_openmp",
    "transpose",
]


def force(name: str | None) -> None:
    """Use a named instruction set from now on, in the whole process; the best one when None.

    Raises:
        ValueError: The name is not among `instruction_sets()`.

    Example:
        >>> force("portable")
        >>> instruction_set()
        'portable'
        >>> force(None)
    """
    use_instruction_set(instruction_sets()[0] if name is None else name)


def counters_used(num_elements: int) -> int:
    """Give how far dropout over that many numbers moves the `offset` of the next call.

    Example:
        >>> counters_used(64), counters_used(65)
        (16, 32)
    """
    return 16 * -(-num_elements // 64)
