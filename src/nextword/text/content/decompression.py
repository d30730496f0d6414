"""Decompress whole files, stream by stream to the last byte. Knows nothing of paths."""

import re
from collections.abc import Callable, Iterator

from nextword.base import DataError
from nextword.text.content.compression import (
    BLOCK_BYTES,
    DAMAGE_ERRORS,
    MAGIC_BYTES,
    Compression,
    compression_of,
    compression_of_name,
)

_FIRST_TWO = re.compile(rb"\x1f\x8b|BZ|\xfd7|\x28\xb5|[\x50-\x5f]\x2a")
_EXAMINED_BYTES = 1 << 12
_TEXT_CONTROLS = frozenset(b"\t\n\v\f\r\x1b")
_FIRST_PRINTABLE = 0x20
_COPY_AGAIN = "Copy or download it again."


def decompressed_blocks(read: Callable[[int], bytes], *, name: str) -> Iterator[bytes]:
    """Iterate over content in blocks, decompressed if its first bytes are those of a format.

    All streams to the end of the file are read. Padding that the format allows is skipped.

    Args:
        read: Returns up to the given number of bytes, and none at the end.
        name: Name of the file, for error messages. Plain text in a file whose name ends in `.gz`,
            `.bz2`, `.xz` or `.zst` is accepted.

    Yields:
        Blocks of 1 to 2 MB; blocks of uncompressed content are as long as one read. None of them
        is empty.

    Raises:
        DataError: The compressed content is damaged, truncated or followed by other data; the
            message names the offset in the compressed file.
    """
    source = _Input(read)
    compression = _recognised(source, name)
    if compression is None:
        yield from source.rest()
    else:
        yield from _merged(_streams(source, compression, name))


class _Input:
    """An input with lookahead.

    Attributes:
        offset: Number of bytes consumed.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._pending = memoryview(b"")
        self.offset = 0

    def peek(self, size: int) -> bytes:
        """Return the next bytes without consuming them; fewer only at the end."""
        while len(self._pending) < size and (more := self._read(BLOCK_BYTES)):
            self._pending = memoryview(bytes(self._pending) + more)
        return bytes(self._pending[:size])

    def take(self, size: int) -> bytes:
        """Consume and return up to `size` bytes; none at the end."""
        if not self._pending:
            self.peek(1)
        taken = bytes(self._pending[:size])
        self._pending = self._pending[size:]
        self.offset += len(taken)
        return taken

    def give_back(self, data: bytes) -> None:
        """Return the bytes consumed last to the input."""
        if data:
            self._pending = memoryview(data + bytes(self._pending))
            self.offset -= len(data)

    def rest(self) -> Iterator[bytes]:
        """Consume the remaining bytes, in blocks."""
        while block := self.take(BLOCK_BYTES):
            yield block


def _recognised(source: _Input, name: str) -> Compression | None:
    """Return the format by the content; the name matters only for content that is not text."""
    found = None
    # More is read only if the content may be compressed: interactive input must not wait.
    if source.peek(1) != b"\n" and _FIRST_TWO.match(source.peek(2)):
        found = compression_of(source.peek(MAGIC_BYTES))
    claimed = compression_of_name(name)
    if found is not None or claimed is None:
        return found
    beginning = source.peek(_EXAMINED_BYTES)
    if beginning.startswith(claimed.next_magic) or _is_cut_magic(beginning, claimed):
        return claimed
    if _is_text(beginning):
        return None
    raise DataError(
        f"{name} is damaged or not a {claimed.suffix} file: its first bytes are "
        f"{beginning[:4].hex(' ')}, unlike those of any {claimed.name} file.",
        help=f"{_COPY_AGAIN} If it is not compressed, rename it so that it does not end in "
        f"{claimed.suffix}.",
    )


def _is_cut_magic(content: bytes, compression: Compression) -> bool:
    """Return whether the whole content is a prefix of the first bytes of a format."""
    return any(magic.startswith(content) for magic in compression.magic)


def _is_text(beginning: bytes) -> bool:
    """Return whether bytes are UTF-8 text without control characters; the end may be cut."""
    if any(byte < _FIRST_PRINTABLE and byte not in _TEXT_CONTROLS for byte in beginning):
        return False
    try:
        beginning.decode("utf-8")
    except UnicodeDecodeError as error:
        # The last character may be cut at the end of the examined bytes.
        return error.end == len(beginning) and len(beginning) == _EXAMINED_BYTES
    return True


def _streams(source: _Input, compression: Compression, name: str) -> Iterator[bytes]:
    while True:
        yield from _stream(source, compression, name)
        end = source.offset
        padding = _skip_padding(source)
        following = source.peek(MAGIC_BYTES)
        _check_padding(compression, padding=padding, end=end, is_last=not following, name=name)
        if not following:
            return
        if not following.startswith(compression.next_magic):
            raise DataError(
                f"{name} is damaged: at byte {source.offset:,} of the compressed file another "
                f"{compression.name} {compression.unit} or the end is expected, but "
                f"{following[:4].hex(' ')} follows.",
                help=f"{_COPY_AGAIN} Nothing but {compression.name} data may follow.",
            )


def _merged(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Join small blocks, whose overhead would be large."""
    pending = bytearray()
    for block in blocks:
        pending += block
        if len(pending) >= BLOCK_BYTES:
            yield bytes(pending)
            pending.clear()
    if pending:
        yield bytes(pending)


def _stream(source: _Input, compression: Compression, name: str) -> Iterator[bytes]:
    """Decompress one stream; the input is at its end afterwards."""
    start = source.offset
    decoder = compression.new_decoder()
    while not decoder.eof:
        data = source.take(compression.input_bytes)
        if not data:
            raise DataError(
                f"{name} is damaged or truncated: it ends at byte {source.offset:,}, inside the "
                f"{compression.name} {compression.unit} that begins at byte {start:,} of the "
                "compressed file.",
                help=_COPY_AGAIN,
            )
        try:
            yield from decoder.feed(data)
        except DAMAGE_ERRORS as error:
            raise DataError(
                f"{name} is damaged: the {compression.name} {compression.unit} that begins at "
                f"byte {start:,} of the compressed file cannot be decompressed beyond byte "
                f"{source.offset - len(data):,} ({error}).",
                help=_COPY_AGAIN,
            ) from error
    source.give_back(decoder.unused_data)


def _skip_padding(source: _Input) -> int:
    """Consume NUL bytes and return their number."""
    start = source.offset
    while block := source.take(BLOCK_BYTES):
        rest = block.lstrip(b"\x00")
        if rest:
            source.give_back(rest)
            break
    return source.offset - start


def _check_padding(
    compression: Compression, *, padding: int, end: int, is_last: bool, name: str
) -> None:
    if not padding:
        return
    if not compression.padding:
        rule = "the format has no padding"
    elif padding % compression.padding:
        rule = f"the number must be a multiple of {compression.padding}"
    elif compression.ends_with_padding and not is_last:
        rule = "only the end of the file may follow them"
    else:
        return
    raise DataError(
        f"{name} is damaged: {padding:,} NUL bytes follow the {compression.name} "
        f"{compression.unit} that ends at byte {end:,} of the compressed file; {rule}.",
        help=_COPY_AGAIN,
    )
