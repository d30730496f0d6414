"""Where the tokens of a text begin and end, in characters. Knows no vocabularies."""

import re
from collections.abc import Iterable

import numpy as np
from jaxtyping import Int64

from nextword.tokens.text_counts import utf8_bytes
from nextword.tokens.vocabularies import Layout, word_separators

#: First and last + 1 character of each token, (num_tokens, 2).
Offsets = Int64[np.ndarray, "num_tokens 2"]


def word_offsets(text: str, layout: Layout) -> Offsets:
    r"""Return the offsets of the words and line ends of a text.

    Args:
        text: The text.
        layout: Version of the rule that splits words.

    Example:
        >>> word_offsets("the  cat\n", 2).tolist()
        [[0, 3], [5, 8], [8, 9]]
    """
    pattern = rf"[^{re.escape(word_separators(layout))}]+|\n"
    return _array(found.span() for found in re.finditer(pattern, text))


def character_offsets(text: str) -> Offsets:
    """Return the offsets of each code point of a text."""
    starts = np.arange(len(text), dtype=np.int64)
    return np.stack([starts, starts + 1], axis=1)


def byte_offsets(text: str, lengths: Iterable[int]) -> Offsets:
    """Return the offsets of tokens that are consecutive bytes of a text in UTF-8.

    A token that has only a part of a character begins and ends with that character.

    Args:
        text: The text; a surrogate that represents a byte is that byte.
        lengths: Number of bytes of each token.

    Example:
        >>> byte_offsets("aé", [1, 1, 1]).tolist()
        [[0, 1], [1, 2], [1, 2]]
    """
    widths = [len(utf8_bytes(character)) for character in text]
    character = np.repeat(np.arange(len(text)), widths)
    ends = np.cumsum(np.fromiter(lengths, dtype=np.int64))
    starts = np.append(0, ends)[: len(ends)]
    return np.stack([character[starts], character[ends - 1] + 1], axis=1).astype(np.int64)


def _array(spans: Iterable[tuple[int, int]]) -> Offsets:
    return np.array(list(spans), dtype=np.int64).reshape(-1, 2)
