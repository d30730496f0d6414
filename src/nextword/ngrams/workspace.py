"""Arrays of counting and smoothing, in memory or in temporary files of bounded residence.

A file is removed as soon as it is open: its space is freed when the last array that uses it is
deleted, or when the process ends. Pages of a mapped file stay in memory until they are released;
a loop over large arrays calls `release` after every block.
"""

import mmap
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast
from weakref import WeakSet

import numpy as np
from jaxtyping import Integer, Shaped

from nextword.base import release_map, track_map

_BLOCK = 1 << 20
_ZEROS = 1 << 20
#: Memory per n-gram of a block while it is smoothed, bytes.
_BYTES_PER_NGRAM = 256
#: Share of the memory for the part of an array that is read in random order.
_PART_SHARE = 4


#: The files of all workspaces.
_MAPS: WeakSet[mmap.mmap] = WeakSet()


class Workspace:
    """Allocates arrays, and says how many of their items may be in memory at a time.

    Args:
        folder: Folder of the temporary files; None keeps all arrays in memory.
        memory_bytes: Memory of a block, bytes; only with a folder.

    Attributes:
        is_in_memory: Whether no files are used.
        block: Number of n-grams that are processed at a time.
    """

    def __init__(self, folder: Path | None = None, *, memory_bytes: int = 0) -> None:
        self._folder = folder
        self._memory_bytes = memory_bytes
        self.is_in_memory = folder is None
        self.block = _BLOCK if folder is None else max(1, memory_bytes // _BYTES_PER_NGRAM)

    def part(self, dtype: np.dtype[Any] | type[np.generic]) -> int:
        """Return the number of items of a dtype that are kept in memory for random access."""
        return max(1, self._memory_bytes // _PART_SHARE // np.dtype(dtype).itemsize)

    def number(self, limit: int) -> np.dtype[Any]:
        """Return the dtype of counts and ranks up to a limit."""
        return np.dtype(np.uint32 if limit < 2**32 and not self.is_in_memory else np.int64)

    def zeros(self, size: int, dtype: np.dtype[Any] | type[np.generic]) -> np.ndarray:
        """Return an array of zeros.

        Args:
            size: Number of items.
            dtype: Their dtype.

        Raises:
            OSError: The disk is full.
        """
        if self._folder is None or not size:
            return np.zeros(size, dtype=dtype)
        with self._file() as file:
            _reserve(file, size * np.dtype(dtype).itemsize)
            return self._mapped(file, dtype)

    def column(self, dtype: np.dtype[Any] | type[np.generic]) -> "Column":
        """Return an empty column, to which values are appended."""
        file = None if self._folder is None else self._file()
        return Column(self, dtype=dtype, file=file)

    def blocks(self, size: int) -> Iterator[slice]:
        """Iterate over the slices of an array of some size; pages are released after each."""
        for begin in range(0, size, self.block):
            yield slice(begin, min(begin + self.block, size))
            self.release()

    def release(self) -> None:
        """Release the pages of mapped arrays; they are read again at the next access."""
        if not self.is_in_memory:
            _release_workspaces()

    def gather(
        self, values: Shaped[np.ndarray, " size"], places: Integer[np.ndarray, " num"]
    ) -> Shaped[np.ndarray, " num"]:
        """Return `values[places]`, with a part of `values` in memory at a time."""
        gathered: Shaped[np.ndarray, " num"]
        if self.is_in_memory:
            gathered = values[places]
            return gathered
        gathered = self.zeros(len(places), values.dtype)
        for begin, end in self._parts(values):
            part = np.array(values[begin:end])
            for block in self.blocks(len(places)):
                wanted = np.asarray(places[block])
                inside = np.flatnonzero((wanted >= begin) & (wanted < end))
                gathered[block][inside] = part[wanted[inside] - begin]
        return gathered

    def histogram(self, places: Integer[np.ndarray, " num"], size: int) -> np.ndarray:
        """Return how often each of the numbers below `size` occurs in `places`, (size) int64."""
        if self.is_in_memory:
            return np.bincount(places, minlength=size)
        counts = self.zeros(size, np.int64)
        for begin, end in self._parts(counts):
            part = np.zeros(end - begin, dtype=np.int64)
            for block in self.blocks(len(places)):
                wanted = np.asarray(places[block])
                inside = wanted[(wanted >= begin) & (wanted < end)].astype(np.int64) - begin
                part += np.bincount(inside, minlength=len(part))
            counts[begin:end] = part
        return counts

    def concatenated(
        self, parts: Iterable[np.ndarray], dtype: np.dtype[Any] | type[np.generic]
    ) -> np.ndarray:
        """Return arrays after each other, as one array."""
        column = self.column(dtype)
        for part in parts:
            column.append(part)
        return column.whole()

    def _parts(self, values: np.ndarray) -> Iterator[tuple[int, int]]:
        size = self.part(values.dtype)
        for begin in range(0, len(values), size):
            yield begin, min(begin + size, len(values))

    def _file(self) -> BinaryIO:
        return cast(BinaryIO, tempfile.TemporaryFile(dir=self._folder, buffering=0))

    def _mapped(self, file: BinaryIO, dtype: np.dtype[Any] | type[np.generic]) -> np.ndarray:
        """Return the content of a file, memory-mapped; the file may be closed afterwards."""
        if not os.fstat(file.fileno()).st_size:
            return np.zeros(0, dtype=dtype)
        mapped = mmap.mmap(file.fileno(), 0)
        _MAPS.add(mapped)
        track_map(mapped)
        return np.frombuffer(mapped, dtype=dtype)


class Column:
    """Values that are appended one block after the other. Made by `Workspace.column`."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        dtype: np.dtype[Any] | type[np.generic],
        file: BinaryIO | None,
    ) -> None:
        self._workspace = workspace
        self._dtype = np.dtype(dtype)
        self._file = file
        self._parts: list[np.ndarray] = []

    def append(self, values: np.ndarray) -> None:
        """Append values.

        Raises:
            OSError: The disk is full.
        """
        values = np.ascontiguousarray(values, dtype=self._dtype)
        if self._file is None:
            self._parts.append(values)
        else:
            _write(self._file, values)

    def whole(self) -> np.ndarray:
        """Return all values as one array; nothing can be appended any more."""
        if self._file is None:
            return np.concatenate([np.zeros(0, dtype=self._dtype), *self._parts])
        with self._file as file:
            return self._workspace._mapped(file, self._dtype)


def _release_workspaces() -> None:
    """Release the pages of the mapped arrays of all workspaces, also of those that are gone."""
    for mapped in list(_MAPS):
        release_map(mapped)


def _write(file: BinaryIO, values: np.ndarray) -> None:
    """Write all bytes; a file without buffer may write fewer at a time."""
    left = values.data.cast("B") if len(values) else memoryview(b"")
    while left:
        left = left[file.write(left) :]


def _reserve(file: BinaryIO, num_bytes: int) -> None:
    """Fill a file with zeros, so that the space is there when its pages are written."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, num_bytes)
        return
    zeros = np.zeros(_ZEROS, dtype=np.uint8)
    for begin in range(0, num_bytes, _ZEROS):
        _write(file, zeros[: num_bytes - begin])
