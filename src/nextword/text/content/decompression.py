"""Decompression of whole files, stream by stream to the last byte. Knows nothing of paths."""

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
    """Return content in blocks, decompressed if its first bytes say that it is compressed.

    Every stream up to the end of the file is read. Padding that the format allows is skipped.

    Args:
        read: Returns up to so many bytes, and none at the end.
        name: The file's name, for errors. A name that ends in `.gz`, `.bz2`, `.xz` or `.zst` while
            the content is plain text is accepted.

    Yields:
        Blocks of 1 to 2 MB or, of content that is not compressed, of what could be read at once;
        none of them empty.

    Raises:
        DataError: The compressed content is damaged, cut short or followed by something else; the
            message names the byte of the compressed file.
    """
    source = _Input(read)
    compression = _recognised(source, name)
    if compression is None:
        yield from source.rest()
    else:
        yield from _merged(_streams(source, compression, name))


class _Input:
    """Bytes that can be looked at before they are taken.

    Attributes:
        offset: How many bytes were taken.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._pending = memoryview(b"")
        self.offset = 0

    def peek(self, size: int) -> bytes:
        """Return the next bytes without taking them; fewer only at the end."""
        while len(self._pending) < size and (more := self._read(BLOCK_BYTES)):
            self._pending = memoryview(bytes(self._pending) + more)
        return bytes(self._pending[:size])

    def take(self, size: int) -> bytes:
        """Return and take up to so many bytes; none at the end."""
        if not self._pending:
            self.peek(1)
        taken = bytes(self._pending[:size])
        self._pending = self._pending[size:]
        self.offset += len(taken)
        return taken

    def give_back(self, data: bytes) -> None:
        """Put back bytes that were taken last."""
        if data:
            self._pending = memoryview(data + bytes(self._pending))
            self.offset -= len(data)

    def rest(self) -> Iterator[bytes]:
        """Take everything that is left."""
        while block := self.take(BLOCK_BYTES):
            yield block


def _recognised(source: _Input, name: str) -> Compression | None:
    """Tell the compression by the content; a name counts only for content that is no text."""
    found = None
    # Only what may be compressed is looked at further: a typed line is to be answered at once.
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
        f"{beginning[:4].hex(' ')}, as no {claimed.name} file begins.",
        help=f"{_COPY_AGAIN} If it is not compressed, rename it so that it does not end in "
        f"{claimed.suffix}.",
    )


def _is_cut_magic(content: bytes, compression: Compression) -> bool:
    """Say whether all there is, if anything, is a part of the first bytes of a format."""
    return any(magic.startswith(content) for magic in compression.magic)


def _is_text(beginning: bytes) -> bool:
    """Say whether bytes, cut anywhere, are UTF-8 text without control characters."""
    if any(byte < _FIRST_PRINTABLE and byte not in _TEXT_CONTROLS for byte in beginning):
        return False
    try:
        beginning.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character may be cut by the end of what was looked at.
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
    """Join small blocks, which cost more than they hold."""
    pending = bytearray()
    for block in blocks:
        pending += block
        if len(pending) >= BLOCK_BYTES:
            yield bytes(pending)
            pending.clear()
    if pending:
        yield bytes(pending)


def _stream(source: _Input, compression: Compression, name: str) -> Iterator[bytes]:
    """Decompress one stream and leave the input at its end."""
    start = source.offset
    decoder = compression.new_decoder()
    while not decoder.eof:
        data = source.take(compression.input_bytes)
        if not data:
            raise DataError(
                f"{name} is damaged or cut short: it ends at byte {source.offset:,}, inside the "
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
    """Take NUL bytes and return their number."""
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
