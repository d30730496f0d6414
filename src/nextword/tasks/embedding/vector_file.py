"""Vectors as a NumPy file (`.npy`), written row by row with bounded memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float32
from numpy.lib import format as npy_format

from nextword.base import CheckpointError, ConfigError, atomic_writer, checked_path

_SUFFIX = ".npy"


class VectorFile:
    """A `.npy` file of float32 vectors whose number is not known in advance.

    NumPy leaves room in the header for a growing number of rows, so the header is written again at
    the end.

    Args:
        file: An empty binary file that can seek.
        size: Size of the vectors.

    Attributes:
        num_rows: Number of vectors written.
    """

    def __init__(self, file: BinaryIO, *, size: int) -> None:
        self._file = file
        self._size = size
        self.num_rows = 0
        self._write_header()

    def append(self, vector: Float32[np.ndarray, " size"]) -> None:
        """Write one more vector, (size)."""
        self._file.write(vector.astype("<f4").tobytes())
        self.num_rows += 1

    def finish(self) -> None:
        """Write the number of rows into the header."""
        self._file.seek(0)
        self._write_header()

    def _write_header(self) -> None:
        shape = (self.num_rows, self._size)
        npy_format.write_array_header_1_0(
            self._file, {"descr": "<f4", "fortran_order": False, "shape": shape}
        )


def check_vector_path(path: Path) -> Path:
    """Return the path of a new `.npy` file.

    Raises:
        ConfigError: The name does not end in `.npy`, or its folder does not exist.
        CheckpointError: The file exists.
    """
    if path.suffix != _SUFFIX:
        raise ConfigError(
            f"the vectors cannot be written to {path}: the name does not end in {_SUFFIX}.",
            help=f"Name a file such as vectors{_SUFFIX}; without --out, JSON lines are printed.",
        )
    if checked_path(path).exists():
        raise CheckpointError(f"{path} already exists.", help="Remove it, or name another file.")
    if not path.parent.is_dir():
        raise ConfigError(
            f"there is no folder {path.parent} for {path.name}.", help="Create the folder first."
        )
    return path


@contextmanager
def new_vector_file(path: Path, *, size: int) -> Iterator[VectorFile]:
    """Open a new `.npy` file; it appears when the block ends without an error.

    Args:
        path: The file, as `check_vector_path` returned it.
        size: Size of the vectors.

    Yields:
        The file, to which vectors are appended.

    Raises:
        DiskFullError: The disk is full.
    """
    with atomic_writer(path) as file:
        vectors = VectorFile(file, size=size)
        yield vectors
        vectors.finish()
