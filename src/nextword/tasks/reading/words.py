"""Words and sentences of a text, with their places. Knows no vocabularies."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

#: Letters and digits, or a single sign; an answer can begin and end at any of these.
_WORD = re.compile(r"\w+|[^\w\s]")
#: A sentence ends after these signs, or at a line end.
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'\u2019\u201d)\]]*\s+|\s*\n\s*")


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words of a text.

    Attributes:
        text: The text.
        words: The words.
        places: First character of each word, and the one after its last, (words, 2).
    """

    text: str
    words: tuple[str, ...]
    places: Int64[np.ndarray, "words 2"]

    def __len__(self) -> int:
        return len(self.words)

    def between(self, first: int, last: int) -> str:
        """Return the text from one word to another, both included.

        Args:
            first: Index of the first word.
            last: Index of the last word.
        """
        return self.text[self.places[first, 0] : self.places[last, 1]]


def split_words(text: str) -> Words:
    """Split a text into words and signs.

    Example:
        >>> split_words("Anna's cup (red).").words
        ('Anna', "'", 's', 'cup', '(', 'red', ')', '.')
    """
    found = list(_WORD.finditer(text))
    places = np.array([match.span() for match in found], dtype=np.int64).reshape(-1, 2)
    return Words(text=text, words=tuple(match.group() for match in found), places=places)


def sentence_starts(text: str) -> tuple[int, ...]:
    """Return the place of the first character of each sentence.

    A sentence ends after a full stop, an exclamation mark or a question mark that is followed by
    white space, and at a line end.

    Example:
        >>> sentence_starts("It rains. Take a coat!")
        (0, 10)
    """
    ends = [match.end() for match in _SENTENCE_END.finditer(text.rstrip())]
    return (0, *ends)


def find_words(words: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Return where a sequence of words occurs in another, ignoring case.

    Args:
        words: The words to search in.
        wanted: The words to find; none are found if it is empty.

    Returns:
        The index of the first word of each occurrence.

    Example:
        >>> find_words(["the", "cat", "and", "The", "dog"], ["the"])
        [0, 3]
    """
    lowered = [word.lower() for word in wanted]
    if not lowered:
        return []
    return [
        place
        for place, word in enumerate(words)
        if word.lower() == lowered[0]
        and [each.lower() for each in words[place : place + len(lowered)]] == lowered
    ]
