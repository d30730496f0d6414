"""Writing of compressed files; the same content always gives the same bytes."""

import bz2
import gzip
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import BinaryIO, Protocol, cast, runtime_checkable

import zstandard


@runtime_checkable
class ByteSink(Protocol):
    """Something that bytes are written to."""

    def write(self, data: bytes, /) -> object:
        """Write all bytes."""
        ...


@contextmanager
def compressed(file: BinaryIO, *, name: str) -> Iterator[ByteSink]:
    """Return what is to be written to, so that a file is compressed as its name says.

    Args:
        file: A binary file, opened for writing; it stays open.
        name: Name of the file; `.gz`, `.bz2`, `.xz` and `.zst` are compressed.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix == ".gz":
        # Neither the time nor the name is stored, so the bytes depend on the content only.
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            yield packed
    elif suffix == ".bz2":
        with bz2.BZ2File(file, "wb") as bzipped:
            yield bzipped
    elif suffix == ".xz":
        with lzma.LZMAFile(file, "wb") as xzipped:
            yield xzipped
    elif suffix == ".zst":
        with zstandard.ZstdCompressor().stream_writer(file, closefd=False) as zipped:
            yield cast(ByteSink, zipped)
    else:
        yield file
