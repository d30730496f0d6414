"""Word vectors as text, one word per line, as GloVe, fastText and word2vec write them."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import NoReturn

import numpy as np
from jaxtyping import Float32

from nextword.layers.embeddings.vector_file import Entry, VectorFile, VectorStream, shown

MAX_LINE_BYTES = 1 << 20
_SEPARATORS = b" \t\r\n"
_SEPARATOR = re.compile(rb"[ \t\r\n]+")
_DECIMAL_COMMA = re.compile(rb"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")


class TextVectors(VectorFile):
    """Lines of a word and its numbers, separated by blanks or tabs.

    The last `size` fields of a line are the numbers, so that a word can hold blanks itself, as
    some of GloVe's largest file do, or be empty.

    Args:
        stream: The file after `first_line`.
        first_line: The first line with a word, already read.
        name: The file's name in error messages.
        size: Width of the vectors.
        num_words: Number of words according to the header; None for files without one.
    """

    unit = "line"

    def __init__(
        self,
        stream: VectorStream,
        *,
        first_line: bytes,
        name: str,
        size: int,
        num_words: int | None,
    ) -> None:
        super().__init__(name=name, size=size)
        self._stream = stream
        self._first_line = first_line
        self._num_words = num_words

    def entries(self) -> Iterator[Entry]:
        """Iterate over the words of the lines that are not blank."""
        num_found = number = 0
        first_number = 1 if self._num_words is None else 2
        for number, line in enumerate(self._lines(), start=first_number):
            if len(line) > MAX_LINE_BYTES:
                self.fail(number, f"the line is longer than {MAX_LINE_BYTES:,} bytes.")
            if content := line.rstrip(_SEPARATORS):
                num_found += 1
                yield self._entry(number, content)
        if self._num_words is not None and num_found != self._num_words:
            self.fail(
                number,
                f"the file ends after {num_found:,} words, but its header says "
                f"{self._num_words:,}.",
                help="Copy or download it again.",
            )

    def numbers(self, entry: Entry) -> Float32[np.ndarray, " size"]:
        """Read the numbers of a line."""
        fields = fields_of(entry.content)
        if len(fields) != self.size:
            self._refuse_width(entry.place, entry.word, len(fields))
        for field in fields:
            if not is_number(field):
                message = f"{shown(field)} is not a number."
                self.fail(entry.place, message, help=help_for_number(field))
        with np.errstate(over="ignore"):
            return np.array([float(field) for field in fields]).astype(np.float32)

    def _lines(self) -> Iterator[bytes]:
        rest = iter(lambda: self._stream.readline(MAX_LINE_BYTES + 1), b"")
        return chain([self._first_line], rest)

    def _entry(self, number: int, line: bytes) -> Entry:
        word, _, content = line.partition(b" ")
        # Nearly every line has this form, and most words are not wanted: no further parsing.
        if content.count(b" ") + 1 == self.size and b"\t" not in line:
            return Entry(place=number, word=word, content=content)
        fields = fields_of(line)
        if len(fields) == self.size and line[:1] in (b" ", b"\t"):
            return Entry(place=number, word=b"", content=line)
        num_word_fields = len(fields) - self.size
        if num_word_fields < 1 or (num_word_fields > 1 and is_number(fields[num_word_fields - 1])):
            content = b" ".join(fields[1:])
            return Entry(place=number, word=fields[0], content=content, has_width=False)
        return Entry(
            place=number,
            word=b" ".join(fields[:num_word_fields]),
            content=b" ".join(fields[num_word_fields:]),
        )

    def _refuse_width(self, number: int, word: bytes, width: int) -> NoReturn:
        self.fail(number, f"{shown(word)} has {width} numbers; {self.size} are expected.")


def fields_of(line: bytes) -> list[bytes]:
    """Split at blanks and tabs; a vertical tab or a form feed is part of a word."""
    return _SEPARATOR.split(line.strip(_SEPARATORS))


def help_for_number(field: bytes) -> str:
    """Return how to correct a field that is not a number; empty if that is not known."""
    if _DECIMAL_COMMA.fullmatch(field):
        return "Write the numbers with a decimal point, not with a comma."
    return ""


def is_number(field: bytes) -> bool:
    """Return whether a field can be read as a number."""
    try:
        float(field)
    except ValueError:
        return False
    # Python reads 1_0 as 10; no program writes that for a number.
    return b"_" not in field
