"""Documents: texts with a name, read in pieces. Knows nothing of folders or of tokens."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from nextword.base import DataError
from nextword.text.content import BLOCK_BYTES, text_blocks
from nextword.text.lines import whole_lines

_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, kw_only=True)
class Document:
    r"""One text with a name; nothing of it is held but by the iterators that read it.

    Attributes:
        name: Where it came from, for messages.
        open_pieces: Starts reading from the beginning.

    Example:
        >>> document = text_document("one\ntwo", name="example")
        >>> list(document.pieces())
        ['one\ntwo']
    """

    name: str
    open_pieces: Callable[[], Iterator[str]] = field(repr=False)

    def pieces(self) -> Iterator[str]:
        """Return the text from its beginning in pieces of about 1 MB.

        Every piece but the last ends with a newline; a piece is longer only where one line is.
        A line of more than 16 MB may come in several pieces, cut before a blank, which changes no
        token. No piece is empty.
        """
        return self.open_pieces()


def text_document(text: str, *, name: str) -> Document:
    """Wrap a text that is already in memory as a document."""
    return Document(name=name, open_pieces=partial(_pieces_of_text, text))


def decode_blocks(
    blocks: Iterable[bytes], *, name: str, encoding_errors: str, may_cut_lines: bool = True
) -> Iterator[str]:
    r"""Decode a stream of UTF-8 bytes into pieces of text that end at line ends.

    A byte order mark at the beginning is skipped.

    Args:
        blocks: Bytes, cut anywhere.
        name: The file's name, for the error.
        encoding_errors: `strict`, or `surrogateescape` to carry invalid bytes through unharmed.
        may_cut_lines: Whether a line longer than 16 MB may come in several pieces.

    Yields:
        Pieces as `Document.pieces` promises them; only "\n" ends a line.

    Raises:
        DataError: The bytes are not UTF-8 (the message names the offset of the first bad one), or
            a line is too long to be held in memory.
    """
    content = text_blocks(blocks, name=name, encoding_errors=encoding_errors)
    offset = 0
    for piece in whole_lines(content, name=name, may_cut=may_cut_lines):
        try:
            text = piece.decode("utf-8", errors=encoding_errors)
        except UnicodeDecodeError as error:
            position = offset + error.start
            raise DataError(
                f"{name} is not UTF-8: byte 0x{piece[error.start]:02x} at offset {position:,}.",
                help="Convert the file, or keep such bytes with --encoding-errors surrogateescape.",
            ) from error
        if offset == 0:
            text = text.removeprefix(_BYTE_ORDER_MARK)
        offset += len(piece)
        if text:
            yield text


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
