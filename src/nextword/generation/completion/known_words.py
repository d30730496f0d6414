"""Prediction of whole words with a word vocabulary: exact, by a lookup in sorted words."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float64, Int64

from nextword.base import DivergedError
from nextword.generation.completion.kept_tables import KeptTables
from nextword.generation.session import Session
from nextword.models import LanguageModel
from nextword.tokens import Tokenizer, lowered


class SortedWords:
    """The words of a vocabulary in alphabetical order of their code points.

    Args:
        tokenizer: A word tokenizer.
        left_out: Ids that are not words.

    Attributes:
        words: The words, sorted.
        index: The place of each word in `words`.
        ids: The id of each word, (num_words).
    """

    def __init__(self, tokenizer: Tokenizer, *, left_out: Iterable[int]) -> None:
        excluded = frozenset(left_out)
        pairs = sorted(
            (tokenizer.token_text(token_id), token_id)
            for token_id in range(tokenizer.vocab_size)
            if token_id not in excluded
        )
        self.words = [word for word, _ in pairs]
        self.index = {word: place for place, (word, _) in enumerate(pairs)}
        self.ids: Int64[np.ndarray, " num_words"] = np.array(
            [token_id for _, token_id in pairs], dtype=np.int64
        )

    def range_of(self, prefix: str) -> tuple[int, int]:
        """Return the first and one past the last index of the words that begin with a prefix."""
        start = bisect_left(self.words, prefix)
        length = len(prefix)
        return start, bisect_right(self.words, prefix, lo=start, key=lambda word: word[:length])


_SORTED_WORDS = KeptTables(lambda tokenizer, left_out: SortedWords(tokenizer, left_out=left_out))


class KnownWords:
    """The probabilities of the words of a vocabulary after a text that is read incrementally.

    The model reads a text once, word by word. Each prefix is then looked up in the sorted
    vocabulary, which does not call the model.

    Args:
        model: The model.
        tokenizer: Its tokenizer, of words.
    """

    def __init__(self, model: LanguageModel, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._model = model
        special = {tokenizer.pad_id, tokenizer.unknown_id, tokenizer.sentence_start_id}
        self._sorted = _SORTED_WORDS.of(
            tokenizer,
            left_out={
                *special,
                tokenizer.sentence_end_id,
                *tokenizer.banned_ids,
                *model.never_ids,
            },
        )
        self.reset()

    def reset(self) -> None:
        """Start a new text."""
        self._session = Session(self._model)
        self._probabilities: Float64[np.ndarray, " num_words"] | None = None

    def read(self, text: str) -> None:
        """Read text that ends in white space.

        Raises:
            DataError: The text cannot be encoded.
        """
        self._session.feed([self._tokenizer.encode(text).ids.tolist()])
        self._probabilities = None

    def has_word(self, word: str) -> bool:
        """Return whether a word is in the vocabulary."""
        return self._form(word) in self._sorted.index

    def most_probable(self, prefix: str, k: int) -> list[tuple[str, float]]:
        """Return the most probable words that begin with a prefix, and their probabilities.

        Ties are in alphabetical order. A tokenizer that reads words in lower case has no others, so
        the prefix is read in lower case too.

        Raises:
            DivergedError: The model returns NaN.
        """
        start, end = self._sorted.range_of(self._form(prefix))
        found = self._word_probabilities()[start:end]
        best = _largest(found, k)
        return [(self._sorted.words[start + index], float(found[index])) for index in best]

    def probabilities(self, words: Sequence[str]) -> list[float]:
        """Return the probabilities of words; 0 if a word is not in the vocabulary."""
        found = self._word_probabilities()
        places = map(self._sorted.index.get, map(self._form, words))
        return [0.0 if place is None else float(found[place]) for place in places]

    def _form(self, word: str) -> str:
        """Return a word, or the beginning of one, as the vocabulary has it."""
        return lowered(word) if self._tokenizer.is_lowercase else word

    def _word_probabilities(self) -> Float64[np.ndarray, " num_words"]:
        if self._probabilities is None:
            log_probs = self._session.log_probs[0].numpy()[self._sorted.ids]
            if np.isnan(log_probs).any():
                raise DivergedError(
                    "the model returns NaN as the probability of a word.",
                    help="Its weights are damaged; train it again.",
                )
            self._probabilities = np.exp(log_probs)
        return self._probabilities


def _largest(values: Float64[np.ndarray, " n"], k: int) -> list[int]:
    """Return the indices of the k largest positive values, largest first; ties by index."""
    if len(values) > k:
        threshold = np.partition(values, len(values) - k)[len(values) - k]
        candidates = np.flatnonzero((values >= threshold) & (values > 0.0))
    else:
        candidates = np.flatnonzero(values > 0.0)
    order = np.argsort(-values[candidates], kind="stable")[:k]
    return [int(index) for index in candidates[order]]
