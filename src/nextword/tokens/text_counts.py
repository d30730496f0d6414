"""Size of a text in words, characters and bytes, independent of the tokenizer."""

from dataclasses import dataclass

from nextword.base import DataError
from nextword.tokens.vocabularies import count_words


@dataclass(frozen=True, kw_only=True)
class TextCounts:
    """Size of a text.

    Attributes:
        num_words: Words, split like KenLM's `lmplz`, plus line ends.
        num_characters: Code points, newlines included.
        num_bytes: Bytes of the text in UTF-8.
    """

    num_words: int = 0
    num_characters: int = 0
    num_bytes: int = 0

    def __add__(self, other: "TextCounts") -> "TextCounts":
        return TextCounts(
            num_words=self.num_words + other.num_words,
            num_characters=self.num_characters + other.num_characters,
            num_bytes=self.num_bytes + other.num_bytes,
        )


def count_text(text: str) -> TextCounts:
    r"""Count the words and line ends, code points and UTF-8 bytes of a text.

    A byte that is not UTF-8, represented by a surrogate, counts as one character and one byte.

    Raises:
        DataError: The text contains a surrogate that represents no byte.

    Example:
        >>> count_text("a café\n")
        TextCounts(num_words=3, num_characters=7, num_bytes=8)
    """
    return count_bytes(utf8_bytes(text), num_characters=len(text))


def count_bytes(data: bytes, *, num_characters: int) -> TextCounts:
    """Count a text given its UTF-8 bytes and its number of characters."""
    return TextCounts(
        num_words=count_words(data) + data.count(b"\n"),
        num_characters=num_characters,
        num_bytes=len(data),
    )


def utf8_bytes(text: str) -> bytes:
    """Return the bytes of a text; surrogates become the bytes that they represent.

    Raises:
        DataError: The text contains a surrogate that represents no byte.
    """
    try:
        return text.encode("utf-8", errors="surrogateescape")
    except UnicodeEncodeError as error:
        raise DataError(
            f"the text contains a lone surrogate U+{ord(text[error.start]):04X} at character "
            f"{error.start:,}; it has no bytes.",
            help="Replace it, for example by U+FFFD.",
        ) from error
