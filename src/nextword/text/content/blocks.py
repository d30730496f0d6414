"""Read files and streams in decompressed blocks of bytes. Knows nothing of characters."""

from collections.abc import Callable, Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import Protocol, runtime_checkable

from nextword.base import DataError
from nextword.text.content.compression import BLOCK_BYTES
from nextword.text.content.decompression import decompressed_blocks
from nextword.text.names import shown_name

__all__ = ["BLOCK_BYTES", "ByteStream", "read_blocks", "stream_blocks"]


@runtime_checkable
class ByteStream(Protocol):
    """A readable stream of bytes, such as `sys.stdin.buffer`."""

    def read(self, size: int = ..., /) -> bytes:
        """Return up to `size` bytes, or all remaining bytes."""
        ...


def read_blocks(path: Path) -> Iterator[bytes]:
    """Iterate over the content of a file, decompressed, in blocks of about 1 MB.

    Args:
        path: A file. Its content, not its name, determines whether it is compressed.

    Yields:
        Blocks of bytes, none of them empty.

    Raises:
        DataError: The file cannot be read, or its compressed content is damaged or truncated.
    """
    name = shown_name(path)
    try:
        # Unbuffered: reads are large, and reading from a pipe must return at once.
        file = path.open("rb", buffering=0)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error
    with file:
        yield from decompressed_blocks(_reader(file.read, name), name=name)


def stream_blocks(stream: ByteStream, *, name: str) -> Iterator[bytes]:
    """Iterate over the remaining content of an open stream, decompressed, in blocks.

    Args:
        stream: The stream. Data that is available is returned without waiting for more.
        name: Name of the stream in error messages.

    Yields:
        Blocks of bytes, none of them empty.

    Raises:
        DataError: The stream cannot be read, or its compressed content is damaged or truncated.
    """
    read = stream.read1 if isinstance(stream, BufferedIOBase) else stream.read
    yield from decompressed_blocks(_reader(read, name), name=name)


def _reader(read: Callable[[int], bytes | None], name: str) -> Callable[[int], bytes]:
    def checked(size: int) -> bytes:
        try:
            return read(size) or b""
        except DataError:
            raise
        except (OSError, ValueError) as error:
            raise _unreadable(name, error) from error

    return checked


def _unreadable(name: str, error: OSError | ValueError) -> DataError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return DataError(f"{name} cannot be read: {reason or error}.")
