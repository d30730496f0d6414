"""Compression formats: their first bytes and their decoders.

Knows nothing of files. A "stream" is called a member by gzip and a frame by Zstandard.
"""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import zstandard

#: Size of a block of decompressed content; pieces of text are about as long.
BLOCK_BYTES = 1 << 20

#: Number of bytes that identifies every format.
MAGIC_BYTES = 10

_INPUT_BYTES = 1 << 16
#: The Zstandard library returns all decompressed output at once, up to 32 kB for each input byte.
_ZSTANDARD_INPUT_BYTES = 1 << 10
_ZSTANDARD_MAX_WINDOW_BYTES = 1 << 31


@runtime_checkable
class StreamDecoder(Protocol):
    """Decompresses one stream.

    Attributes:
        eof: Whether the end of the stream was reached.
        unused_data: Input after the end of the stream.
    """

    eof: bool
    unused_data: bytes

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Iterate over the decompressed output of more input, in blocks of bounded size."""
        ...


class _GzipDecoder:
    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self.eof = False
        self.unused_data = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        is_drained = False
        while not (self.eof or is_drained):
            block = self._decoder.decompress(data, BLOCK_BYTES)
            data = self._decoder.unconsumed_tail
            self.eof, self.unused_data = self._decoder.eof, self._decoder.unused_data
            is_drained = not data and len(block) < BLOCK_BYTES
            yield block


class _LimitedDecoder:
    """The interface that bz2 and lzma share: they buffer input that is not needed yet."""

    def __init__(self, decoder: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self._decoder = decoder
        self.eof = False
        self.unused_data = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            block = self._decoder.decompress(data, BLOCK_BYTES)
            data = b""
            self.eof, self.unused_data = self._decoder.eof, self._decoder.unused_data
            yield block
            if self.eof or self._decoder.needs_input:
                return


class _ZstandardDecoder:
    def __init__(self) -> None:
        decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTANDARD_MAX_WINDOW_BYTES)
        self._decoder = decompressor.decompressobj()
        self.eof = False
        self.unused_data = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        block = self._decoder.decompress(data)
        self.eof, self.unused_data = self._decoder.eof, self._decoder.unused_data
        for start in range(0, len(block), BLOCK_BYTES):
            yield block[start : start + BLOCK_BYTES]


@dataclass(frozen=True, kw_only=True)
class Compression:
    """A compression format.

    Attributes:
        name: Name of the format.
        suffix: Usual suffix of file names.
        unit: The format's name for one stream.
        magic: First bytes of a file.
        next_magic: First bytes of each further stream; less specific than `magic`.
        new_decoder: Creates the decoder of one stream.
        input_bytes: Number of compressed bytes that a decoder is given at a time.
        padding: The number of NUL bytes after a stream must be a multiple of this; 0 if the format
            has no padding.
        ends_with_padding: Whether no stream may follow padding.
    """

    name: str
    suffix: str
    unit: str
    magic: tuple[bytes, ...]
    next_magic: tuple[bytes, ...]
    new_decoder: Callable[[], StreamDecoder]
    input_bytes: int = _INPUT_BYTES
    padding: int = 0
    ends_with_padding: bool = False


_GZIP_MAGIC = (b"\x1f\x8b",)
_XZ_MAGIC = (b"\xfd7zXZ\x00",)
# A text may start with the first four bytes; a block or the end of the stream follows them.
_BZIP2_MAGIC = tuple(
    b"BZh%d%b" % (level, follows)
    for level in range(1, 10)
    for follows in (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")
)
# A frame, or a skippable frame, with which files compressed in parallel start.
_ZSTANDARD_MAGIC = (
    b"\x28\xb5\x2f\xfd",
    *(bytes([number, 0x2A, 0x4D, 0x18]) for number in range(0x50, 0x60)),
)

COMPRESSIONS = (
    Compression(
        name="gzip",
        suffix=".gz",
        unit="member",
        magic=_GZIP_MAGIC,
        next_magic=_GZIP_MAGIC,
        new_decoder=_GzipDecoder,
        padding=1,
        ends_with_padding=True,
    ),
    Compression(
        name="bzip2",
        suffix=".bz2",
        unit="stream",
        magic=_BZIP2_MAGIC,
        next_magic=(b"BZh",),
        new_decoder=lambda: _LimitedDecoder(bz2.BZ2Decompressor()),
    ),
    Compression(
        name="xz",
        suffix=".xz",
        unit="stream",
        magic=_XZ_MAGIC,
        next_magic=_XZ_MAGIC,
        new_decoder=lambda: _LimitedDecoder(lzma.LZMADecompressor(format=lzma.FORMAT_XZ)),
        padding=4,
    ),
    Compression(
        name="Zstandard",
        suffix=".zst",
        unit="frame",
        magic=_ZSTANDARD_MAGIC,
        next_magic=_ZSTANDARD_MAGIC,
        new_decoder=_ZstandardDecoder,
        input_bytes=_ZSTANDARD_INPUT_BYTES,
    ),
)

#: Errors of the decoders for damaged content; bz2 raises an OSError.
DAMAGE_ERRORS = (zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError, EOFError)

#: Suffixes of compressed files.
COMPRESSED_SUFFIXES = frozenset(each.suffix for each in COMPRESSIONS)


def compression_of(beginning: bytes) -> Compression | None:
    """Return the compression format of content, or None, from its first bytes.

    Args:
        beginning: The first `MAGIC_BYTES` bytes, or all if there are fewer.
    """
    return next((each for each in COMPRESSIONS if beginning.startswith(each.magic)), None)


def compression_of_name(name: str) -> Compression | None:
    """Return the compression format of a file name, or None, from its suffix."""
    lowered = name.lower()
    return next((each for each in COMPRESSIONS if lowered.endswith(each.suffix)), None)
