"""Split a text into words and punctuation by Unicode classes. Knows nothing of vocabularies.

A word is a run of letters, marks, digits and underscores; apostrophes between letters belong to it,
and points and commas between digits. A run of the same other character is one token, such as `...`
or `--`. White space separates tokens and is not one.
"""

from collections.abc import Sequence
from typing import Literal

import tokenizers
from tokenizers import normalizers, pre_tokenizers

from nextword.tokens.vocabularies.specials import SPECIAL_TOKENS, SURROGATE, UNKNOWN_TOKEN

#: How a word tokenizer splits a text; see `TokenizerConfig`.
Split = Literal["whitespace", "words"]

#: A token of a text with its first and last + 1 character.
Piece = tuple[str, tuple[int, int]]

_LETTER = r"\p{L}\p{M}\p{N}\p{Pc}"
#: A literal between separators of layout 2, as in the normalizer.
_ALONE = r"(?<![^\x00\t\n\r ]){}(?![^\x00\t\n\r ])"
WORD_PATTERN = (
    rf"[{_LETTER}]+(?:['\u2019][{_LETTER}]+|(?<=\p{{N}})[.,](?=\p{{N}})[{_LETTER}]+)*"
    rf"|([^{_LETTER}\s\x00])\1*"
)
#: The literals of the special tokens that a normalized text can contain.
_NORMALIZED = "|".join([*(_ALONE.format(name) for name in ("</s>", UNKNOWN_TOKEN)), WORD_PATTERN])
_TEXT = "|".join([r"\n", _ALONE.format(UNKNOWN_TOKEN), WORD_PATTERN])
#: In lower case, `<S>` is a special token too, and therefore one unknown word.
_SPECIAL = _ALONE.format(f"(?i:{'|'.join(SPECIAL_TOKENS)})")
_TEXT_IN_ANY_CASE = "|".join([r"\n", _SPECIAL, WORD_PATTERN])

#: No blank is written before the first, nor after the second.
_JOINED_BEFORE = frozenset(",.;:!?)]}%-\u2019\u201d\u2026")
_JOINED_AFTER = frozenset("([{-\u2018\u201c")

_LOWERCASE = normalizers.Lowercase()


def word_splitter() -> pre_tokenizers.PreTokenizer:
    """Return the component that splits a text whose line ends are `</s>`."""
    return pre_tokenizers.Split(tokenizers.Regex(_NORMALIZED), "removed", invert=True)


class TextSplitter:
    """Splits a text into words, punctuation and line ends.

    Args:
        lowercase: Whether the words are read in lower case later.
    """

    def __init__(self, *, lowercase: bool = False) -> None:
        pattern = _TEXT_IN_ANY_CASE if lowercase else _TEXT
        self._parts = pre_tokenizers.Split(tokenizers.Regex(pattern), "removed", invert=True)

    def split(self, text: str) -> list[Piece]:
        r"""Return the tokens of a text with their places; each newline is a token.

        Example:
            >>> [word for word, _ in TextSplitter().split("Ah, l'an 1,000--non?\n")]
            ['Ah', ',', "l'an", '1,000', '--', 'non', '?', '\n']
        """
        return self._parts.pre_tokenize_str(SURROGATE.sub("\ufffd", text))


def lowered(word: str) -> str:
    """Return a word in lower case, as Hugging Face writes it.

    Example:
        >>> lowered("Été")
        'été'
    """
    return _LOWERCASE.normalize_str(word)


def is_blank_between(word: str, following: str) -> bool:
    """Return whether decoding writes a blank between two tokens of one line.

    Example:
        >>> is_blank_between("comte", "est"), is_blank_between("comte", ",")
        (True, False)
    """
    return following[0] not in _JOINED_BEFORE and word[-1] not in _JOINED_AFTER


def count_gaps_lost(text: str, pieces: Sequence[Piece]) -> int:
    """Count the white space of a text that decoding its tokens writes differently.

    Args:
        text: The text.
        pieces: Its tokens, from `TextSplitter.split`.

    Example:
        >>> text = "a ,  b"
        >>> count_gaps_lost(text, TextSplitter().split(text))
        2
    """
    lost, end, before = 0, 0, "\n"
    for word, (start, stop) in pieces:
        gap = text[end:start]
        is_edge = before == "\n" or word == "\n"
        expected = "" if is_edge or not is_blank_between(before, word) else " "
        if gap != expected:
            lost += len(gap) - (expected in gap and bool(expected)) if gap else 1
        end, before = stop, word
    return lost + len(text) - end
