r"""Reading pretrained word vectors: word2vec, GloVe or fastText, detected from the content.

    3 2\n the 0.1 0.2\n ...       word2vec text, fastText .vec: a header, then one word per line
    3 2\n the \xcd\xcc\xcc\x3d... word2vec binary: the same header
    the 0.1 0.2\n ...             GloVe: no header

Only the vectors of requested words are kept in memory.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32

from nextword.base import DataError
from nextword.layers.embeddings.binary_vectors import BinaryVectors
from nextword.layers.embeddings.text_vectors import (
    MAX_LINE_BYTES,
    TextVectors,
    fields_of,
    help_for_number,
    is_number,
)
from nextword.layers.embeddings.vector_file import Entry, VectorFile, VectorStream, shown
from nextword.layers.embeddings.vector_losses import VectorLosses

_HEADER = re.compile(rb"(\d{1,15})[ \t]+(\d{1,15})")
_MAX_SIZE = 1 << 16
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: Characters that no word of a text can contain.
_IN_NO_WORD = re.compile(rb"[\x00\t\n\v\f\r ]")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True, eq=False)
class WordVectors:
    """Vectors of some words.

    Attributes:
        words: The words.
        vectors: One row for each.
        losses: Words that were skipped, and what may explain few words.
    """

    words: tuple[str, ...]
    vectors: Float32[np.ndarray, "words size"]
    losses: VectorLosses = field(default_factory=VectorLosses, repr=False)


def read_vectors(stream: VectorStream, *, name: str, wanted: Collection[str]) -> WordVectors:
    r"""Read the vectors of some words.

    Args:
        stream: The file's bytes, decompressed.
        name: The file's name in error messages.
        wanted: The words to read; a set is fastest.

    Words that are not wanted may be undecodable, empty or of another width: they are skipped and
    counted. Of a wanted word that comes twice the first vector is kept.

    Returns:
        Those of the wanted words that the file has, in its order.

    Raises:
        DataError: The file is cut short, or the vector of a wanted word is malformed; the message
            names the line, or for binary files the byte.

    Example:
        >>> import io
        >>> glove = io.BytesIO(b"the 0.5 1\ncat 2 -1\n")
        >>> read_vectors(glove, name="example", wanted={"cat", "dog"})
        WordVectors(words=('cat',), vectors=array([[ 2., -1.]], dtype=float32))
    """
    file = open_vectors(stream, name=name)
    losses = VectorLosses(unit=file.unit, wanted=wanted)
    rows: dict[str, Float32[np.ndarray, " size"]] = {}
    for entry in file.entries():
        word = file.word(entry)
        if word is None or word not in wanted:
            losses.add_unwanted(entry, word)
        elif word in rows:
            losses.add("duplicate", entry.place)
        else:
            rows[word] = file.vector(entry)
    vectors = np.stack(list(rows.values())) if rows else np.zeros((0, file.size), dtype=np.float32)
    return WordVectors(words=tuple(rows), vectors=vectors, losses=losses)


def first_other_words(
    stream: VectorStream, *, name: str, known: Collection[str], limit: int
) -> tuple[str, ...]:
    """Return the first words of a file that are not known yet; it is read no further.

    Args:
        stream: The file's bytes, decompressed.
        name: Name of the file in error messages.
        known: Words to leave out.
        limit: How many to return at most. Words that no text can have are left out: empty ones,
            those with white space, and those that are not UTF-8.

    Raises:
        DataError: The file is cut short before that.
    """
    file = open_vectors(stream, name=name)
    others: dict[str, None] = {}
    for entry in file.entries():
        if len(others) == limit:
            break
        word = file.word(entry)
        if word and word not in known and _can_be_word(entry):
            others[word] = None
    return tuple(others)


def _can_be_word(entry: Entry) -> bool:
    return entry.has_width and _IN_NO_WORD.search(entry.word) is None


def open_vectors(stream: VectorStream, *, name: str) -> VectorFile:
    """Recognise the format by the beginning of a file.

    Args:
        stream: The file's bytes, decompressed.
        name: The file's name in error messages.

    Raises:
        DataError: The file is empty, or its beginning fits none of the formats.
    """
    header = stream.readline(MAX_LINE_BYTES + 1)
    num_header_bytes = len(header)
    header = header.removeprefix(_BYTE_ORDER_MARK)
    match = _HEADER.fullmatch(header.strip())
    if match is None:
        size = _size_without_header(header, name)
        return TextVectors(stream, first_line=header, name=name, size=size, num_words=None)
    num_words, size = int(match[1]), int(match[2])
    if num_words == 0 or not 0 < size <= _MAX_SIZE:
        raise DataError(
            f"{name}, line 1: the header says {num_words:,} words of {size:,} numbers; at least "
            f"one word and 1 to {_MAX_SIZE:,} numbers are expected.",
        )
    line = stream.readline(MAX_LINE_BYTES + 1)
    if _is_text(line, size):
        return TextVectors(stream, first_line=line, name=name, size=size, num_words=num_words)
    return BinaryVectors(
        stream, beginning=line, name=name, size=size, num_words=num_words, offset=num_header_bytes
    )


def _size_without_header(line: bytes, name: str) -> int:
    """Count the numbers behind the first word of a file, which may hold blanks."""
    fields = fields_of(line)
    size = 0
    while size < len(fields) - 1 and is_number(fields[-1 - size]):
        size += 1
    # A line of prose can end in one number.
    if size > 1 or (size == 1 and len(fields) == 2):
        return size
    last = fields[-1 - size]
    if len(fields) > 1 and (help := help_for_number(last)):
        raise DataError(f"{name}, line 1: {shown(last)} is not a number.", help=help)
    beginning = f"not with {shown(line.strip())}" if line.strip() else "but its first line is empty"
    raise DataError(
        f"{name}, line 1: a file of word vectors begins with 'WORDS SIZE' or with a word and its "
        f"numbers, {beginning}.",
        help="Use a word2vec, GloVe or fastText .vec file, compressed or not.",
    )


def _is_text(line: bytes, size: int) -> bool:
    """Return whether the line after the header is text.

    Binary vectors contain control characters or invalid UTF-8, unless one of their first bytes
    happens to be a newline; then the fields before it are too few, or not numbers.
    """
    if _CONTROL.search(line):
        return False
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    fields = line.split()[1:]
    return len(fields) >= size or (len(fields) > 0 and all(is_number(field) for field in fields))
