"""How the tokens of a vocabulary are spelled, as bytes. Uses tokenizers only."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64

from nextword.tokens import WORD_SEPARATORS, Tokenizer

_SEPARATORS = WORD_SEPARATORS.encode("ascii")
_IS_SEPARATOR = frozenset(_SEPARATORS)


class TokenSpelling:
    """The bytes of each token, sorted for lookup by prefix.

    Args:
        tokenizer: A tokenizer whose tokens are characters, bytes or subwords.
        left_out: Ids that spell nothing.

    Attributes:
        values: The bytes of each token; empty for ids that spell nothing.
        starts_word_end: Ids of the tokens that begin with white space.
        continues_word: Ids of all other tokens that spell something.
        spells: Ids of all tokens that spell something.
    """

    def __init__(self, tokenizer: Tokenizer, *, left_out: Iterable[int]) -> None:
        excluded = frozenset(left_out)
        self.values = [
            b"" if token_id in excluded else tokenizer.token_bytes(token_id)
            for token_id in range(tokenizer.vocab_size)
        ]
        pairs = sorted((value, token_id) for token_id, value in enumerate(self.values) if value)
        self._sorted = [value for value, _ in pairs]
        self._ids = np.array([token_id for _, token_id in pairs], dtype=np.int64)
        self._ids_of: dict[bytes, list[int]] = {}
        for value, token_id in pairs:
            self._ids_of.setdefault(value, []).append(token_id)
        self._longest = max(map(len, self._ids_of), default=0)
        # Few tokens, or none, contain white space after a word.
        self._spans_words = any(NO_WORD.followed_by(value).is_ended for value in self._ids_of)
        is_end = np.array([value[0] in _IS_SEPARATOR for value in self._sorted], dtype=np.bool_)
        self.starts_word_end: Int64[np.ndarray, " ends"] = self._ids[is_end]
        self.continues_word: Int64[np.ndarray, " others"] = self._ids[~is_end]
        self.spells: Int64[np.ndarray, " all"] = self._ids

    def within(self, text: bytes) -> list[int]:
        """Return the ids of tokens that are a prefix of a text, the text itself included."""
        lengths = range(1, min(len(text), self._longest) + 1)
        return [token_id for length in lengths for token_id in self._ids_of.get(text[:length], ())]

    def beyond(self, text: bytes) -> Int64[np.ndarray, " num_found"]:
        """Return the ids of tokens that begin with a text, the text itself included."""
        start = bisect_left(self._sorted, text)
        length = len(text)
        end = bisect_right(self._sorted, text, lo=start, key=lambda value: value[:length])
        return self._ids[start:end]

    def consistent(self, text: bytes) -> Int64[np.ndarray, " num_found"]:
        """Return the ids of tokens that are a prefix of a text, or begin with it."""
        return np.concatenate([np.array(self.within(text[:-1]), dtype=np.int64), self.beyond(text)])

    def ending(self, text: bytes) -> Int64[np.ndarray, " num_found"]:
        """Return the ids of tokens that begin with a text and white space after it."""
        if not self._spans_words:
            return self._ids[:0]
        return np.concatenate([self.beyond(text + bytes([byte])) for byte in _SEPARATORS])


class FirstWord(NamedTuple):
    """The first word of a text.

    Attributes:
        blanks: White space before it.
        word: The word, as far as the text goes; may be empty.
        is_ended: Whether white space follows it.

    Example:
        >>> NO_WORD.followed_by(b" op").followed_by(b"en the")
        FirstWord(blanks=b' ', word=b'open', is_ended=True)
    """

    blanks: bytes
    word: bytes
    is_ended: bool

    def followed_by(self, text: bytes) -> "FirstWord":
        """Return the first word of the text followed by another one."""
        if self.is_ended:
            return self
        rest = text if self.word else text.lstrip(_SEPARATORS)
        blanks = self.blanks + text[: len(text) - len(rest)]
        length = next((i for i, byte in enumerate(rest) if byte in _IS_SEPARATOR), len(rest))
        return FirstWord(blanks, self.word + rest[:length], length < len(rest))


#: The first word of an empty text.
NO_WORD = FirstWord(b"", b"", False)
