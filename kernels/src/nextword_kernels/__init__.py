"""Compiled CPU kernels for recurrent language models and n-gram tables.

Arrays are objects that support DLPack, such as tensors of torch and arrays of NumPy. They are not
copied, and results are written into arrays that the caller passes. All arrays are contiguous; those
with a time axis are time-major, (time, batch, ...), except those of diagonal layers, which are
(batch, time, ...). A wrong dtype, shape, layout or device, or arrays that overlap, raise a
TypeError or ValueError that names the array. An id out of range raises an IndexError. The global
interpreter lock is released during a call.

`num_threads` includes the calling thread; torch's `get_num_threads()` is a good choice.

Example:
    >>> import numpy as np
    >>> matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
    >>> out = np.zeros((3, 2), dtype=np.float32)
    >>> transpose(matrix, out=out, num_threads=1)
    >>> out
    array([[0., 3.],
           [1., 4.],
           [2., 5.]], dtype=float32)
"""

from nextword_kernels._native import (
    NgramIndex,
    PackedMatrix,
    PackedRows,
    RecurrentNetwork,
    Sampler,
    SentenceScorer,
    count_barrier_failures,
    cross_entropy_backward,
    cross_entropy_forward,
    diagonal_backward,
    diagonal_forward,
    dropout,
    elman_backward,
    elman_forward,
    forget_openmp,
    gru_backward,
    gru_forward,
    instruction_set,
    instruction_sets,
    lstm_backward,
    lstm_forward,
    pack,
    pack_codes,
    pack_rows,
    recurrence_backward,
    recurrence_forward,
    share_openmp,
    transpose,
    use_instruction_set,
)

__all__ = [
    "NgramIndex",
    "PackedMatrix",
    "PackedRows",
    "RecurrentNetwork",
    "Sampler",
    "SentenceScorer",
    "count_barrier_failures",
    "cross_entropy_backward",
    "cross_entropy_forward",
    "diagonal_backward",
    "diagonal_forward",
    "dropout",
    "elman_backward",
    "elman_forward",
    "force",
    "forget_openmp",
    "gru_backward",
    "gru_forward",
    "instruction_set",
    "instruction_sets",
    "lstm_backward",
    "lstm_forward",
    "pack",
    "pack_codes",
    "pack_rows",
    "recurrence_backward",
    "recurrence_forward",
    "share_openmp",
    "transpose",
]


def force(name: str | None) -> None:
    """Select the instruction set of all later calls in this process.

    Args:
        name: Its name; the best one when None.

    Raises:
        ValueError: The name is not among `instruction_sets()`.

    Example:
        >>> force("portable")
        >>> instruction_set()
        'portable'
        >>> force(None)
    """
    use_instruction_set(instruction_sets()[0] if name is None else name)
