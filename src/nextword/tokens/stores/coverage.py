"""Vocabulary coverage of a text. Knows nothing of models or files."""

from dataclasses import dataclass

import numpy as np

from nextword.tokens.stores.store import TokenStore
from nextword.tokens.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Counts of known and unknown tokens of a text, without line end tokens.

    A line end is always known and easy to predict, so it is not counted.

    Attributes:
        num_words: Words of a word-level tokenizer, tokens of another one.
        num_unknown: Out-of-vocabulary words among them.
        num_lines: Lines with at least one word; 0 for a tokenizer without line end tokens.
    """

    num_words: int
    num_unknown: int
    num_lines: int

    @property
    def unknown_share(self) -> float:
        """Share of unknown words, from 0 to 1."""
        return self.num_unknown / self.num_words if self.num_words else 0.0

    @property
    def is_mostly_unknown(self) -> bool:
        """Whether more than half of the words are unknown."""
        return 2 * self.num_unknown > self.num_words


def coverage(store: TokenStore, *, tokenizer: Tokenizer) -> Coverage:
    """Return the vocabulary coverage of an encoded text.

    Args:
        store: The text.
        tokenizer: The tokenizer that encoded it.
    """
    num_line_ends, num_lines = (
        _count_lines(store, line_end_id=tokenizer.sentence_end_id)
        if tokenizer.has_line_end_token
        else (0, 0)
    )
    return Coverage(
        num_words=store.num_tokens - num_line_ends,
        num_unknown=store.num_unknown,
        num_lines=num_lines,
    )


def _count_lines(store: TokenStore, *, line_end_id: int) -> tuple[int, int]:
    """Count the line ends, and those after a word; the ids are read in parts."""
    num_line_ends = num_lines = 0
    follows_word = False
    for _, ids in store.parts_of_ids():
        is_end = np.asarray(ids) == line_end_id
        after_word = np.concatenate([[follows_word], ~is_end[:-1]])
        num_line_ends += int(is_end.sum())
        num_lines += int((is_end & after_word).sum())
        follows_word = not is_end[-1]
    return num_line_ends, num_lines
