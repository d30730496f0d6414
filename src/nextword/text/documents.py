"""Documents: named texts that are read in pieces. Knows nothing of folders or of tokens."""

import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from nextword.base import DataError
from nextword.text.content import BLOCK_BYTES, text_blocks
from nextword.text.lines import whole_lines

_BYTE_ORDER_MARK = "\ufeff"
_ADVICE = " To keep such bytes as they are, use --encoding-errors surrogateescape."


@dataclass(frozen=True, kw_only=True)
class Document:
    r"""A named text. Only the iterators that read it keep parts of it in memory.

    Attributes:
        name: Source of the text, for messages.
        open_pieces: Returns an iterator over the pieces from the start.

    Example:
        >>> document = text_document("one\ntwo", name="example")
        >>> list(document.pieces())
        ['one\ntwo']
    """

    name: str
    open_pieces: Callable[[], Iterator[str]] = field(repr=False)

    def pieces(self) -> Iterator[str]:
        """Iterate over the text from the start, in pieces of about 1 MB.

        Every piece except the last ends with a newline, and a piece is longer only if one line is.
        A line of more than 16 MB may be split before a blank, which changes no token. No piece is
        empty.
        """
        return self.open_pieces()


def text_document(text: str, *, name: str) -> Document:
    """Return a document for a text in memory.

    Args:
        text: The text.
        name: Name of the document, for messages.
    """
    return Document(name=name, open_pieces=partial(_pieces_of_text, text))


def decode_blocks(
    blocks: Iterable[bytes],
    *,
    name: str,
    encoding_errors: str | None,
    may_cut_lines: bool = True,
    keeps_mark: bool = False,
) -> Iterator[str]:
    r"""Decode a stream of UTF-8 bytes to pieces of text that end at line ends.

    Args:
        blocks: Blocks of bytes, split anywhere.
        name: Name of the file, for error messages.
        encoding_errors: `strict`, or `surrogateescape` to keep invalid bytes as surrogates. None is
            strict too, for a caller who has no choice: errors do not advise the other value.
        may_cut_lines: Whether a line longer than 16 MB may be split.
        keeps_mark: Whether a byte order mark at the start is kept; it is skipped otherwise.

    Yields:
        Pieces as described in `Document.pieces`; only "\n" ends a line.

    Raises:
        DataError: The bytes are not UTF-8 (the message names the offset of the first invalid one),
            or a line is too long for memory.
    """
    content = text_blocks(blocks, name=name, encoding_errors=encoding_errors)
    offset = 0
    for piece in whole_lines(content, name=name, may_cut=may_cut_lines):
        try:
            text = piece.decode("utf-8", errors=encoding_errors or "strict")
        except UnicodeDecodeError as error:
            position = offset + error.start
            raise DataError(
                f"{name} is not UTF-8: byte 0x{piece[error.start]:02x} at offset {position:,}.",
                help="If it is Latin-1, convert it: iconv -f ISO-8859-1 -t UTF-8 "
                f"{_argument(name)} > NEW." + (_ADVICE if encoding_errors is not None else ""),
            ) from error
        if offset == 0 and not keeps_mark:
            text = text.removeprefix(_BYTE_ORDER_MARK)
        offset += len(piece)
        if text:
            yield text


def _argument(name: str) -> str:
    """Return the name of a plain file for a shell; `OLD` for standard input and archives."""
    is_plain = name.endswith(".txt") and Path(name).is_file()
    return shlex.quote(name) if is_plain else "OLD"


def _pieces_of_text(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > BLOCK_BYTES:
        limit = start + BLOCK_BYTES
        end = text.rfind("\n", start, limit) + 1 or text.find("\n", limit) + 1
        if not end:
            break
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]
