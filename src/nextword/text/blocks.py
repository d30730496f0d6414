"""Files as a stream of bytes, decompressed on the way. Knows nothing of characters or lines."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from io import BufferedIOBase
from pathlib import Path

import zstandard

from nextword.base import DataError

#: How much is held at a time; a piece of text is about as long.
BLOCK_BYTES = 1 << 20

#: A compressed block can grow several thousandfold, so little is fed to the decompressor at once.
_ZSTANDARD_INPUT_BYTES = 1 << 14
_ZSTANDARD_MAX_WINDOW_BYTES = 1 << 31

_OPENERS: dict[str, Callable[[Path], BufferedIOBase]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}

#: Suffixes of files that are decompressed while they are read.
COMPRESSED_SUFFIXES = frozenset({*_OPENERS, ".zst"})


def read_blocks(path: Path) -> Iterator[bytes]:
    """Give a file's content in blocks of about 1 MB, decompressed by its suffix.

    Args:
        path: A file; `.gz`, `.bz2`, `.xz` and `.zst` are decompressed.

    Yields:
        Blocks of bytes, none of them empty.

    Raises:
        DataError: The file cannot be read, or its compressed content is damaged or cut short.
    """
    suffix = path.suffix.lower()
    try:
        yield from _zstandard_blocks(path) if suffix == ".zst" else _blocks(path, suffix)
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, zstandard.ZstdError) as error:
        raise _damaged(path, error) from error
    except OSError as error:
        # bz2 reports damage as an OSError that carries no number.
        if error.errno is None:
            raise _damaged(path, error) from error
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error


def _blocks(path: Path, suffix: str) -> Iterator[bytes]:
    opener = _OPENERS.get(suffix)
    with path.open("rb") if opener is None else opener(path) as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def _zstandard_blocks(path: Path) -> Iterator[bytes]:
    """Decompress frame by frame; unlike the library's reader, refuse a file that is cut short."""
    pending = bytearray()
    for part in _zstandard_parts(path):
        pending += part
        while len(pending) >= BLOCK_BYTES:
            yield bytes(pending[:BLOCK_BYTES])
            del pending[:BLOCK_BYTES]
    if pending:
        yield bytes(pending)


def _zstandard_parts(path: Path) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTANDARD_MAX_WINDOW_BYTES)
    frame = None
    with path.open("rb") as file:
        while data := file.read(_ZSTANDARD_INPUT_BYTES):
            while data:
                frame = frame or decompressor.decompressobj()
                yield frame.decompress(data)
                data = frame.unused_data if frame.eof else b""
                frame = None if frame.eof else frame
    if frame is not None:
        raise EOFError("the last frame is cut short")


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{path} is damaged or not a {path.suffix} file: {error}.",
        help="Copy or download it again.",
    )
