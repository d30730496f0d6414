"""Arrays that grow: in memory, and in a temporary file when they are large."""

from io import BufferedIOBase, BytesIO
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

import numpy as np

#: Arrays in memory that are larger are moved to a temporary file, in bytes.
MAX_BYTES_IN_MEMORY = 1 << 26


def grown(file: BufferedIOBase, content: bytes) -> BufferedIOBase:
    """Append bytes to a file, and return the file that has them.

    Args:
        file: A file, or a BytesIO; the latter is replaced by a temporary file when it is large.
        content: The bytes.
    """
    file.write(content)
    if not isinstance(file, BytesIO) or file.tell() <= MAX_BYTES_IN_MEMORY:
        return file
    # The temporary file has no name, so nothing of it remains if this process is killed.
    moved = cast(BufferedIOBase, TemporaryFile())  # noqa: SIM115
    moved.write(file.getbuffer())
    return moved


def array_of(file: BufferedIOBase, *, num_bytes: int, dtype: np.dtype[Any]) -> np.ndarray:
    """Return the beginning of a file as an array; memory-mapped unless it is a BytesIO.

    The array stays valid when the file is closed.

    Args:
        file: The file.
        num_bytes: Size of the beginning.
        dtype: Type of its values.
    """
    if isinstance(file, BytesIO):
        return np.frombuffer(file.getvalue(), dtype=dtype)
    if not num_bytes:
        return np.zeros(0, dtype=dtype)
    file.flush()
    return np.memmap(
        cast(BinaryIO, file), dtype=dtype, mode="r", shape=(num_bytes // dtype.itemsize,)
    )
