"""How a language model reads the words of a sentence: joined by blanks, as its tokenizer splits."""

from collections.abc import Sequence

import numpy as np
import torch

from nextword.tasks.encoding.batch import ModelTokens
from nextword.tokens import Tokenizer

_MAX_CACHED = 1 << 17


class ModelText:
    """Encodes sentences for a language model, and finds the step that represents each word.

    A model that reads forwards has read a whole word at the last token of the word; its hidden
    state there is the feature of the word.

    Args:
        tokenizer: The tokenizer of the language model.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
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
        token_ids, places = [self._tokenizer.boundary_id], []
        for number, word in enumerate(sentence):
            token_ids += self._word_ids(word, is_first=number == 0)
            places.append(len(token_ids) - 1)
        return token_ids, places

    def _word_ids(self, word: str, *, is_first: bool) -> list[int]:
        found = self._ids.get((word, is_first))
        if found is None:
            if len(self._ids) >= _MAX_CACHED:
                self._ids.clear()
            text = word if is_first else f" {word}"
            found = self._tokenizer.encode(text).ids.tolist()
            self._ids[word, is_first] = found
        return found
