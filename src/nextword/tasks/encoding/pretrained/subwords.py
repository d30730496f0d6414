"""How a transformers encoder reads the words of a sentence: sub-tokens, in windows of its size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from nextword.base import FormatError
from nextword.tasks.encoding.batch import Places

_MAX_CACHED = 1 << 17


@dataclass(frozen=True, kw_only=True)
class SubwordTokens:
    """The sentences of a batch as a transformers encoder reads them.

    A sentence that is longer than a window has several rows.

    Attributes:
        token_ids: Special tokens and sub-tokens of each row, (rows, steps).
        lengths: Number of steps of each row, (rows).
        places: Place of the first sub-token of each word in the rows one after another, (batch,
            time): row · steps + step.
        counts: Number of sub-tokens of each word, (batch, time); 0 for a word without any.
    """

    token_ids: Int64[Tensor, "rows steps"]
    lengths: Int64[Tensor, " rows"]
    places: Places
    counts: Int64[Tensor, "batch time"]

    def to(self, device: torch.device) -> "SubwordTokens":
        """Return the tokens with every tensor on a device."""
        return SubwordTokens(
            token_ids=self.token_ids.to(device),
            lengths=self.lengths.to(device),
            places=self.places.to(device),
            counts=self.counts.to(device),
        )


class SubwordText:
    """Encodes sentences for a transformers encoder.

    Each word is encoded by itself, with a blank before all but the first. A sentence that is longer
    than a window is split between words; the windows do not see each other. A word that is longer
    than a window is cut.

    Args:
        tokenizer: The tokenizer, of the library `tokenizers`.
        window: Number of tokens that the encoder reads at once, special ones included.
        pad_id: Id of the padding.

    Raises:
        FormatError: The window has no space for a token besides the special ones.
    """

    def __init__(self, tokenizer: Any, *, window: int, pad_id: int) -> None:
        self._tokenizer = tokenizer
        self._pad_id = pad_id
        self._prefix, self._suffix = special_ids(tokenizer)
        self._room = window - len(self._prefix) - len(self._suffix)
        if self._room < 1:
            raise FormatError(
                f"the encoder reads {window} tokens at once, too few for its special tokens.",
                help="Correct max_position_embeddings in its config.json.",
            )
        self._ids: dict[tuple[str, bool], list[int]] = {}

    def tokens(self, sentences: Sequence[Sequence[str]]) -> SubwordTokens:
        """Return sentences as rows of token ids.

        Args:
            sentences: The words of each sentence.
        """
        rows: list[list[int]] = []
        found = [self._add(sentence, rows) for sentence in sentences]
        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        token_ids = np.full((len(rows), int(lengths.max())), self._pad_id, dtype=np.int64)
        for number, row in enumerate(rows):
            token_ids[number, : len(row)] = row
        num_words = max(1, max(map(len, sentences)))
        places = np.zeros((2, len(sentences), num_words), dtype=np.int64)
        for number, words in enumerate(found):
            for time, (row_number, step, count) in enumerate(words):
                places[:, number, time] = row_number * token_ids.shape[1] + step, count
        return SubwordTokens(
            token_ids=torch.from_numpy(token_ids),
            lengths=torch.from_numpy(lengths),
            places=torch.from_numpy(places[0]),
            counts=torch.from_numpy(places[1]),
        )

    def _add(self, sentence: Sequence[str], rows: list[list[int]]) -> list[tuple[int, int, int]]:
        """Add the rows of a sentence; return row, first step and number of steps of each word."""
        words, row = [], list(self._prefix)
        for number, word in enumerate(sentence):
            ids = self._word_ids(word, is_first=number == 0)
            if len(row) - len(self._prefix) + len(ids) > self._room:
                rows.append([*row, *self._suffix])
                row = list(self._prefix)
            words.append((len(rows), len(row), len(ids)))
            row += ids
        # A tokenizer without special tokens leaves a sentence without words empty.
        rows.append([*row, *self._suffix] or [self._pad_id])
        return words

    def _word_ids(self, word: str, *, is_first: bool) -> list[int]:
        found = self._ids.get((word, is_first))
        if found is None:
            if len(self._ids) >= _MAX_CACHED:
                self._ids.clear()
            text = word if is_first else f" {word}"
            found = self._tokenizer.encode(text, add_special_tokens=False).ids[: self._room]
            self._ids[word, is_first] = found
        return found


def special_ids(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the ids of the special tokens before and after a sentence.

    Args:
        tokenizer: A tokenizer of the library `tokenizers`.
    """
    encoding = tokenizer.encode("a", add_special_tokens=True)
    is_special = [bool(flag) for flag in encoding.special_tokens_mask]
    if all(is_special):
        return encoding.ids[:1], encoding.ids[1:]
    first = is_special.index(False)
    last = len(is_special) - is_special[::-1].index(False)
    return encoding.ids[:first], encoding.ids[last:]
