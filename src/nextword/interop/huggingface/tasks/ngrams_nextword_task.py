"""The n-grams of a text as ids; nextword writes a copy of this file beside the weights.

An id is the slot of the n-gram in a hash table, plus 1. It depends only on the n-gram.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

_MULTIPLIER = np.int64(6364136223846793005)
_MIXER = np.int64(-7046029254386353131)
_MAX_WORD_CHARACTERS = 60


def ngram_ids(
    words: Sequence[str], *, longest: int, longest_characters: int, table_size: int
) -> list[int]:
    """Return the ids of the n-grams of words, and of those of their characters; each once, sorted.

    Args:
        words: The words of a text.
        longest: Number of words of the longest n-grams of words; 0 for none.
        longest_characters: Number of characters of the longest n-grams inside words, from 3 on; 0
            for none.
        table_size: Number of slots.
    """
    hashes = np.array([_hash(word) for word in words], dtype=np.int64)
    parts = [_piece_hashes(word, longest_characters) for word in dict.fromkeys(words)]
    longer = np.zeros_like(hashes)
    for length in range(1, min(longest, len(words)) + 1):
        count = len(words) - length + 1
        longer = longer[:count] * _MULTIPLIER + hashes[length - 1 :]
        parts.append(longer + np.int64(length))
    if not parts:
        return []
    mixed = np.concatenate(parts) * _MIXER
    mixed = (mixed ^ (mixed >> 32)) * _MULTIPLIER
    slots = np.remainder(mixed ^ (mixed >> 29), table_size)
    found: list[int] = (np.unique(slots) + 1).tolist()
    return found


def _piece_hashes(word: str, longest: int) -> Any:
    framed = f"<{word[:_MAX_WORD_CHARACTERS]}>"
    pieces = {
        framed[start : start + length]
        for length in range(3, longest + 1)
        for start in range(len(framed) - length + 1)
    }
    # A blank is in no word: these are never n-grams of words.
    return np.array([_hash(f" {piece}") for piece in pieces], dtype=np.int64)


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
