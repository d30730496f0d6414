"""The contract of a file of word vectors: it yields words with their vectors."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NoReturn, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from nextword.base import DataError

_SHOWN_BYTES = 40


@runtime_checkable
class VectorStream(Protocol):
    """A readable stream of bytes, such as an open file."""

    def read(self, size: int = ..., /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        ...

    def readline(self, size: int = ..., /) -> bytes:
        """Return the next line with its newline, or `size` bytes of it; nothing at the end."""
        ...


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A word of the file, with its vector not parsed yet.

    Attributes:
        place: Its position in the file: line number or byte offset, see `VectorFile.unit`.
        word: The word's bytes.
        content: The vector's bytes.
    """

    place: int
    word: bytes
    content: bytes


class VectorFile(ABC):
    """A file of word vectors, read once from the beginning.

    Args:
        name: The file's name in error messages.
        size: Width of the vectors.

    Attributes:
        unit: Unit of positions in the file: `line` or `byte`.
    """

    unit: ClassVar[str]

    def __init__(self, *, name: str, size: int) -> None:
        self.name = name
        self.size = size

    @abstractmethod
    def entries(self) -> Iterator[Entry]:
        """Yield every word of the file.

        Raises:
            DataError: An entry is malformed; the message names its position.
        """

    @abstractmethod
    def numbers(self, entry: Entry) -> Float32[np.ndarray, " size"]:
        """Parse an entry's vector.

        Raises:
            DataError: The entry has no valid vector.
        """

    def vector(self, entry: Entry) -> Float32[np.ndarray, " size"]:
        """Parse an entry's vector, and check that its numbers are finite.

        Raises:
            DataError: The entry has no valid vector, or a number is not finite.
        """
        vector = self.numbers(entry)
        if not np.isfinite(vector).all():
            self.fail(entry.place, f"the vector of {shown(entry.word)} is not finite.")
        return vector

    def word(self, entry: Entry) -> str:
        """Decode an entry's word.

        Raises:
            DataError: The word is not UTF-8.
        """
        try:
            return entry.word.decode("utf-8")
        except UnicodeDecodeError:
            self.fail(
                entry.place,
                f"the word {shown(entry.word)} is not UTF-8.",
                help="Convert the file to UTF-8.",
            )

    def fail(self, place: int, message: str, *, help: str = "") -> NoReturn:
        """Raise a DataError that names a position in the file."""
        raise DataError(f"{self.name}, {self.unit} {place:,}: {message}", help=help)


def shown(content: bytes) -> str:
    """Return bytes of a file as printable text for a message, at most 40 bytes of them."""
    part = content[:_SHOWN_BYTES]
    try:
        text = repr(part.decode("utf-8"))
    except UnicodeDecodeError:
        text = repr(part).removeprefix("b")
    return text + ("..." if len(content) > _SHOWN_BYTES else "")
