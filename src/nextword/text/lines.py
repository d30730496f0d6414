"""Split bytes and text at line ends, with bounded memory."""

import re
from collections.abc import Iterable, Iterator

from nextword.base import DataError

#: A longer line is split at blanks.
LONG_LINE_BYTES = 1 << 24

#: Longest run of text without a line end or blank, because it has to be kept in memory.
MAX_UNBROKEN_BYTES = 1 << 25

#: Everything up to the last position where a split changes no token of any tokenizer: before a
#: blank that follows neither white space nor a possible last byte of Unicode white space.
_CUT_CONTEXT = 2
_BEFORE_LAST_BLANK = re.compile(
    rb".*[^\x00-\x20\x80-\x8a\x9f\xa0\xa8\xa9\xaf](?=\x20[^\x00-\x20])", re.DOTALL
)


def whole_lines(blocks: Iterable[bytes], *, name: str, may_cut: bool) -> Iterator[bytes]:
    """Split a stream after the last line end of each block.

    Args:
        blocks: Blocks of bytes, split anywhere.
        name: Name of the text in error messages.
        may_cut: Whether a line of more than `LONG_LINE_BYTES` is split.

    Yields:
        Pieces that end with a line end, except the last one and parts of long lines. None is
        longer than `MAX_UNBROKEN_BYTES` plus a block.

    Raises:
        DataError: A line, or with `may_cut` a run of text without blanks, is longer than
            `MAX_UNBROKEN_BYTES`.
    """
    pending, offset, searched = bytearray(), 0, 0
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if end:
            pending += block[:end]
            yield bytes(pending)
            offset += len(pending)
            pending.clear()
            searched = 0
        pending += block[end:]
        if may_cut and len(pending) > LONG_LINE_BYTES:
            if cut := _last_blank(pending, searched):
                yield bytes(pending[:cut])
                offset += cut
                del pending[:cut]
            searched = max(len(pending) - _CUT_CONTEXT, 0)
        if len(pending) > MAX_UNBROKEN_BYTES:
            raise _too_long(name, offset, may_cut)
    if pending:
        yield bytes(pending)


def _last_blank(content: bytearray, start: int) -> int:
    """Return the last position after `start` where content can be split; 0 if there is none."""
    match = _BEFORE_LAST_BLANK.match(content, start)
    return 0 if match is None else match.end()


def _too_long(name: str, offset: int, may_cut: bool) -> DataError:
    limit = f"more than {MAX_UNBROKEN_BYTES:,} bytes"
    if may_cut:
        return DataError(
            f"{name} has {limit} without a line end or a blank, starting at byte {offset:,}.",
            help="Check that it is text, and split it into lines, for example with fold -w 10000.",
        )
    return DataError(
        f"{name} has a line of {limit}, starting at byte {offset:,}.",
        help="Split it into several lines.",
    )


def text_lines(pieces: Iterable[str], *, name: str) -> Iterator[str]:
    """Iterate over the lines of a text, without line ends.

    Args:
        pieces: The text, in pieces as returned by `Document.pieces`.
        name: Name of the text in error messages.

    Raises:
        DataError: A line has more than `MAX_UNBROKEN_BYTES` characters.
    """
    pending, number = "", 1
    for piece in pieces:
        *complete, pending = (pending + piece).split("\n")
        yield from complete
        number += len(complete)
        if len(pending) > MAX_UNBROKEN_BYTES:
            raise DataError(
                f"{name}:{number} has more than {MAX_UNBROKEN_BYTES:,} characters; a line has to "
                "fit in memory.",
                help="Split it into several lines.",
            )
    if pending:
        yield pending
