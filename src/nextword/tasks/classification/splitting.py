"""Split a text into words. Knows no vocabularies."""

import re
from collections.abc import Callable

#: Words with inner hyphens, dots and apostrophes ("isn't", "U.S"), endings ("'s"), or single signs.
_WORD = re.compile("\\w+(?:[-'\u2019.,]\\w+)*|['\u2019]\\w+|[^\\w\\s]")

Splitter = Callable[[str], list[str]]


def splitter(kind: str) -> Splitter:
    """Return the function that splits a text.

    Args:
        kind: `blanks`, `punctuation` or `characters`; see `classification.words`.

    Example:
        >>> splitter("punctuation")("It isn't bad (really)!")
        ['It', "isn't", 'bad', '(', 'really', ')', '!']
        >>> splitter("characters")("so 好")
        ['s', 'o', '好']
    """
    return _SPLITTERS[kind]


def _characters(text: str) -> list[str]:
    return list("".join(text.split()))


_SPLITTERS: dict[str, Splitter] = {
    "blanks": str.split,
    "punctuation": _WORD.findall,
    "characters": _characters,
}
