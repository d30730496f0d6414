"""Read a corpus in the parts that are encoded one by one. Knows nothing of ids."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from nextword.base import STRICT, DataError
from nextword.text import LONG_LINE_BYTES, Corpus, Document
from nextword.tokens.stores.control_characters import ControlCharacters
from nextword.tokens.stores.line_signs import LineSigns
from nextword.tokens.text_counts import utf8_bytes
from nextword.tokens.tokenizer import Tokenizer

#: A piece of text; a line end that a document lacks; the end of a document, which has no text.
PartKind = Literal["text", "line end", "document end"]


@STRICT
@dataclass(frozen=True, kw_only=True)
class Position:
    """How far a corpus was read. Two readings with equal positions read the same parts.

    Attributes:
        num_parts: Number of parts.
        num_characters: Number of characters, reserved symbols included.
        text_sha256: SHA-256 of the text, as in `TokenStore.text_sha256`.
        parts_sha256: SHA-256 of the kinds and lengths of the parts.
    """

    num_parts: int
    num_characters: int
    text_sha256: str
    parts_sha256: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a corpus.

    Attributes:
        kind: What it is.
        text: Its text; empty for the end of a document.
        name: Name of the document, for messages.
        first_line: Number of its first line in the document.
        position: The position after it.
    """

    kind: PartKind
    text: str
    name: str
    first_line: int
    position: Position


class PartReader:
    """Reads a corpus once, and warns of characters and symbols that are rarely meant.

    Args:
        corpus: The text.
        tokenizer: The tokenizer that the parts are read for.
    """

    def __init__(self, corpus: Corpus, tokenizer: Tokenizer) -> None:
        self._corpus = corpus
        self._tokenizer = tokenizer
        self._text_hash, self._parts_hash = hashlib.sha256(), hashlib.sha256()
        self._num_parts = self._num_characters = 0
        self._signs, self._controls = LineSigns(), ControlCharacters()

    def parts(self) -> Iterator[Part]:
        """Iterate over the parts: the pieces of each document, and its end.

        If the tokenizer has a line end token, a document without a final newline gets a line end.

        Raises:
            DataError: A text cannot be read, contains a reserved symbol, or has a line that is too
                long for a backward tokenizer.
        """
        for document in self._corpus:
            yield from self._document(document)
        self._signs.warn(self._corpus.description)
        self._controls.warn()

    def _document(self, document: Document) -> Iterator[Part]:
        name, line, last = document.name, 1, "\n"
        for piece in document.pieces():
            if self._tokenizer.is_backward and last != "\n":
                raise _too_long_to_reverse(name, line)
            last = piece[-1:] or last
            self._examine(piece, name, line)
            yield self._part("text", piece, name, line)
            line += piece.count("\n")
        if self._tokenizer.has_line_end_token:
            if last != "\n":
                yield self._part("line end", "\n", name, line)
            self._controls.end_document(name)
        yield self._part("document end", "", name, line)

    def _examine(self, piece: str, name: str, line: int) -> None:
        if not self._signs.is_complete:
            self._signs.read(self._tokenizer.without_markers(piece, name=name, first_line=line))
        if self._tokenizer.has_line_end_token:
            self._controls.read(piece)

    def _part(self, kind: PartKind, text: str, name: str, line: int) -> Part:
        if kind == "text":
            self._text_hash.update(utf8_bytes(text))
            self._num_characters += len(text)
        self._parts_hash.update(f"{kind} {len(text)},".encode("ascii"))
        self._num_parts += 1
        position = Position(
            num_parts=self._num_parts,
            num_characters=self._num_characters,
            text_sha256=self._text_hash.hexdigest(),
            parts_sha256=self._parts_hash.hexdigest(),
        )
        return Part(kind=kind, text=text, name=name, first_line=line, position=position)


def _too_long_to_reverse(name: str, line: int) -> DataError:
    return DataError(
        f"{name}, line {line:,}: the line has more than {LONG_LINE_BYTES:,} bytes, and a tokenizer "
        "with direction 'backward' reads a line from its end.",
        help="Split it into several lines, for example with fold -s -w 10000.",
    )
