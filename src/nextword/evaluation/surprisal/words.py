"""From the surprisals of tokens to those of words. Knows no models.

A word ends where white space or the line end follows it. A subword or character model predicts that
only with the next token, so the plain sum over the tokens of a word counts the end of the word
before it, and not its own. The end is therefore moved to its word, as [oh2024] and [pimentel2024]
do: the probability that white space follows is taken out of the next word.
"""

import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64

from nextword.evaluation.surprisal.values import WordSurprisal
from nextword.tokens import WORD_SEPARATORS, Offsets, Tokenizer

_WORD = re.compile(rf"[^{re.escape(WORD_SEPARATORS)}]+")


def blank_tokens(tokenizer: Tokenizer) -> Bool[np.ndarray, " vocab"]:
    """Return whether each token begins with white space or ends a line, (vocab).

    Every token of a word-level tokenizer does: it is preceded by a blank.
    """
    is_blank = np.full(tokenizer.vocab_size, tokenizer.is_word_level)
    is_blank[[tokenizer.sentence_end_id, *tokenizer.line_end_ids.tolist()]] = True
    if not tokenizer.is_word_level:
        separators = tuple(each.encode("ascii") for each in WORD_SEPARATORS)
        is_blank |= [
            tokenizer.token_bytes(token_id).startswith(separators)
            for token_id in range(tokenizer.vocab_size)
        ]
    return is_blank


def word_surprisals(
    text: str,
    surprisals: Float64[np.ndarray, " num_tokens"],
    *,
    blanks: Float64[np.ndarray, " num_tokens"] | None,
    offsets: Offsets,
    unknown: Bool[np.ndarray, " num_tokens"],
) -> tuple[list[WordSurprisal], float]:
    """Return the words of a line with their surprisals, and the surprisal of the line end.

    White space belongs to the word after it. A token that has parts of two words belongs to the
    first one.

    Args:
        text: The line without its newline.
        surprisals: Surprisals of its tokens, the line end included, (num_tokens).
        blanks: -log P(white space or a line end) before each token, (num_tokens); when None, the
            end of a word stays in the word after it.
        offsets: First and last + 1 character of each token, (num_tokens, 2).
        unknown: Whether each token is out of vocabulary, (num_tokens).
    """
    spans = [found.span() for found in _WORD.finditer(text)]
    owners = _owners(text, spans, offsets)
    sums, is_unknown = np.zeros(len(spans) + 1), np.zeros(len(spans) + 1, dtype=np.bool_)
    np.add.at(sums, owners, surprisals)
    np.logical_or.at(is_unknown, owners, unknown)
    if blanks is not None:
        # Tokens are in order, so each word and the line end have one first token.
        firsts = np.flatnonzero(np.diff(owners)) + 1
        ends = blanks[firsts]
        # After a word that cannot end, the next one is impossible as it is.
        sums[owners[firsts]] -= np.where(np.isfinite(ends), ends, 0.0)
        sums[owners[firsts - 1]] += ends
    words = [
        WordSurprisal(
            text=text[start:end],
            start=start,
            end=end,
            surprisal=float(sums[number]),
            is_unknown=bool(is_unknown[number]),
        )
        for number, (start, end) in enumerate(spans)
    ]
    return words, float(sums[-1])


def _owners(text: str, spans: Sequence[tuple[int, int]], offsets: Offsets) -> np.ndarray:
    """Return for each token the number of its word; that of the line end is the number of words."""
    ends = np.array([end for _, end in spans], dtype=np.int64)
    firsts = [_first_letter(text, start, end) for start, end in offsets.tolist()]
    return np.searchsorted(ends, np.array(firsts, dtype=np.int64), side="right")


def _first_letter(text: str, start: int, end: int) -> int:
    """Return the first character of a token that is not white space; its end if there is none."""
    found = _WORD.search(text, start, min(end, len(text)))
    return end if found is None else found.start()
