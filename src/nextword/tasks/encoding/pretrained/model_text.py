"""How a language model reads the words of a sentence: joined by blanks, as its tokenizer splits."""

from collections.abc import Sequence

import numpy as np
import torch

from nextword.base import DataError
from nextword.tasks.encoding.batch import ModelTokens
from nextword.tokens import Tokenizer

_MAX_CACHED = 1 << 17


class ModelText:
    """Encodes sentences for a language model, and finds the step that represents each word.

    A forward model has read a whole word at the last token of the word; its hidden state there is
    the feature of the word. A backward model reads a sentence from its end, and has read a whole
    word at the first token of the word.

    Args:
        tokenizer: The tokenizer of the language model.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer.as_forward()
        self._is_backward = tokenizer.is_backward
        self._ids: dict[tuple[str, bool], list[int]] = {}

    def tokens(self, sentences: Sequence[Sequence[str]]) -> ModelTokens:
        """Return sentences as batches of token ids.

        Args:
            sentences: The words of each sentence.
        """
        encoded = [self._encode(sentence) for sentence in sentences]
        lengths = np.array([len(token_ids) for token_ids, _ in encoded], dtype=np.int64)
        num_words = max(1, max(len(places) for _, places in encoded))
        steps = np.full(
            (len(encoded), int(lengths.max())), self._tokenizer.boundary_id, dtype=np.int64
        )
        places = np.zeros((len(encoded), num_words), dtype=np.int64)
        for row, (token_ids, word_places) in enumerate(encoded):
            steps[row, : len(token_ids)] = token_ids
            places[row, : len(word_places)] = word_places
        return ModelTokens(
            token_ids=torch.from_numpy(steps),
            lengths=torch.from_numpy(lengths),
            places=torch.from_numpy(places),
        )

    def _encode(self, sentence: Sequence[str]) -> tuple[list[int], list[int]]:
        """Return the boundary and the ids of a sentence, and the step of each word."""
        token_ids: list[int] = []
        starts = []
        for number, word in enumerate(sentence):
            starts.append(len(token_ids))
            token_ids += self._word_ids(word, is_first=number == 0)
        num_tokens = len(token_ids)
        # Step 0 is the boundary.
        if self._is_backward:
            token_ids.reverse()
            places = [num_tokens - start for start in starts]
        else:
            places = [*starts[1:], num_tokens]
        return [self._tokenizer.boundary_id, *token_ids], places[: len(sentence)]

    def _word_ids(self, word: str, *, is_first: bool) -> list[int]:
        found = self._ids.get((word, is_first))
        if found is None:
            if len(self._ids) >= _MAX_CACHED:
                self._ids.clear()
            found = self._encode_word(word if is_first else f" {word}")
            self._ids[word, is_first] = found
        return found

    def _encode_word(self, text: str) -> list[int]:
        """Return the ids of a word; a reserved symbol, such as `</s>`, is an unknown word."""
        try:
            token_ids: list[int] = self._tokenizer.encode(text).ids.tolist()
        except DataError:
            return [self._tokenizer.unknown_id]
        return token_ids
