"""Open a file or stream as one decompressed stream of bytes. Knows nothing of characters."""

import io
from collections.abc import Iterator
from pathlib import Path

from nextword.text.content.beginnings import refuse_archives, without_mark
from nextword.text.content.blocks import BLOCK_BYTES, ByteStream, read_blocks, stream_blocks
from nextword.text.names import shown_name


class _BlockStream(io.RawIOBase):
    """A stream over blocks of bytes."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from the current block, and return the number of bytes; 0 at the end."""
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def open_stream(source: Path | ByteStream, *, name: str | None = None) -> io.BufferedReader:
    """Open a file, or a stream of bytes, for reading its decompressed content.

    gzip, bzip2, xz and Zstandard are recognized by the first bytes of the content, not by the
    name, and read to the end of the file. A UTF-8 byte order mark is skipped.

    Args:
        source: The file, or an open stream.
        name: Name in error messages; the path if None.

    Returns:
        A buffered stream. Reading it raises `DataError` if the file cannot be read, is UTF-16 or an
        archive, or its compressed content is damaged or truncated.

    Raises:
        DataError: The file cannot be read.
    """
    if isinstance(source, Path):
        shown = shown_name(source) if name is None else name
        blocks = read_blocks(source)
    else:
        shown = "the stream" if name is None else name
        blocks = stream_blocks(source, name=shown)
    return io.BufferedReader(_BlockStream(_content(blocks, shown)), BLOCK_BYTES)


def _content(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    content = without_mark(blocks, name=name)
    beginning = next(content, b"")
    refuse_archives(beginning, name)
    if beginning:
        yield beginning
    yield from content
