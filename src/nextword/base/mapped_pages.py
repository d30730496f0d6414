"""Release the memory of memory-mapped arrays that have been read."""

import mmap
from typing import Any

import numpy as np


def release_pages(array: np.ndarray) -> None:
    """Release the pages of a memory-mapped array; other arrays are left as they are.

    Nothing is lost: the pages are read from the file again at the next access.

    Args:
        array: An array, or a part of one; the pages of the whole are released.
    """
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    if isinstance(base, mmap.mmap):
        release_map(base)


def release_map(mapped: mmap.mmap) -> None:
    """Release the pages of a shared map of a file, where the system can.

    Args:
        mapped: The map.
    """
    if hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
