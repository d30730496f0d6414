"""The n-grams of a text, as slots of a hash table. Knows no labels and no weights."""

import hashlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

Slots = Int64[np.ndarray, " features"]

#: Odd, so that multiplication modulo 2**64 is a bijection; constants of Knuth and Steele.
_MULTIPLIER = np.int64(6364136223846793005)
_MIXER = np.int64(-7046029254386353131)
_WORD_START, _WORD_END = "<", ">"
_MAX_CACHED_WORDS = 1 << 17
#: Longer words, such as links, have no n-grams of characters beyond this position.
_MAX_WORD_CHARACTERS = 60


class NgramHasher:
    """Maps the n-grams of words, and those of the characters of each word, to slots.

    A text has an n-gram once, however often it occurs. The slot of an n-gram depends only on the
    n-gram, not on the process or the machine.

    Args:
        words: Number of words of the longest n-grams of words; 0 for none.
        characters: Number of characters of the longest n-grams of characters; 0 for none. The
            shortest have 3 characters, with `<` and `>` at the ends of the word.
        table_size: Number of slots.

    Example:
        >>> hasher = NgramHasher(words=2, characters=0, table_size=1000)
        >>> len(hasher.slots(["not", "good"])), len(hasher.slots(["good", "good"]))
        (3, 2)
    """

    def __init__(self, *, words: int, characters: int, table_size: int) -> None:
        self._words = words
        self._characters = characters
        self._table_size = table_size
        self._known: dict[str, tuple[int, Slots]] = {}

    def slots(self, words: Sequence[str]) -> Slots:
        """Return the slots of the n-grams of a text, sorted, each once.

        Args:
            words: The words of the text.
        """
        if not words:
            return np.zeros(0, dtype=np.int64)
        known = [self._known.get(word) or self._add(word) for word in words]
        parts = [part for _, part in known] if self._characters else []
        hashes = np.array([value for value, _ in known], dtype=np.int64)
        longer = np.zeros_like(hashes)
        for length in range(1, min(self._words, len(words)) + 1):
            count = len(words) - length + 1
            longer = longer[:count] * _MULTIPLIER + hashes[length - 1 :]
            parts.append(self._slots(longer + np.int64(length)))
        return np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64)

    def _add(self, word: str) -> tuple[int, Slots]:
        if len(self._known) >= _MAX_CACHED_WORDS:
            self._known.clear()
        framed = _WORD_START + word[:_MAX_WORD_CHARACTERS] + _WORD_END
        pieces = {
            framed[start : start + length]
            for length in range(3, self._characters + 1)
            for start in range(len(framed) - length + 1)
        }
        # A blank is in no word: the n-grams of characters are never n-grams of words.
        hashes = np.array([_hash(f" {piece}") for piece in pieces], dtype=np.int64)
        self._known[word] = found = (_hash(word), self._slots(hashes))
        return found

    def _slots(self, hashes: Int64[np.ndarray, " features"]) -> Slots:
        mixed = hashes * _MIXER
        mixed = (mixed ^ (mixed >> 32)) * _MULTIPLIER
        mixed = mixed ^ (mixed >> 29)
        return np.remainder(mixed, self._table_size)


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
