"""What every format of word vectors offers: words with their vectors, one after the other."""

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
    """Bytes that can be read, such as an open file."""

    def read(self, size: int = ..., /) -> bytes:
        """Give up to `size` bytes; nothing at the end."""
        ...

    def readline(self, size: int = ..., /) -> bytes:
        """Give the next line with its end, or `size` bytes of it; nothing at the end."""
        ...


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A word of the file; its vector is not looked at before it is wanted.

    Attributes:
        place: Where it stands, in the unit of the format.
        word: Its bytes.
        content: Its vector as the file spells it.
    """

    place: int
    word: bytes
    content: bytes


class VectorFile(ABC):
    """A file of word vectors that is read once, from the beginning.

    Args:
        name: What the file is called in errors.
        size: Width of the vectors.

    Attributes:
        unit: What places are counted in: `line` or `byte`.
    """

    unit: ClassVar[str]

    def __init__(self, *, name: str, size: int) -> None:
        self.name = name
        self.size = size

    @abstractmethod
    def entries(self) -> Iterator[Entry]:
        """Give every word of the file.

        Raises:
            DataError: An entry is malformed; the message names the place.
        """

    @abstractmethod
    def numbers(self, entry: Entry) -> Float32[np.ndarray, " size"]:
        """Read a vector.

        Raises:
            DataError: It is no vector.
        """

    def vector(self, entry: Entry) -> Float32[np.ndarray, " size"]:
        """Read a vector of finite numbers.

        Raises:
            DataError: It is none.
        """
        vector = self.numbers(entry)
        if not np.isfinite(vector).all():
            self.fail(entry.place, f"the vector of {shown(entry.word)} is not finite.")
        return vector

    def word(self, entry: Entry) -> str:
        """Decode a word.

        Raises:
            DataError: It is not UTF-8.
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
        """Refuse the file at a place."""
        raise DataError(f"{self.name}, {self.unit} {place:,}: {message}", help=help)


def shown(content: bytes) -> str:
    """Show bytes of a file in an error, shortened and printable."""
    part = content[:_SHOWN_BYTES]
    try:
        text = repr(part.decode("utf-8"))
    except UnicodeDecodeError:
        text = repr(part).removeprefix("b")
    return text + ("..." if len(content) > _SHOWN_BYTES else "")
