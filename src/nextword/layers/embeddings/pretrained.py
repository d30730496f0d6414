r"""Reading pretrained word vectors: word2vec, GloVe or fastText, detected from the content.

    3 2\n the 0.1 0.2\n ...       word2vec text, fastText .vec: a header, then one word per line
    3 2\n the \xcd\xcc\xcc\x3d... word2vec binary: the same header
    the 0.1 0.2\n ...             GloVe: no header

Only the vectors of requested words are kept in memory.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from nextword.base import DataError
from nextword.layers.embeddings.binary_vectors import BinaryVectors
from nextword.layers.embeddings.text_vectors import MAX_LINE_BYTES, TextVectors, is_number
from nextword.layers.embeddings.vector_file import VectorFile, VectorStream, shown

_HEADER = re.compile(rb"(\d{1,15})[ \t]+(\d{1,15})")
_MAX_SIZE = 1 << 16
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True, eq=False)
class WordVectors:
    """Vectors of some words.

    Attributes:
        words: The words.
        vectors: One row per word, (words, size).
    """

    words: tuple[str, ...]
    vectors: Float32[np.ndarray, "words size"]


def read_vectors(stream: VectorStream, *, name: str, wanted: Collection[str]) -> WordVectors:
    r"""Read the vectors of some words.

    Args:
        stream: The file's bytes, decompressed.
        name: The file's name in error messages.
        wanted: The words to read; a set is fastest.

    Returns:
        Those of them that are in the file, in its order.

    Raises:
        DataError: The file is malformed or contains a wanted word twice; the message names the
            line, or for binary files the byte.

    Example:
        >>> import io
        >>> glove = io.BytesIO(b"the 0.5 1\ncat 2 -1\n")
        >>> read_vectors(glove, name="example", wanted={"cat", "dog"})
        WordVectors(words=('cat',), vectors=array([[ 2., -1.]], dtype=float32))
    """
    file = open_vectors(stream, name=name)
    places: dict[str, int] = {}
    rows = []
    for entry in file.entries():
        word = file.word(entry)
        if word not in wanted:
            continue
        if word in places:
            file.fail(
                entry.place,
                f"the word {word!r} stands here a second time, first at {file.unit} "
                f"{places[word]:,}.",
                help="Remove one of the two.",
            )
        places[word] = entry.place
        rows.append(file.vector(entry))
    vectors = np.stack(rows) if rows else np.zeros((0, file.size), dtype=np.float32)
    return WordVectors(words=tuple(places), vectors=vectors)


def first_other_words(
    stream: VectorStream, *, name: str, known: Collection[str], limit: int
) -> tuple[str, ...]:
    """Return the first words of a file that are not known; the rest of the file is not read.

    Args:
        stream: The file's bytes, decompressed.
        name: The file's name in error messages.
        known: Words to skip.
        limit: Maximum number of words. Words that contain white space are skipped, because no
            text contains them as words.

    Raises:
        DataError: The part that was read is malformed.
    """
    file = open_vectors(stream, name=name)
    others: dict[str, None] = {}
    for entry in file.entries():
        if len(others) == limit:
            break
        word = file.word(entry)
        if word not in known and len(entry.word.split()) == 1:
            others[word] = None
    return tuple(others)


def open_vectors(stream: VectorStream, *, name: str) -> VectorFile:
    """Detect the format from the beginning of a file, and return a reader of it.

    Args:
        stream: The file's bytes, decompressed.
        name: The file's name in error messages.

    Raises:
        DataError: The file is empty, or its beginning fits none of the formats.
    """
    header = stream.readline(MAX_LINE_BYTES + 1)
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
        stream, beginning=line, name=name, size=size, num_words=num_words, offset=len(header)
    )


def _size_without_header(line: bytes, name: str) -> int:
    """Return the number of numbers after the first word of a file."""
    numbers = line.split()[1:]
    if numbers and all(is_number(field) for field in numbers):
        return len(numbers)
    beginning = f"not with {shown(line.strip())}" if line.strip() else "but its first line is empty"
    raise DataError(
        f"{name}, line 1: a file of word vectors begins with 'WORDS SIZE' or with a word and its "
        f"numbers, {beginning}.",
        help="Give a word2vec, GloVe or fastText .vec file; name a compressed one .gz.",
    )


def _is_text(line: bytes, size: int) -> bool:
    """Whether the line after the header is text.

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
