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
        """Return up to `size` bytes; nothing at the end."""
        ...

    def readline(self, size: int = ..., /) -> bytes:
        """Return the next line with its end, or `size` bytes of it; nothing at the end."""
        ...


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry of the file; its vector is parsed on demand.

    Attributes:
        place: Position in the file, in the unit of the format.
        word: The bytes of the word.
        content: The unparsed vector.
        has_width: Whether the vector seems to have the width of the file; if not, `numbers` raises
            an error.
    """

    place: int
    word: bytes
    content: bytes
    has_width: bool = True


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
        """Iterate over the words of the file.

        Raises:
            DataError: The file is cut short, or no entry can be found where one should begin; the
                message names the place.
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

    def word(self, entry: Entry) -> str | None:
        """Decode a word; None if it is not UTF-8."""
        try:
            return entry.word.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def fail(self, place: int, message: str, *, help: str = "") -> NoReturn:
        """Raise a DataError at a place."""
        raise DataError(f"{self.name}, {self.unit} {place:,}: {message}", help=help)


def shown(content: bytes) -> str:
    """Return bytes of a file for an error message, shortened and printable."""
    part = content[:_SHOWN_BYTES]
    try:
        text = repr(part.decode("utf-8"))
    except UnicodeDecodeError:
        text = repr(part).removeprefix("b")
    return text + ("..." if len(content) > _SHOWN_BYTES else "")
