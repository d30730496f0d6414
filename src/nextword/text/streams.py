"""A file as one stream of bytes, decompressed on the way. Knows nothing of characters."""

import io
from collections.abc import Iterator
from pathlib import Path

from nextword.text.blocks import BLOCK_BYTES, read_blocks


class _BlockStream(io.RawIOBase):
    """Blocks of bytes, one after the other, as a stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from the current block; 0 at the end."""
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def open_stream(path: Path) -> io.BufferedReader:
    """Open a file for reading; `.gz`, `.bz2`, `.xz` and `.zst` are decompressed.

    Raises:
        DataError: While it is read: the file cannot be read, or its compressed content is damaged
            or cut short.
    """
    return io.BufferedReader(_BlockStream(read_blocks(path)), BLOCK_BYTES)
