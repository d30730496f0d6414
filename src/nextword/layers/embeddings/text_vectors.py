"""Word vectors as text, one word per line, as GloVe, fastText and word2vec write them."""

from collections.abc import Iterator
from itertools import chain
from typing import NoReturn

import numpy as np
from jaxtyping import Float32

from nextword.layers.embeddings.vector_file import Entry, VectorFile, VectorStream, shown

MAX_LINE_BYTES = 1 << 20


class TextVectors(VectorFile):
    """Lines of a word and its numbers, separated by spaces or tabs.

    The last `size` fields of a line are the numbers, so a word may contain spaces (some words in
    GloVe's largest file do).

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
        """Yield the word of every line that is not blank."""
        num_found = number = 0
        first_number = 1 if self._num_words is None else 2
        for number, line in enumerate(self._lines(), start=first_number):
            if len(line) > MAX_LINE_BYTES:
                self.fail(number, f"the line is longer than {MAX_LINE_BYTES:,} bytes.")
            if content := line.strip():
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
        """Return the numbers of a line."""
        fields = entry.content.split()
        if len(fields) != self.size:
            self._refuse_width(entry.place, entry.word, len(fields))
        for field in fields:
            if not is_number(field):
                self.fail(entry.place, f"{shown(field)} is not a number.")
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
        fields = line.split()
        num_word_fields = len(fields) - self.size
        if num_word_fields < 1 or (num_word_fields > 1 and is_number(fields[num_word_fields - 1])):
            self._refuse_width(number, word, len(fields) - 1)
        return Entry(
            place=number,
            word=b" ".join(fields[:num_word_fields]),
            content=b" ".join(fields[num_word_fields:]),
        )

    def _refuse_width(self, number: int, word: bytes, width: int) -> NoReturn:
        self.fail(number, f"{shown(word)} has {width} numbers; {self.size} are expected.")


def is_number(field: bytes) -> bool:
    """Return whether a field can be parsed as a number."""
    try:
        float(field)
    except ValueError:
        return False
    return True
