"""Release the memory of memory-mapped arrays that have been read."""

import mmap
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

#: The maps of `track_map` and their addresses.
_ADDRESSES: WeakKeyDictionary[mmap.mmap, int] = WeakKeyDictionary()


def track_map(mapped: mmap.mmap) -> None:
    """Let `release_pages` find a map by address: tensors do not say in which map they are.

    Args:
        mapped: The map, not empty.
    """
    _ADDRESSES[mapped] = _address(mapped)


def release_pages(array: np.ndarray) -> None:
    """Release the pages of a memory-mapped array; other arrays are left as they are.

    Nothing is lost: the pages are read from the file again at the next access. Only changes in a
    private map (`ACCESS_COPY`) would be.

    Args:
        array: A contiguous array, or a part of one. Pages that it shares with others are kept.
    """
    found = _map_of(array)
    if found is None:
        return
    mapped, address = found
    begin, end = array.ctypes.data - address, array.ctypes.data - address + array.nbytes
    first = -(-begin // mmap.PAGESIZE) * mmap.PAGESIZE
    last = end if end == len(mapped) else end // mmap.PAGESIZE * mmap.PAGESIZE
    if hasattr(mmap, "MADV_DONTNEED") and first < last:
        mapped.madvise(mmap.MADV_DONTNEED, first, last - first)


def release_map(mapped: mmap.mmap) -> None:
    """Release the pages of a shared map of a file, where the system can.

    Args:
        mapped: The map.
    """
    if hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


def _map_of(array: np.ndarray) -> tuple[mmap.mmap, int] | None:
    """Return the map of an array and its address; None if the array is not in a map."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    if isinstance(base, mmap.mmap):
        return base, _address(base)
    begin = array.ctypes.data
    for mapped, address in list(_ADDRESSES.items()):
        if address <= begin < address + len(mapped):
            return mapped, address
    return None


def _address(mapped: mmap.mmap) -> int:
    return np.frombuffer(mapped, dtype=np.uint8).ctypes.data
