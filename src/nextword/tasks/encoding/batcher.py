"""From sentences to batches: a table of all words seen, and the collation of sentences."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Int32, Int64

from nextword.tasks.encoding.batch import DistinctWords, TokenBatch
from nextword.tasks.encoding.features import FeatureText, FeatureTokens
from nextword.tasks.encoding.vocabulary import MAX_CHARACTER_IDS, TokenVocabulary

#: The words of one sentence as rows of the `WordTable`.
SentenceRows = Int32[np.ndarray, " _"]
_FIRST_CAPACITY = 1024


class WordTable:
    """All words seen so far, with their ids and characters; rows are numbered from 0.

    Args:
        vocabulary: Ids of words and characters.

    Attributes:
        words: The word of each row.
        version: Incremented when the table is cleared.
    """

    def __init__(self, vocabulary: TokenVocabulary) -> None:
        self._vocabulary = vocabulary
        self.version = 0
        self.clear()

    def __len__(self) -> int:
        return len(self.words)

    def clear(self) -> None:
        """Remove all words; their rows become invalid."""
        self.words: list[str] = []
        self.version += 1
        self._rows: dict[str, int] = {}
        self._word_ids = np.zeros(_FIRST_CAPACITY, dtype=np.int64)
        self._character_ids = np.zeros((_FIRST_CAPACITY, MAX_CHARACTER_IDS), dtype=np.int64)
        self._character_lengths = np.zeros(_FIRST_CAPACITY, dtype=np.int64)

    def rows(self, words: Sequence[str]) -> SentenceRows:
        """Return the row of each word; new words are added."""
        known = self._rows
        rows = [known[word] if word in known else self._add(word) for word in words]
        return np.array(rows, dtype=np.int32)

    def distinct(self, rows: Int64[np.ndarray, " words"]) -> DistinctWords:
        """Return the words of some rows as tensors."""
        lengths = self._character_lengths[rows]
        width = int(lengths.max(initial=1))
        return DistinctWords(
            rows=torch.from_numpy(rows),
            word_ids=torch.from_numpy(self._word_ids[rows]),
            character_ids=torch.from_numpy(self._character_ids[rows, :width]),
            character_lengths=torch.from_numpy(lengths),
        )

    def _add(self, word: str) -> int:
        row = len(self.words)
        if row == len(self._word_ids):
            self._grow()
        character_ids = self._vocabulary.character_ids(word)
        self._word_ids[row] = self._vocabulary.word_id(word)
        self._character_ids[row, : len(character_ids)] = character_ids
        self._character_lengths[row] = len(character_ids)
        self.words.append(word)
        self._rows[word] = row
        return row

    def _grow(self) -> None:
        def doubled(array: np.ndarray) -> np.ndarray:
            return np.concatenate([array, np.zeros_like(array)])

        self._word_ids = doubled(self._word_ids)
        self._character_ids = doubled(self._character_ids)
        self._character_lengths = doubled(self._character_lengths)


class Batcher:
    """Turns sentences into batches.

    Args:
        vocabulary: Ids of words and characters.
        model_texts: For each trained model, how it reads words.

    Attributes:
        table: All words seen so far.
    """

    def __init__(
        self, vocabulary: TokenVocabulary, model_texts: Sequence[FeatureText] = ()
    ) -> None:
        self.table = WordTable(vocabulary)
        self._model_texts = tuple(model_texts)

    def rows(self, sentence: Sequence[str]) -> SentenceRows:
        """Return the words of a sentence as rows of the table."""
        return self.table.rows(sentence)

    def collate(self, sentences: Sequence[SentenceRows]) -> TokenBatch:
        """Return a batch of sentences.

        Args:
            sentences: At least one sentence, as returned by `rows`; a sentence may be empty.
        """
        lengths = np.array([len(sentence) for sentence in sentences], dtype=np.int64)
        distinct, inverse = np.unique(np.concatenate(sentences), return_inverse=True)
        places = np.zeros((len(sentences), max(1, int(lengths.max()))), dtype=np.int64)
        places[np.arange(places.shape[1]) < lengths[:, None]] = inverse
        if len(distinct) == 0:
            distinct = self.table.rows([""])
        return TokenBatch(
            words=self.table.distinct(distinct.astype(np.int64)),
            places=torch.from_numpy(places),
            lengths=torch.from_numpy(lengths),
            model_tokens=tuple(self._read(text, sentences) for text in self._model_texts),
        )

    def batch(self, sentences: Sequence[Sequence[str]]) -> TokenBatch:
        """Return a batch of sentences given as words."""
        return self.collate([self.rows(sentence) for sentence in sentences])

    def _read(self, text: FeatureText, sentences: Sequence[SentenceRows]) -> FeatureTokens:
        words = self.table.words
        tokens: FeatureTokens = text.tokens([[words[row] for row in each] for each in sentences])
        return tokens
