"""Lines as they are scored: each with its end, encoded. Knows no models."""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from nextword.base import DataError, require_text
from nextword.tokens import Encoding, Tokenizer

#: Batches in a group. Lines of a group are sorted by length, which leaves few rows idle.
_BATCHES_PER_GROUP = 8


class EncodedLine(NamedTuple):
    """A line of a text.

    Attributes:
        number: Line number, from 1.
        text: The line without its newline.
        scored: What is encoded: the line without markers, with its newline.
        encoding: Its encoding.
    """

    number: int
    text: str
    scored: str
    encoding: Encoding


def encoded_lines(
    numbered: Iterator[tuple[int, str]], *, tokenizer: Tokenizer
) -> Iterator[EncodedLine]:
    """Iterate over encoded lines.

    Args:
        numbered: Line numbers, and lines with or without their newline.
        tokenizer: The model's tokenizer.

    Raises:
        ConfigError: A line is not a string.
        DataError: A line contains a newline, or cannot be encoded.
    """
    for number, line in numbered:
        require_text(f"line {number}", line)
        text = line.removesuffix("\n")
        if "\n" in text:
            raise DataError(
                f"line {number} contains a newline.", help="Split the text into lines first."
            )
        scored = tokenizer.without_markers(text + "\n", first_line=number)
        yield EncodedLine(number, text, scored, tokenizer.encode(scored))


def line_groups(lines: Iterator[EncodedLine], *, batch_size: int) -> Iterator[list[EncodedLine]]:
    """Iterate over groups of lines that are scored together.

    With a batch_size of 1, every group is one line: its score is known before the next line is
    read, as a program needs that writes a line and waits for its score.

    Args:
        lines: The lines.
        batch_size: Number of lines in a batch.
    """
    size = 1 if batch_size == 1 else batch_size * _BATCHES_PER_GROUP
    while group := list(itertools.islice(lines, size)):
        yield group
