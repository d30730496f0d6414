"""Sort keys and their places at once, which is twice as fast as to sort the places alone."""

import numpy as np
from jaxtyping import Int64

_LARGEST = np.iinfo(np.int64).max


def sorted_with_places(
    keys: Int64[np.ndarray, " num"],
) -> tuple[Int64[np.ndarray, " num"], Int64[np.ndarray, " num"]]:
    """Return keys in ascending order, and the place of each in the given array.

    A key and its place are sorted as one integer if both fit. Equal keys are in any order.

    Args:
        keys: Integers from 0.

    Example:
        >>> sorted_with_places(np.array([7, 2, 7]))
        (array([2, 7, 7]), array([1, 0, 2]))
    """
    num_bits = len(keys).bit_length()
    if keys.max(initial=0) > _LARGEST >> num_bits:
        places = np.argsort(keys)
        return keys[places], places
    both = keys << num_bits
    both |= np.arange(len(keys))
    both.sort()
    places = both & ((1 << num_bits) - 1)
    both >>= num_bits
    return both, places
